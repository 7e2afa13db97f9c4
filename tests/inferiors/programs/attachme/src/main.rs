//! `attachme [THREADS]`: prints its pid, says ready, works until SIGTERM and then prints what
//! every thread counted, so that a debugger which loses or repeats work is found out.
//!
//! Each worker keeps two counters in step and checks a checksum over its own work.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

static STOP: AtomicBool = AtomicBool::new(false);
static TOTAL: AtomicU64 = AtomicU64::new(0);

extern "C" {
    fn signal(number: i32, handler: usize) -> usize;
}

extern "C" fn on_term(_number: i32) {
    STOP.store(true, Ordering::SeqCst); // @on_term
}

#[inline(never)]
fn tick(count: &mut u64, checksum: &mut u64) {
    *count += 1; // @tick
    *checksum = checksum.rotate_left(1) ^ *count;
    TOTAL.fetch_add(1, Ordering::Relaxed); // @tick_end
}

fn expected_checksum(count: u64) -> u64 {
    (1..=count).fold(0u64, |checksum, number| checksum.rotate_left(1) ^ number)
}

fn work() -> (u64, bool) {
    let mut count = 0;
    let mut checksum = 0;
    while !STOP.load(Ordering::Relaxed) {
        tick(&mut count, &mut checksum); // @loop
        if count % 64 == 0 {
            thread::yield_now();
        }
    }
    (count, checksum == expected_checksum(count)) // @worker_end
}

fn main() {
    let threads: usize = std::env::args()
        .nth(1)
        .map_or(2, |text| text.parse().expect("a number"));
    // SAFETY: the handler only sets a flag.
    unsafe { signal(15, on_term as *const () as usize) };
    let workers: Vec<_> = (0..threads)
        .map(|number| {
            thread::Builder::new()
                .name(format!("ticker-{number}"))
                .spawn(work)
                .expect("a thread")
        })
        .collect();
    println!("pid {}", std::process::id());
    ready::say("ready"); // @ready
    let mut sum = 0;
    let mut intact = true;
    for worker in workers {
        let (count, good) = worker.join().expect("no panic"); // @join
        sum += count;
        intact &= good;
    }
    println!(
        "count {sum} total {} intact {intact}",
        TOTAL.load(Ordering::Relaxed)
    ); // @end
}
