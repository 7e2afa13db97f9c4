//! As many tasks as are asked for, which all wait, most of them at the same place; and as many
//! mebibytes of other memory.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::sleep;

const LONG: Duration = Duration::from_secs(10_000);

static WAITING: AtomicU32 = AtomicU32::new(0);

async fn leaf(n: u32) -> u32 {
    WAITING.fetch_add(1, Ordering::Relaxed);
    sleep(LONG).await; // @leaf
    n
}

async fn mid(name: String, n: u32) -> u32 {
    let twice = n * 2;
    leaf(twice).await + name.len() as u32 // @mid
}

fn boxed(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
    if n % 2000 == 1999 {
        Box::pin(leaf(n))
    } else {
        Box::pin(mid(String::new(), n))
    }
}

async fn top(n: u32) -> u32 {
    if n % 1000 == 999 {
        return leaf(n).await; // @rare
    }
    if n % 100 == 99 {
        return boxed(n * 10 + 9).await; // @boxed
    }
    mid(String::from("name"), n).await // @top
}

#[inline(never)]
fn look(count: u32) {
    ready::keep(&count); // @look
}

async fn run(count: u32) {
    for n in 0..count {
        tokio::spawn(top(n));
    }
    while WAITING.load(Ordering::Relaxed) < count {
        tokio::task::yield_now().await;
    }
    ready::say("ready");
    look(count);
    sleep(LONG).await;
}

fn argument(index: usize, otherwise: u32) -> u32 {
    let text = std::env::args().nth(index);
    text.map_or(otherwise, |text| text.parse().unwrap())
}

fn main() {
    let count = argument(1, 10);
    let other = vec![1_u8; (argument(2, 0) as usize) << 20];
    ready::keep(other.as_slice());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(run(count));
    drop(other);
}
