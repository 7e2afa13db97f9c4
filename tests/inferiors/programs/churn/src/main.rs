//! `churn SPAWNERS`: threads that make threads of one call each, until standard input ends;
//! then it says how many were born, how many have ended, and how many calls there were.

use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

static OVER: AtomicBool = AtomicBool::new(false);
static BIRTHS: AtomicU64 = AtomicU64::new(0);
static CALLS: AtomicU64 = AtomicU64::new(0);

#[inline(never)]
fn live(number: u64) -> u64 {
    CALLS.fetch_add(1, Ordering::Relaxed); // @live
    number + 1
}

/// Makes one thread after the other; returns how many have ended as they should.
fn spawn_on() -> u64 {
    let mut ends = 0;
    while !OVER.load(Ordering::Relaxed) {
        let number = BIRTHS.fetch_add(1, Ordering::Relaxed);
        let born = thread::Builder::new().stack_size(16 << 10);
        let born = born.spawn(move || live(number)).expect("a thread");
        ends += u64::from(born.join().is_ok_and(|answer| answer == number + 1));
    }
    ends
}

fn main() {
    let spawners: usize = std::env::args()
        .nth(1)
        .map_or(2, |text| text.parse().expect("a number"));
    let spawners: Vec<_> = (0..spawners).map(|_| thread::spawn(spawn_on)).collect();
    ready::say("ready");
    std::io::stdin()
        .read_to_end(&mut Vec::new())
        .expect("input");
    OVER.store(true, Ordering::Relaxed);
    let ends: u64 = spawners
        .into_iter()
        .map(|each| each.join().expect("no panic"))
        .sum();
    let [births, calls] = [&BIRTHS, &CALLS].map(|each| each.load(Ordering::Relaxed));
    println!("births {births} ends {ends} calls {calls}");
}
