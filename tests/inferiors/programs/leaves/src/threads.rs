//! Tasks that wait for functions on threads of their own, of which there are two.

use std::sync::mpsc;
use std::thread::sleep;

use tokio::task::{spawn_blocking, yield_now};

fn blocks(begun: &mpsc::Sender<()>) -> u32 {
    begun.send(()).unwrap();
    sleep(crate::LONG); // @blocks
    1
}

/// Its function runs on a thread.
async fn joins_running(begun: mpsc::Sender<()>) -> u32 {
    spawn_blocking(move || blocks(&begun)).await.unwrap() // @joins_running
}

/// Its function waits for a thread to be free.
async fn joins_queued(number: u32) -> u32 {
    spawn_blocking(move || number).await.unwrap() // @joins_queued
}

pub async fn spawn_all() {
    let (begin, begun) = mpsc::channel();
    for _ in 0..2 {
        tokio::spawn(joins_running(begin.clone()));
    }
    yield_now().await;
    begun.recv().unwrap();
    begun.recv().unwrap();
    tokio::spawn(joins_queued(1));
    tokio::spawn(joins_queued(2));
}
