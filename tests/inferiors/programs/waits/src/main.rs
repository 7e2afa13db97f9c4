//! A thread in each of six blocking system calls; a line of input lets all but the sleeper go.

use std::ffi::c_int;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

#[repr(C)]
struct PollFd {
    fd: c_int,
    events: i16,
    revents: i16,
}

#[repr(C, packed)]
#[derive(Clone, Copy)]
struct EpollEvent {
    events: u32,
    data: u64,
}

extern "C" {
    fn poll(fds: *mut PollFd, count: u64, timeout: c_int) -> c_int;
    fn epoll_create1(flags: c_int) -> c_int;
    fn epoll_ctl(epoll: c_int, operation: c_int, fd: c_int, event: *mut EpollEvent) -> c_int;
    fn epoll_wait(epoll: c_int, events: *mut EpollEvent, most: c_int, timeout: c_int) -> c_int;
}

/// What the debugger calls meanwhile: a system call of its own, and work on the stack.
#[inline(never)]
fn work(rounds: u32) -> u64 {
    let name = std::fs::read_link("/proc/self/exe").map_or(0, |path| path.as_os_str().len());
    let squares: Vec<u64> = (0..u64::from(rounds)).map(|each| each * each).collect();
    squares.iter().sum::<u64>() + u64::from(name == 0)
}

fn wait_readable(fd: RawFd) -> i32 {
    let mut entry = PollFd {
        fd,
        events: 1,
        revents: 0,
    };
    // SAFETY: one entry, as stated.
    unsafe { poll(&mut entry, 1, -1) }
}

fn wait_epoll(fd: RawFd) -> i32 {
    let mut event = EpollEvent { events: 1, data: 0 };
    // SAFETY: the event lives as long as the calls.
    unsafe {
        let epoll = epoll_create1(0);
        epoll_ctl(epoll, 1, fd, &mut event);
        loop {
            let count = epoll_wait(epoll, &mut event, 1, -1);
            // A debugger's attaching interrupts this call, which is not restarted.
            if count != -1 {
                return count;
            }
        }
    }
}

fn named<T: Send + 'static>(
    name: &str,
    run: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    thread::Builder::new()
        .name(name.into())
        .spawn(run)
        .expect("a thread")
}

fn main() {
    let (mut to_poll, polled) = UnixStream::pair().expect("a pair");
    let (mut to_epoll, epolled) = UnixStream::pair().expect("a pair");
    let path = std::env::temp_dir().join(format!("waits-{}", std::process::id()));
    let listener = UnixListener::bind(&path).expect("a socket");
    let in_poll = named("poll", move || wait_readable(polled.as_raw_fd()));
    let in_epoll = named("epoll_wait", move || wait_epoll(epolled.as_raw_fd()));
    let in_accept = named("accept", move || listener.accept().is_ok());
    let in_futex = named("futex", thread::park);
    named("nanosleep", || thread::sleep(Duration::from_secs(3600)));
    let in_read = named("read", || {
        let mut line = [0];
        std::io::stdin().read(&mut line).expect("input")
    });
    println!("{}", work(3));
    ready::say("ready");

    let read = in_read.join().expect("read");
    in_futex.thread().unpark();
    to_poll.write_all(b"x").expect("polled");
    to_epoll.write_all(b"x").expect("epolled");
    let connected = UnixStream::connect(&path).is_ok();
    in_futex.join().expect("futex");
    let polled = in_poll.join().expect("poll");
    let epolled = in_epoll.join().expect("epoll");
    let accepted = in_accept.join().expect("accept");
    let _ = std::fs::remove_file(&path);
    println!("{read} {polled} {epolled} {accepted} {connected}");
}
