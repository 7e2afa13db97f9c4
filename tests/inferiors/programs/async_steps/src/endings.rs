//! Async functions that end otherwise than by returning to who awaits them.

use std::time::Duration;

use ready::keep;
use tokio::task::yield_now;
use tokio::time::sleep;

struct Loud(u32);

impl Drop for Loud {
    fn drop(&mut self) {
        keep(&self.0); // @dropped
    }
}

async fn waits_long(id: u32) -> u32 {
    let loud = Loud(id);
    sleep(Duration::from_secs(1000)).await; // @waits_long
    loud.0
}

/// Drops the one that waits longer.
async fn races(id: u32) -> u32 {
    tokio::select! { // @select
        found = waits_long(id) => found,
        () = sleep(Duration::from_millis(2)) => 5,
    } // @select_end
}

async fn aborted(id: u32) -> u32 {
    let loud = Loud(id);
    sleep(Duration::from_secs(1000)).await; // @aborted
    loud.0
}

async fn panics(id: u32) -> u32 {
    yield_now().await; // @panics_await
    assert!(id > 5, "too small"); // @panics
    id
}

async fn root(id: u32) -> u32 {
    yield_now().await; // @root_await
    id + 1 // @root_last
}

/// Waits until it is killed.
pub fn forever() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async { tokio::spawn(aborted(5)).await.unwrap() });
}

pub fn all() {
    std::panic::set_hook(Box::new(|_| ()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        ready::stay();
        keep(&tokio::spawn(races(1)).await.unwrap());
        let task = tokio::spawn(aborted(2));
        yield_now().await;
        task.abort(); // @abort
        keep(&task.await.is_err());
        keep(&tokio::spawn(panics(3)).await.is_err());
        keep(&tokio::spawn(root(4)).await.unwrap()); // @spawn_root
    });
    println!("done");
}
