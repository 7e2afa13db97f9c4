//! Chains of inlined functions with arguments: meant for the release profiles.

use std::hint::black_box;

#[inline(never)]
fn effect(value: u64) -> u64 {
    black_box(value) // @effect
}

#[inline(always)]
fn innermost(left: u64, right: u64) -> u64 {
    let sum = left.wrapping_add(right); // @innermost
    effect(sum) // @innermost_call
}

#[inline(always)]
fn middle(value: u64, factor: u64) -> u64 {
    let scaled = value.wrapping_mul(factor); // @middle
    innermost(scaled, factor) // @middle_call
}

#[inline(always)]
fn outermost(value: u64) -> u64 {
    middle(value, 3) + middle(value, 5) // @outermost
}

/// Three inlined copies of every function above, in one real frame.
#[inline(never)]
fn host(values: &[u64]) -> u64 {
    let mut total = 0;
    for value in values {
        total += outermost(*value); // @host
    }
    total += innermost(1, 2); // @host_direct
    total // @host_end
}

/// Large enough to keep parts in registers, pieces and constants.
#[inline(never)]
fn optimised(text: &str, pair: (u32, u32), flag: bool) -> usize {
    let constant = 42usize;
    let length = text.len();
    let sum = pair.0 as usize + pair.1 as usize;
    if flag {
        return effect((length + sum) as u64) as usize + constant; // @optimised
    }
    length
}

fn main() {
    ready::say("ready");
    let total = host(&black_box([1, 2, 3]));
    let length = optimised(black_box("text"), black_box((1, 2)), black_box(true));
    println!("{total} {length}"); // @end
}
