//! Tasks of other executors than tokio's, each of which waits for the same thing.

mod by_hand;

use std::future::poll_fn;
use std::sync::Mutex;
use std::task::{Poll, Waker};

use async_executor::Executor;
use futures_executor::LocalPool;
use futures_util::task::LocalSpawnExt;

/// Those who wait: nobody wakes them.
static WAITING: Mutex<Vec<Waker>> = Mutex::new(Vec::new());

async fn parked() {
    poll_fn(|context| {
        WAITING.lock().unwrap().push(context.waker().clone()); // @registers
        Poll::<()>::Pending
    })
    .await // @parked
}

async fn inner(k: u32) -> u32 {
    parked().await; // @inner
    k
}

async fn outer(name: &'static str, v: Vec<u32>) -> usize {
    inner(v.len() as u32 * 5).await; // @outer
    name.len() + v.len()
}

/// More than executors keep in a task itself.
async fn large(seed: u8) -> u8 {
    let block = [seed; 20_000];
    inner(1).await; // @large
    block[3]
}

async fn ended() -> u32 {
    5
}

#[inline(never)]
fn look(step: u32) {
    ready::stay();
    ready::keep(&step); // @look
}

fn main() {
    let executor = Executor::new();
    let kept = (
        executor.spawn(outer("hello", vec![1, 2])),
        executor.spawn(large(9)),
        executor.spawn(ended()),
    );
    while executor.try_tick() {}
    let queued = executor.spawn(inner(7));

    let mut pool = LocalPool::new();
    let local = async { drop(outer("local", vec![3]).await) }; // @local
    pool.spawner().spawn_local(local).unwrap();
    pool.run_until_stalled();

    let tasks = by_hand::run();
    look(1);
    let woken = std::mem::take(&mut *WAITING.lock().unwrap());
    woken.iter().for_each(Waker::wake_by_ref);
    ready::keep(&(kept, queued, pool, tasks));
}
