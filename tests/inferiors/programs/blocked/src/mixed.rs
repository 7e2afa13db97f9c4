//! A task that keeps a lock of threads over an await, for a message of one that wants the lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{mpsc as threads, Arc, Mutex, MutexGuard};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::{own_id, until_blocked};

struct Anywhere<T>(T);

// SAFETY: the guard is made and dropped on one thread, the only worker.
unsafe impl<T> Send for Anywhere<T> {}

fn lock<'a>(mutex: &'a Mutex<u32>) -> Anywhere<MutexGuard<'a, u32>> {
    Anywhere(mutex.lock().unwrap())
}

async fn keeps(mutex: Arc<Mutex<u32>>, mut from: mpsc::Receiver<u32>, begin: threads::Sender<u32>) {
    let guard = lock(&mutex);
    begin.send(own_id()).unwrap();
    from.recv().await; // @keeps
    drop(guard);
}

async fn wants(mutex: Arc<Mutex<u32>>, to: mpsc::Sender<u32>) {
    BEGUN.store(true, Ordering::SeqCst);
    let guard = lock(&mutex); // @wants
    let found = *guard.0;
    drop(guard);
    to.send(found).await.unwrap();
}

/// The task that wants the lock runs, so that its thread will next wait for that.
static BEGUN: AtomicBool = AtomicBool::new(false);

/// Starts both tasks; returns the worker.
#[inline(never)]
fn begin(runtime: &Runtime) -> u32 {
    let mutex = Arc::new(Mutex::new(1));
    let (to, from) = mpsc::channel(1);
    let (begin, began) = threads::channel();
    runtime.spawn(keeps(Arc::clone(&mutex), from, begin));
    let worker = began.recv().unwrap();
    runtime.spawn(wants(mutex, to));
    worker
}

pub fn run(look: fn(u32)) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let worker = begin(&runtime);
    while !BEGUN.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    until_blocked(worker);
    look(1);
}
