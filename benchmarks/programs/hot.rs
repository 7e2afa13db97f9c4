//! Endless rounds of `ready` and then `CALLS` calls of `hot`; a debugger that stops at
//! `ready` measures whole rounds without the start of the program.

use std::hint::black_box;

const CALLS: u64 = 2000;

#[inline(never)]
fn ready(round: u64) {
    black_box(round);
}

#[inline(never)]
fn hot(index: u64, accumulator: &mut u64) {
    *accumulator = accumulator.wrapping_add(index);
}

fn main() {
    let rounds = std::env::args()
        .nth(1)
        .map_or(u64::MAX, |text| text.parse().expect("a number"));
    let mut accumulator = 0;
    for round in 0..rounds {
        ready(round);
        for index in 0..CALLS {
            hot(index, &mut accumulator);
        }
    }
    println!("{accumulator}");
}
