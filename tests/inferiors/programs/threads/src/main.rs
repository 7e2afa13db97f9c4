//! `threads THREADS ROUNDS [hold]`: named threads meet at a barrier, then each calls `hot`
//! ROUNDS times.  The program keeps its own count, to compare a debugger's with.
//!
//! With `hold`, every worker says so and waits for standard input to end before it starts.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

static CALLS: AtomicU64 = AtomicU64::new(0);

#[inline(never)]
fn hot(worker: u64, round: u64, accumulator: &mut u64) {
    *accumulator = accumulator.wrapping_add(worker ^ round); // @hot
    CALLS.fetch_add(1, Ordering::Relaxed); // @hot_count
}

fn work(worker: u64, rounds: u64, barrier: &Barrier) -> u64 {
    barrier.wait(); // @barrier
    let mut accumulator = worker;
    for round in 0..rounds {
        hot(worker, round, &mut accumulator); // @call
    }
    accumulator // @worker_end
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default| {
        arguments
            .next()
            .map_or(default, |text| text.parse().expect("a number"))
    };
    let count = number(4);
    let rounds = number(10);
    let hold = std::env::args().any(|argument| argument == "hold");

    let barrier = Arc::new(Barrier::new(count as usize + 1));
    let workers: Vec<_> = (0..count)
        .map(|worker| {
            let barrier = Arc::clone(&barrier);
            thread::Builder::new()
                .name(format!("worker-{worker}"))
                .spawn(move || work(worker, rounds, &barrier)) // @spawn
                .expect("a thread")
        })
        .collect();
    ready::say("ready"); // @ready
    if hold {
        let mut rest = Vec::new();
        std::io::stdin().read_to_end(&mut rest).expect("stdin");
    }
    barrier.wait();
    let mut sum = 0u64;
    for worker in workers {
        sum = sum.wrapping_add(worker.join().expect("no panic")); // @join
    }
    println!("calls {} sum {sum}", CALLS.load(Ordering::Relaxed)); // @end
}
