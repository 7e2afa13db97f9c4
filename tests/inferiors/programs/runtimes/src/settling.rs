//! Waiting until all others wait, as the kernel sees it.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// Futures and threads that come to wait: three tasks, a blocking one, and those of the roots.
const EXPECTED: u32 = 7;

static ARRIVED: AtomicU32 = AtomicU32::new(0);

/// The caller is about to wait.
pub fn arrive() {
    ARRIVED.fetch_add(1, Ordering::SeqCst);
}

/// Returns once everything has arrived and all other threads sleep.
pub fn settle() {
    while ARRIVED.load(Ordering::SeqCst) < EXPECTED || awake() > 1 {
        thread::yield_now();
    }
}

/// How many threads do not sleep: the third field of `stat`, after the name in parentheses.
fn awake() -> usize {
    let threads = fs::read_dir("/proc/self/task").unwrap();
    let stats = threads.filter_map(|each| fs::read_to_string(each.ok()?.path().join("stat")).ok());
    stats
        .filter(|stat| !stat[stat.rfind(')').unwrap()..].starts_with(") S"))
        .count()
}
