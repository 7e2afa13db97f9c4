//! A TCP server that takes its time to answer, and three clients that wait for it.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, sleep};

const DELAY: Duration = Duration::from_secs(20);
const CLIENTS: [&str; 3] = ["hello", "how are you?", "bye"];

static WAITING: AtomicUsize = AtomicUsize::new(0);

struct Request {
    from: SocketAddr,
    text: String,
}

async fn receive(stream: &mut TcpStream, from: SocketAddr) -> io::Result<Request> {
    let mut buffer = [0; 64];
    let size = stream.read(&mut buffer).await?; // @read
    let text = String::from_utf8_lossy(&buffer[..size]).into_owned();
    Ok(Request { from, text })
}

async fn think(request: &Request) -> String {
    let answer = request.text.to_uppercase();
    WAITING.fetch_add(1, Ordering::Relaxed);
    sleep(DELAY).await; // @think
    answer
}

async fn handle(mut stream: TcpStream, from: SocketAddr) -> io::Result<()> {
    let request = receive(&mut stream, from).await?;
    let answer = think(&request).await; // @handle
    stream.write_all(answer.as_bytes()).await
}

async fn serve(listener: TcpListener) -> io::Result<()> {
    loop {
        let (stream, from) = listener.accept().await?; // @accept
        tokio::spawn(handle(stream, from));
    }
}

/// Called once every client waits for its answer.
#[inline(never)]
fn all_wait(count: usize) {
    ready::say("waiting");
    ready::keep(&count); // @all_wait
}

async fn watch() {
    let mut ticks = interval(Duration::from_millis(1));
    while WAITING.load(Ordering::Relaxed) < CLIENTS.len() {
        ticks.tick().await;
    }
    all_wait(CLIENTS.len()); // @watch
}

/// Asks all questions, one connection for each, and then waits for the answers.
fn ask(server: SocketAddr) -> io::Result<String> {
    let mut streams = Vec::new();
    for text in CLIENTS {
        let mut stream = std::net::TcpStream::connect(server)?;
        stream.write_all(text.as_bytes())?;
        streams.push(stream);
    }
    let mut answers = String::new();
    for mut stream in streams {
        stream.read_to_string(&mut answers)?;
    }
    Ok(answers)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    thread::spawn(move || ask(address));
    tokio::spawn(watch());
    serve(listener).await // @main
}
