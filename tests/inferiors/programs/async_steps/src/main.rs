//! Tasks that run the same async functions at the same time, to be stepped through one by one.

mod endings;
mod entering;
#[rustfmt::skip] // What it tells has to be on one line.
mod telling;

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ready::keep;
use tokio::task::yield_now;
use tokio::time::sleep;

const TASKS: usize = 4;

/// How often each task has come by a `mark`.
static MARKS: [AtomicU32; TASKS + 1] = [const { AtomicU32::new(0) }; TASKS + 1];

thread_local! {
    /// The task that has last come by a `mark` on this thread.
    static HERE: Cell<u32> = const { Cell::new(0) };
}

#[inline(never)]
fn mark(id: u32, place: u32) {
    MARKS[id as usize / 100].fetch_add(1, Ordering::Relaxed); // @marks
    HERE.with(|here| {
        here.set(id);
        keep(here);
    });
    keep(&place);
}

async fn child(id: u32, wait: u64) -> u32 {
    let tenfold = id * 10; // @child_first
    sleep(Duration::from_millis(wait)).await; // @child_sleep
    keep(&tenfold); // @child_resumed
    tenfold
}

/// What it returns is too large for registers: its coroutine is not the first argument of poll.
async fn text(id: u32) -> String {
    yield_now().await; // @text_yield
    id.to_string() // @text_last
}

async fn at_once(id: u32) -> u32 {
    id + 1 // @at_once
}

async fn parent(id: u32) -> u32 {
    let mut sum = 0;
    for _ in 0..ROUNDS {
        mark(id, 1); // @round
        let a = child(id, 1).await; // @first_await
        mark(id, 2); // @after_first
        let b = child(id + 1, 2).await; // @second_await
        yield_now().await; // @yield
        mark(id, 3); // @after_yield
        let name = text(id).await; // @text_await
        sum += at_once(id).await; // @ready_await
        sum += a + b + name.len() as u32; // @end_of_round
    }
    sum // @parent_last
}

const ROUNDS: u32 = 300;

/// Tasks of the same functions, on three threads.
fn many() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        ready::stay();
        let tasks: Vec<_> = (1..=TASKS as u32)
            .map(|n| tokio::spawn(parent(n * 100)))
            .collect();
        for task in tasks {
            println!("{}", task.await.unwrap());
        }
    });
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("endings") => endings::all(),
        Some("forever") => endings::forever(),
        Some("entering") => entering::all(),
        Some("telling") => telling::all(),
        _ => many(),
    }
}
