//! Tasks that wait for locks of tokio.

use std::sync::Arc;

use tokio::sync::{Barrier, Mutex, OnceCell, RwLock, Semaphore};
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::LONG;

async fn holds(mutex: Arc<Mutex<u32>>) -> u32 {
    let guard = mutex.lock().await;
    sleep(LONG).await; // @holds
    *guard
}

async fn waits(mutex: Arc<Mutex<u32>>) -> u32 {
    *mutex.lock().await // @waits
}

/// The guard is a temporary of the whole `match`.
async fn matches(mutex: Arc<Mutex<u32>>) -> u32 {
    match *mutex.lock().await {
        0 => 0,
        found => {
            sleep(LONG).await; // @matches
            found
        }
    }
}

async fn writes(lock: Arc<RwLock<u32>>) {
    let mut w = lock.write().await;
    sleep(LONG).await; // @writes
    *w += 1;
}

async fn reads(lock: Arc<RwLock<u32>>) -> u32 {
    *lock.read().await // @reads
}

async fn keeps_one(semaphore: Arc<Semaphore>) {
    let permit = semaphore.acquire().await;
    sleep(LONG).await; // @keeps_one
    drop(permit);
}

async fn wants_three(semaphore: Arc<Semaphore>) {
    let _permits = semaphore.acquire_many(3).await; // @wants_three
}

async fn computes(cell: Arc<OnceCell<u32>>) -> u32 {
    let compute = async {
        sleep(LONG).await; // @computes
        7
    };
    *cell.get_or_init(|| compute).await
}

async fn wants_computed(cell: Arc<OnceCell<u32>>) -> u32 {
    *cell.get_or_init(|| async { 8 }).await // @wants_computed
}

async fn meets(barrier: Arc<Barrier>) -> bool {
    barrier.wait().await.is_leader() // @meets
}

/// Of three branches one is disabled.
async fn selects(mutex: Arc<Mutex<u32>>, is_wanted: bool) -> u32 {
    tokio::select! { // @selects
        found = waits(mutex) => found,
        () = sleep(LONG) => 0,
        () = std::future::pending(), if is_wanted => 1,
    }
}

pub fn spawn_all() {
    let mutex = Arc::new(Mutex::new(1));
    tokio::spawn(holds(Arc::clone(&mutex)));
    tokio::spawn(waits(Arc::clone(&mutex)));
    tokio::spawn(waits(mutex));
    let other = Arc::new(Mutex::new(7));
    tokio::spawn(matches(Arc::clone(&other)));
    tokio::spawn(waits(other));
    let lock = Arc::new(RwLock::new(1));
    tokio::spawn(writes(Arc::clone(&lock)));
    tokio::spawn(reads(Arc::clone(&lock)));
    tokio::spawn(writes(lock));
    let cell = Arc::new(OnceCell::new());
    tokio::spawn(computes(Arc::clone(&cell)));
    tokio::spawn(wants_computed(cell));
    tokio::spawn(meets(Arc::new(Barrier::new(2))));
    let mutex = Arc::new(Mutex::new(5));
    tokio::spawn(holds(Arc::clone(&mutex)));
    tokio::spawn(selects(mutex, false));
    let semaphore = Arc::new(Semaphore::new(2));
    tokio::spawn(keeps_one(Arc::clone(&semaphore)));
    tokio::spawn(wants_three(semaphore));
}

/// Locks its first mutex, lets others run, and locks its second.
async fn dead(name: &str, mine: Arc<Mutex<u32>>, other: Arc<Mutex<u32>>) -> usize {
    let a = mine.lock().await;
    yield_now().await;
    let b = other.lock().await; // @dead
    name.len() + *a as usize + *b as usize
}

/// Locks what it has locked.
async fn itself(mutex: Arc<Mutex<u32>>) -> u32 {
    let first = mutex.lock().await;
    let second = mutex.lock().await; // @itself
    *first + *second
}

pub fn spawn_crossed() {
    let (one, two) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(2)));
    tokio::spawn(dead("d1", Arc::clone(&one), Arc::clone(&two)));
    tokio::spawn(dead("d2", two, Arc::clone(&one)));
    tokio::spawn(waits(one));
    tokio::spawn(itself(Arc::new(Mutex::new(3))));
    let free = Arc::new(Mutex::new(4));
    tokio::spawn(holds(Arc::clone(&free)));
    tokio::spawn(waits(free));
}

async fn releases_soon(mutex: Arc<Mutex<u32>>) -> u32 {
    let guard = mutex.lock().await;
    for _ in 0..4 {
        yield_now().await;
    }
    *guard
}

async fn locks_and_works(mutex: Arc<Mutex<u32>>) -> u32 {
    let guard = mutex.lock().await; // @locks_and_works
    yield_now().await;
    *guard
}

/// Stands in the queue twice: with a future that it keeps and no longer polls, and behind that.
async fn futurelock(mutex: Arc<Mutex<u32>>) -> u32 {
    let mut kept = Box::pin(locks_and_works(Arc::clone(&mutex)));
    tokio::select! {
        biased;
        found = &mut kept => return found,
        () = yield_now() => (),
    }
    let guard = mutex.lock().await; // @futurelock
    *guard
}

pub fn spawn_futurelock() {
    let mutex = Arc::new(Mutex::new(1));
    tokio::spawn(releases_soon(Arc::clone(&mutex)));
    tokio::spawn(futurelock(mutex));
}
