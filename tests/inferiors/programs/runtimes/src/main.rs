//! Runtimes of every flavour, each with something that waits, and threads of each kind.

mod settling;

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;
use tokio::time::sleep;

use settling::{arrive, settle};

const LONG: Duration = Duration::from_secs(1000);

async fn waits(n: u32) -> u32 {
    let twice = n * 2;
    arrive();
    sleep(LONG).await; // @waits
    twice
}

#[inline(never)]
fn look(step: u32) {
    ready::stay();
    ready::keep(&step); // @look
}

/// Runs when all else waits.
async fn looks(step: u32) {
    settle();
    look(step); // @looks
}

async fn single_root(seed: u32) -> u32 {
    let name = String::from("single");
    let child = tokio::spawn(waits(seed));
    child.await.unwrap() + name.len() as u32 // @single
}

async fn local_root(seed: u32) -> u32 {
    let child = tokio::task::spawn_local(waits(seed));
    waits(seed + 1).await + child.await.unwrap() // @local
}

async fn main_root(runs: u32) {
    for n in 1..=3 {
        tokio::spawn(waits(n));
    }
    tokio::task::spawn_blocking(blocks);
    let looking = tokio::spawn(looks(runs));
    looking.await.unwrap(); // @main_root
}

fn blocks() {
    let (sender, receiver) = mpsc::channel::<u32>();
    arrive();
    receiver.recv().ok(); // @blocks
    drop(sender);
}

fn on_one_thread() -> Runtime {
    Builder::new_current_thread().enable_time().build().unwrap()
}

fn single() {
    on_one_thread().block_on(single_root(10));
}

fn local() {
    let tasks = LocalSet::new();
    tasks.block_on(&on_one_thread(), local_root(20));
}

fn many(name: &str, workers: usize) -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(workers)
        .thread_name(name)
        .enable_time()
        .build()
        .unwrap()
}

fn main() {
    let _idle = many("idle", 1);
    thread::Builder::new()
        .name("single".into())
        .spawn(single)
        .unwrap();
    thread::Builder::new()
        .name("local".into())
        .spawn(local)
        .unwrap();
    many("many", 3).block_on(main_root(7)); // @main
}
