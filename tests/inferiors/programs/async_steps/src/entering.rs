//! Ways to an async function from the line that awaits it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use ready::keep;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use crate::child;

fn boxed(id: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(child(id, 1))
}

async fn enters(id: u32) -> u32 {
    let a = child(id, 1).await; // @plain
    let b = timeout(Duration::from_secs(60), child(id + 1, 1)).await; // @timeout
    let future = boxed(id + 2);
    let c = future.await; // @dyn
    sleep(Duration::from_millis(1)).await; // @sleep
    a + b.unwrap_or(0) + c // @entered
}

/// Called while the task waits for the first time.
#[inline(never)]
fn idle() {
    keep(&0);
}

pub fn all() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let sum = runtime.block_on(async {
        let task = tokio::spawn(enters(7));
        for _ in 0..3 {
            yield_now().await;
        }
        idle();
        task.await.unwrap()
    });
    println!("{sum}");
}
