//! Tasks that wait for the operating system.

use std::io::Read;
use std::os::fd::OwnedFd;

use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::net::{UnixDatagram, UnixListener, UnixStream};
use tokio::process::{Child, ChildStdout, Command};
use tokio::signal::unix::{signal, SignalKind};

// -- signals -------------------------------------------------------------------------------

async fn interrupted() -> bool {
    tokio::signal::ctrl_c().await.is_ok() // @interrupted
}

async fn hung_up() -> Option<()> {
    let mut stream = signal(SignalKind::hangup()).unwrap();
    stream.recv().await // @hung_up
}

pub fn spawn_signals() {
    tokio::spawn(interrupted());
    tokio::spawn(hung_up());
}

// -- processes -----------------------------------------------------------------------------

fn cat() -> Child {
    Command::new("cat")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// Ends with its input, which is open as long as this program lives.
async fn waits(mut child: Child) -> Option<i32> {
    let input = child.stdin.take();
    let status = child.wait().await.ok()?; // @waits
    drop(input);
    status.code()
}

async fn hears(mut child: Child, mut output: ChildStdout) -> usize {
    let mut text = [0; 16];
    let size = output.read(&mut text).await.unwrap_or(0); // @hears
    let _ = child.start_kill();
    size
}

pub fn spawn_processes() {
    tokio::spawn(waits(cat()));
    let mut child = cat();
    let output = child.stdout.take().unwrap();
    tokio::spawn(hears(child, output));
}

// -- sockets in the file system, and pairs -------------------------------------------------

async fn accepts(listener: UnixListener) -> bool {
    listener.accept().await.is_ok() // @accepts
}

async fn reads(mut stream: UnixStream) -> usize {
    let mut buffer = [0; 16];
    stream.read(&mut buffer).await.unwrap_or(0) // @reads
}

async fn writes(mut stream: UnixStream) {
    let block = vec![7; 1 << 20];
    while stream.write_all(&block).await.is_ok() {} // @writes
}

async fn receives(socket: UnixDatagram) -> usize {
    let mut buffer = [0; 16];
    socket.recv(&mut buffer).await.unwrap_or(0) // @receives
}

pub async fn spawn_sockets() {
    let path = std::env::args().nth(2).unwrap();
    let listener = UnixListener::bind(&path).unwrap();
    for number in 0..2 {
        let near = UnixStream::connect(&path).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        std::mem::forget(far.into_std());
        if number == 0 {
            tokio::spawn(reads(near));
        } else {
            tokio::spawn(writes(near));
        }
    }
    tokio::spawn(accepts(listener));
    let (near, far) = UnixDatagram::pair().unwrap();
    std::mem::forget(far.into_std());
    tokio::spawn(receives(near));
}

// -- pipes, and descriptors of one's own ---------------------------------------------------

async fn reads_pipe(mut end: pipe::Receiver) -> usize {
    let mut buffer = [0; 16];
    end.read(&mut buffer).await.unwrap_or(0) // @reads_pipe
}

async fn is_readable(file: AsyncFd<OwnedFd>) -> bool {
    file.readable().await.is_ok() // @is_readable
}

pub fn spawn_pipes() {
    let (sender, receiver) = pipe::pipe().unwrap();
    std::mem::forget(sender);
    tokio::spawn(reads_pipe(receiver));
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    assert!((&near).read(&mut [0]).is_err(), "nothing has come");
    std::mem::forget(far);
    tokio::spawn(is_readable(AsyncFd::new(near.into()).unwrap()));
}
