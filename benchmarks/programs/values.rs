//! Collections of a million, and five hundred values that nobody initialised.

use std::collections::{BTreeMap, HashMap};
use std::hint::black_box;

#[inline(never)]
fn shown(
    numbers: &Vec<u64>,
    squares: &HashMap<u64, u64>,
    doubles: &BTreeMap<u64, u64>,
    damaged: &[Damaged; 500],
) {
    black_box((numbers.len(), squares.len(), doubles.len(), damaged.as_ptr()));
}

/// What is in it is up to chance: no length fits its capacity, no pointer leads anywhere.
struct Damaged {
    text: String,
    list: Vec<u32>,
    map: HashMap<u64, u64>,
    nested: Vec<Vec<String>>,
    boxed: Box<Option<String>>,
}

const WORDS: usize = std::mem::size_of::<[Damaged; 500]>() / 8;

fn main() {
    let numbers: Vec<u64> = (0..1_000_000).collect();
    let squares: HashMap<u64, u64> = (0..1_000_000).map(|key| (key, key * key)).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words: Vec<u64> = (0..WORDS)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state | 1 << 62
        })
        .collect();
    let damaged = unsafe { &*(words.as_ptr() as *const [Damaged; 500]) };
    let doubles: BTreeMap<u64, u64> = (0..200_000).map(|key| (key, key * 2)).collect();
    shown(&numbers, &squares, &doubles, damaged);
}
