//! Writes and reads of locals, fields, heap memory and statics, from one and from many threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

static SHARED: AtomicU64 = AtomicU64::new(0);
static mut PLAIN: u32 = 100;

#[derive(Debug, Default)]
struct Account {
    balance: i64,
    changes: u8,
    wide: [u64; 3],
}

impl Account {
    fn add(&mut self, amount: i64) {
        self.balance += amount; // @add
        self.changes += 1; // @count
    }
}

fn local() -> i32 {
    let mut value = 1; // @local_start
    value += 10; // @local_first
    ready::keep(&value);
    value = 11; // @local_same
    ready::keep(&value);
    value *= 2; // @local_second
    ready::keep(&value);
    value // @local_end
}

fn fields() -> Account {
    let mut account = Account::default();
    ready::keep(&account); // @fields_start
    account.add(5);
    account.add(-2);
    account.wide[1] = 9; // @wide
    account // @fields_end
}

fn heap() -> Box<u64> {
    let mut boxed = Box::new(1u64);
    ready::keep(&*boxed); // @heap_start
    *boxed += 1; // @heap_write
    boxed // @heap_end
}

fn statics() -> u32 {
    ready::keep(&0u8); // @statics_start
                       // SAFETY: no other thread touches it.
    unsafe {
        PLAIN += 1; // @static_write
        PLAIN // @static_read
    }
}

/// Every short-lived thread writes once.
fn threads(count: u64) -> u64 {
    for number in 1..=count {
        // @threads_start
        thread::spawn(move || SHARED.store(number, Ordering::Relaxed)) // @thread_write
            .join()
            .expect("no panic");
    }
    SHARED.load(Ordering::Relaxed) // @threads_end
}

/// Most changes are of no interest to a condition.
fn counted(rounds: u64) -> u64 {
    let (mut counter, mut flag) = (0u64, 1u8);
    ready::keep(&(&counter, &flag)); // @counted_start
    for _ in 0..rounds {
        advance(&mut counter, 3);
        flag = 2;
        ready::keep(&flag);
        flag = 1; // @flag_back
        ready::keep(&flag);
    }
    counter + u64::from(flag) // @counted_end
}

fn advance(counter: &mut u64, rounds: u64) {
    *counter += rounds; // @advance
}

fn main() {
    let rounds = std::env::args()
        .nth(2)
        .map_or(20, |text| text.parse().expect("a number"));
    let count = std::env::args()
        .nth(1)
        .map_or(4, |text| text.parse().expect("a number"));
    ready::say("ready");
    let value = local(); // @main_local
    let account = fields(); // @main_fields
    let boxed = heap(); // @main_heap
    let plain = statics(); // @main_statics
    let last = threads(count); // @main_threads
    let counted = counted(rounds);
    println!("{value} {account:?} {boxed} {plain} {last} {counted}"); // @end
}
