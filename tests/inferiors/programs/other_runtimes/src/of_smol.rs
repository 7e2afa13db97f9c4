use std::sync::Arc;

use smol::channel::{Receiver, Sender};
use smol::lock::{Mutex, RwLock, Semaphore};
use smol::net::{TcpListener, TcpStream};
use smol::{Executor, Task, Timer};

use crate::{looks, LONG};

async fn inner(k: u32) -> u32 {
    Timer::after(LONG).await; // @inner
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

async fn writes(lock: Arc<RwLock<u32>>) {
    let mut w = lock.write().await;
    *w += inner(2).await; // @writes
}

async fn reads(lock: Arc<RwLock<u32>>) -> u32 {
    *lock.read().await // @reads
}

async fn keeps(semaphore: Arc<Semaphore>) {
    let permit = semaphore.acquire().await;
    inner(3).await; // @keeps
    drop(permit);
}

async fn acquires(semaphore: Arc<Semaphore>) {
    semaphore.acquire().await; // @acquires
}

async fn receives(from: Receiver<u32>) -> Option<u32> {
    from.recv().await.ok() // @receives
}

async fn keeps_sender(to: Sender<u32>) {
    inner(4).await; // @keeps_sender
    drop(to);
}

async fn sends(to: Sender<u32>) {
    to.send(1).await.ok();
    to.send(2).await.ok(); // @sends
}

async fn keeps_receiver(from: Receiver<u32>) {
    inner(5).await; // @keeps_receiver
    drop(from);
}

async fn joins(task: Task<usize>) -> usize {
    task.await // @joins
}

async fn accepts(listener: TcpListener) -> bool {
    listener.accept().await.is_ok() // @accepts
}

async fn reads_stream(mut stream: TcpStream) -> usize {
    let mut buffer = [0; 16];
    smol::io::AsyncReadExt::read(&mut stream, &mut buffer)
        .await
        .unwrap_or(0) // @reads_stream
}

async fn unblocks() {
    let (begin, began) = std::sync::mpsc::channel();
    let task = smol::unblock(move || {
        begin.send(()).unwrap();
        std::thread::sleep(LONG);
    });
    began.recv().unwrap();
    task.await; // @unblocks
}

pub fn run() {
    let executor = Executor::new();
    let mutex = Arc::new(Mutex::new(1));
    let lock = Arc::new(RwLock::new(1));
    let semaphore = Arc::new(Semaphore::new(1));
    let (to, from) = smol::channel::bounded(1);
    let (to_full, from_full) = smol::channel::bounded(1);
    let listener = smol::block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let near = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (far, _) = smol::block_on(listener.accept()).unwrap();
    executor.spawn(outer("hello", vec![1, 2])).detach();
    executor.spawn(holds(Arc::clone(&mutex))).detach();
    executor.spawn(waits(mutex)).detach();
    executor.spawn(writes(Arc::clone(&lock))).detach();
    executor.spawn(reads(lock)).detach();
    executor.spawn(keeps(Arc::clone(&semaphore))).detach();
    executor.spawn(acquires(semaphore)).detach();
    executor.spawn(receives(from)).detach();
    executor.spawn(keeps_sender(to)).detach();
    executor.spawn(sends(to_full)).detach();
    executor.spawn(keeps_receiver(from_full)).detach();
    executor
        .spawn(joins(executor.spawn(outer("joined", vec![]))))
        .detach();
    executor.spawn(accepts(listener)).detach();
    executor.spawn(reads_stream(far)).detach();
    executor.spawn(unblocks()).detach();
    smol::block_on(executor.run(looks(1))); // @block_on
    drop(near);
}
