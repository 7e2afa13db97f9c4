//! Tasks that wait for something else than time.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::leaf;

async fn holds(mutex: Arc<Mutex<u32>>) -> u32 {
    let guard = mutex.lock().await;
    leaf(8).await; // @holds
    *guard
}

async fn waits(mutex: Arc<Mutex<u32>>) -> u32 {
    *mutex.lock().await // @waits
}

async fn selects(ready: bool) -> u32 {
    tokio::select! { // @selects
        found = leaf(1) => found,
        () = std::future::pending(), if ready => 0,
        other = leaf(2) => other + 1,
    }
}

async fn joins() -> (u32, u32) {
    tokio::join!(leaf(3), async { 4 }) // @joins
}

pub fn spawn_all() {
    let mutex = Arc::new(Mutex::new(1));
    tokio::spawn(holds(Arc::clone(&mutex)));
    tokio::spawn(waits(Arc::clone(&mutex)));
    tokio::spawn(waits(mutex));
    tokio::spawn(selects(false));
    tokio::spawn(joins());
}
