//! Threads that never sleep, until somebody writes 1 to `STOP`.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

static NAMES: [&str; 3] = ["one", "two", "three"];
static ROUNDS: AtomicU64 = AtomicU64::new(0);
static RARE: AtomicU64 = AtomicU64::new(0);
static STOP: AtomicBool = AtomicBool::new(false);

#[inline(never)]
fn turn(round: u64) -> u64 {
    let next = round.wrapping_mul(6364136223846793005).wrapping_add(1); // @turn
    ROUNDS.fetch_add(1, Ordering::Relaxed);
    next
}

#[inline(never)]
fn work() {
    let mut round = 1;
    while !STOP.load(Ordering::Relaxed) {
        round = turn(round);
    }
    RARE.fetch_add(round & 1, Ordering::Relaxed);
}

fn main() {
    let threads: Vec<_> = (0..2).map(|_| std::thread::spawn(work)).collect();
    ready::say("busy");
    work();
    for thread in threads {
        thread.join().unwrap();
    }
    println!("{} names", std::hint::black_box(&NAMES).len()); // @end
}
