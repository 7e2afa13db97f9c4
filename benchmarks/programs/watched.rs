//! Endless rounds of `ready` and then `CHANGES` changes of `COUNTER`.

use std::hint::black_box;

const CHANGES: u64 = 15_000;

static mut COUNTER: u64 = 0;

#[inline(never)]
fn ready(round: u64) {
    black_box(round);
}

fn main() {
    for round in 0..u64::MAX {
        ready(round);
        for number in 0..CHANGES {
            unsafe { (&raw mut COUNTER).write_volatile(number) };
        }
    }
}
