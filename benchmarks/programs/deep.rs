//! Recursion of 10,000 frames.

use std::hint::black_box;

#[inline(never)]
fn bottom(total: u64) -> u64 {
    black_box(total)
}

#[inline(never)]
fn recurse(depth: u32, total: u64) -> u64 {
    if depth == 0 {
        return bottom(total);
    }
    recurse(depth - 1, total + 1) + 1
}

fn main() {
    println!("{}", recurse(black_box(10_000), 0));
}
