use monoio::io::AsyncReadRent;
use monoio::net::{TcpListener, TcpStream};
use monoio::task::JoinHandle;
use monoio::time::sleep;
use monoio::{LegacyDriver, RuntimeBuilder};

use crate::{looks, LONG};

async fn inner(k: u32) -> u32 {
    sleep(LONG).await; // @inner
    k
}

async fn outer(name: &str, v: Vec<u32>) -> usize {
    inner(v.len() as u32 * 5).await; // @outer
    name.len() + v.len()
}

async fn joins(handle: JoinHandle<usize>) -> usize {
    handle.await // @joins
}

async fn accepts(listener: TcpListener) -> bool {
    listener.accept().await.is_ok() // @accepts
}

async fn reads_stream(mut stream: TcpStream) -> usize {
    let (read, _) = stream.read(vec![0; 16]).await; // @reads_stream
    read.unwrap_or(0)
}

pub fn run() {
    let mut runtime = RuntimeBuilder::<LegacyDriver>::new()
        .enable_timer()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let near = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().await.unwrap();
        monoio::spawn(outer("hello", vec![1, 2]));
        monoio::spawn(joins(monoio::spawn(outer("joined", vec![]))));
        monoio::spawn(accepts(listener));
        monoio::spawn(reads_stream(far));
        monoio::spawn(looks(1)).await; // @block_on
        drop(near);
    });
}
