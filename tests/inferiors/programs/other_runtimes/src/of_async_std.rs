use std::sync::Arc;

use async_std::channel::{Receiver, Sender};
use async_std::io::ReadExt;
use async_std::net::{TcpListener, TcpStream};
use async_std::sync::Mutex;
use async_std::task::{self, JoinHandle};

use crate::{looks, LONG};

async fn inner(k: u32) -> u32 {
    task::sleep(LONG).await; // @inner
    k
}

async fn outer(name: &str, v: Vec<u32>) -> usize {
    inner(v.len() as u32 * 5).await; // @outer
    name.len() + v.len()
}

async fn holds(mutex: Arc<Mutex<u32>>) -> u32 {
    let guard = mutex.lock().await;
    inner(1).await; // @holds
    *guard
}

async fn waits(mutex: Arc<Mutex<u32>>) -> u32 {
    *mutex.lock().await // @waits
}

async fn receives(from: Receiver<u32>) -> Option<u32> {
    from.recv().await.ok() // @receives
}

async fn keeps_sender(to: Sender<u32>) {
    inner(4).await; // @keeps_sender
    drop(to);
}

async fn joins(handle: JoinHandle<usize>) -> usize {
    handle.await // @joins
}

async fn accepts(listener: TcpListener) -> bool {
    listener.accept().await.is_ok() // @accepts
}

async fn reads_stream(mut stream: TcpStream) -> usize {
    let mut buffer = [0; 16];
    stream.read(&mut buffer).await.unwrap_or(0) // @reads_stream
}

pub fn run() {
    std::env::set_var("ASYNC_STD_THREAD_COUNT", "1");
    task::block_on(async {
        let mutex = Arc::new(Mutex::new(1));
        let (to, from) = async_std::channel::bounded(1);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let near = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (far, _) = listener.accept().await.unwrap();
        task::spawn(outer("hello", vec![1, 2]));
        task::spawn(holds(Arc::clone(&mutex)));
        task::spawn(waits(mutex));
        task::spawn(receives(from));
        task::spawn(keeps_sender(to));
        task::spawn(joins(task::spawn(outer("joined", vec![]))));
        task::spawn(accepts(listener));
        task::spawn(reads_stream(far));
        task::spawn(looks(1)).await; // @block_on
        drop(near);
    });
}
