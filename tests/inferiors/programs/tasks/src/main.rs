//! Tasks of tokio in every state, all on one thread, so that each is where it is said to be.

mod waits;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::sleep;

const LONG: Duration = Duration::from_secs(1000);

async fn leaf(n: u32) -> u32 {
    let k = n * 2;
    sleep(LONG).await; // @leaf
    k
}

async fn mid(s: String) -> u32 {
    let t = 7u8;
    leaf(5).await + t as u32 + s.len() as u32 // @mid
}

/// The inner `x` is the one in scope at the await.
async fn shadows(x: u32) -> usize {
    let y = x + 1;
    let x = String::from("s");
    leaf(y).await; // @shadows
    x.len() + y as usize
}

fn boxed(n: u8) -> Pin<Box<dyn Future<Output = u8> + Send>> {
    Box::pin(async move {
        let keep = n + 1;
        leaf(0).await; // @boxed
        keep
    })
}

fn recurse(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    Box::pin(async move {
        if n == 0 {
            return leaf(0).await; // @deepest
        }
        recurse(n - 1).await + n // @recursion
    })
}

/// More than tokio keeps in a task itself.
async fn large(seed: u8) -> u8 {
    let block = [seed; 20_000];
    leaf(1).await; // @large
    block[3]
}

async fn ended() -> u32 {
    5
}

async fn panics(n: u32) -> u32 {
    yield_now().await;
    assert!(n > 5, "too small");
    n
}

#[inline(never)]
fn look(step: u32) {
    ready::stay();
    ready::keep(&step); // @look
}

async fn looks(step: u32) {
    let twice = step * 2;
    look(twice); // @looks
    yield_now().await;
}

async fn spawn_all() {
    let _kept = (
        tokio::spawn(mid("ab".to_string())),
        tokio::spawn(shadows(1)),
        tokio::spawn(boxed(4)),
        tokio::spawn(recurse(3)),
        tokio::spawn(large(9)),
        tokio::spawn(ended()),
        tokio::spawn(panics(1)),
        tokio::spawn(async { leaf(77).await }), // @block
        tokio::spawn(sleep(LONG)),
    );
    waits::spawn_all();
    for _ in 0..4 {
        yield_now().await;
    }
    let looks = tokio::spawn(looks(21));
    let queued = tokio::spawn(leaf(1));
    looks.await.unwrap();
    queued.abort();
}

fn main() {
    std::panic::set_hook(Box::new(|_| ()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(spawn_all()); // @block_on
}
