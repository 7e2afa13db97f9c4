//! Time, addresses, files, ranges and other types of std.

use std::alloc::Layout;
use std::any::TypeId;
use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::num::Wrapping;
use std::os::unix::io::OwnedFd;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use ready::keep;

pub fn system() {
    let second_and_half = Duration::from_millis(1500);
    let nothing = Duration::ZERO;
    let instant = Instant::now();
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(86_400);
    let range = 1..5;
    let inclusive = 1..=5;
    let from = 2..;
    let to = ..3;
    let to_inclusive = ..=4;
    let full = ..;
    let wrapping = Wrapping(250u8) + Wrapping(10);
    let v4 = Ipv4Addr::new(127, 0, 0, 1);
    let v6 = Ipv6Addr::LOCALHOST;
    let ip = IpAddr::V4(v4);
    let socket: SocketAddr = "127.0.0.1:8080".parse().expect("an address");
    let socket6: SocketAddr = "[::1]:9090".parse().expect("an address");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let file = File::open("/dev/null").expect("a device");
    let descriptor: OwnedFd = file.try_clone().expect("a descriptor").into();
    let layout = Layout::new::<u64>();
    let type_id = TypeId::of::<String>();
    let thread = std::thread::current();
    let id = thread.id();
    let joined = std::thread::Builder::new()
        .name("joined".into())
        .spawn(|| 5)
        .expect("a thread");
    let mut command = Command::new("program");
    command.arg("argument");
    let arguments: Vec<String> = std::env::args().collect();
    keep(&(second_and_half, &socket, &file, &descriptor, &joined)); // @system
    joined.join().expect("no panic");
}
