//! A loop to be stepped through with `next`: five lines, one of them a call.

use std::hint::black_box;

#[inline(never)]
fn ready(round: u64) {
    black_box(round);
}

#[inline(never)]
fn mix(left: u64, right: u64) -> u64 {
    left.wrapping_mul(31).wrapping_add(right)
}

#[inline(never)]
fn stepped(seed: u64) -> u64 {
    let mut value = seed;
    let mut index = 0;
    while index < 1_000_000 {
        let odd = index & 1;
        value ^= odd;
        value = mix(value, index);
        index += 1;
    }
    value
}

fn main() {
    ready(0);
    println!("{}", stepped(black_box(1)));
}
