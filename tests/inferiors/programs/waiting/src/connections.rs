//! Tasks that wait for sockets.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream, UdpSocket};

async fn accepts(listener: TcpListener) -> Option<SocketAddr> {
    let (_, peer) = listener.accept().await.ok()?; // @accepts
    Some(peer)
}

async fn reads(mut stream: TcpStream) -> usize {
    let mut buffer = [0; 16];
    stream.read(&mut buffer).await.unwrap_or(0) // @reads
}

async fn reads_half(mut half: OwnedReadHalf) -> usize {
    let mut buffer = [0; 16];
    half.read(&mut buffer).await.unwrap_or(0) // @reads_half
}

async fn writes(mut stream: TcpStream) {
    let block = vec![7; 1 << 20];
    while stream.write_all(&block).await.is_ok() {} // @writes
}

async fn hears(socket: UdpSocket) -> usize {
    let mut buffer = [0; 16];
    socket.recv(&mut buffer).await.unwrap_or(0) // @hears
}

async fn is_ready(stream: TcpStream) -> bool {
    stream.readable().await.is_ok() // @is_ready
}

/// The other ends stay open, and silent.
pub async fn spawn_all() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut streams = Vec::new();
    for _ in 0..4 {
        let near = TcpStream::connect(address).await.unwrap();
        let (far, _) = listener.accept().await.unwrap();
        streams.push(near);
        std::mem::forget(far.into_std());
    }
    tokio::spawn(accepts(listener));
    tokio::spawn(reads(streams.pop().unwrap()));
    let (half, other) = streams.pop().unwrap().into_split();
    std::mem::forget(other);
    tokio::spawn(reads_half(half));
    tokio::spawn(writes(streams.pop().unwrap()));
    tokio::spawn(is_ready(streams.pop().unwrap()));
    tokio::spawn(hears(UdpSocket::bind("127.0.0.1:0").await.unwrap()));
}
