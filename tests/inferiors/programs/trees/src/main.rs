//! Tasks that wait for several futures at once, or for one through others, all on one thread.

mod combinators;
mod macros;
mod names;
mod objects;
mod twins;

use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::sleep;

const LONG: Duration = Duration::from_secs(1000);

/// What everything here waits for in the end.
async fn leaf(label: &'static str) -> usize {
    let length = label.len();
    sleep(LONG).await; // @leaf
    length
}

#[inline(never)]
fn look(step: u32) {
    ready::stay();
    ready::keep(&step); // @look
}

async fn run() {
    macros::spawn_all();
    combinators::spawn_all();
    objects::spawn_all();
    names::spawn_all();
    twins::spawn_all();
    for _ in 0..4 {
        yield_now().await;
    }
    ready::say("ready");
    look(1);
    if std::env::args().len() > 1 {
        sleep(LONG).await;
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(run()); // @block_on
}
