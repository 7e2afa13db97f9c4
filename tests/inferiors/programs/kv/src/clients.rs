//! Those who use the server, one after the other, on a thread of their own.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::time::interval;

static ALL_ASKED: AtomicBool = AtomicBool::new(false);
static GO_ON: AtomicBool = AtomicBool::new(false);

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(server: SocketAddr) -> io::Result<Client> {
        Ok(Client(BufReader::new(TcpStream::connect(server)?)))
    }

    fn tell(&mut self, command: &str) -> io::Result<()> {
        writeln!(self.0.get_mut(), "{command}")
    }

    fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn ask(&mut self, command: &str) -> io::Result<String> {
        self.tell(command)?;
        self.hear()
    }
}

pub fn run(server: SocketAddr) -> io::Result<String> {
    let mut writer = Client::connect(server)?;
    writer.ask("set visitors 42 600")?;
    writer.ask("set colour green")?;
    let mut readers = [Client::connect(server)?, Client::connect(server)?];
    for reader in &mut readers {
        reader.ask("subscribe news")?;
    }
    let mut late = Client::connect(server)?;
    late.tell("get visitors")?; // there is no place for it yet
    ALL_ASKED.store(true, Ordering::Relaxed);
    while !GO_ON.load(Ordering::Relaxed) {
        thread::yield_now();
    }
    let mut heard = writer.ask("publish news rain")?;
    for reader in &mut readers {
        heard += &format!(", {}", reader.hear()?);
    }
    drop(readers);
    heard += &format!(", {}", late.hear()?);
    writer.tell("shutdown")?;
    Ok(heard)
}

/// Called once the server has heard everybody.
#[inline(never)]
fn all_wait() {
    ready::stay();
    GO_ON.store(true, Ordering::Relaxed); // @all_wait
}

/// Sees that everybody has asked, and lets the server come to rest.
pub async fn watch() {
    let mut ticks = interval(Duration::from_millis(1));
    for _ in 0..3 {
        while !ALL_ASKED.load(Ordering::Relaxed) {
            ticks.tick().await;
        }
        ticks.tick().await;
    }
    all_wait();
}
