//! Lines that are arrived at in more than one way, or only by unwinding.

use std::collections::BTreeMap;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};

/// Hides a value from the optimiser.
#[inline(never)]
fn keep<T>(value: &T) {
    // SAFETY: the place read is a local variable.
    unsafe { std::ptr::read_volatile(&value) };
}

struct Guard(u32);

impl Drop for Guard {
    fn drop(&mut self) {
        keep(&self.0); // @dropped
    }
}

#[inline(never)]
fn owns_three(names: Vec<String>, count: u32) -> u32 {
    // @owns_header
    let text = format!("{count}"); // @owns_first
    let guard = Guard(count);
    keep(&text);
    names.len() as u32 + guard.0 // @owns_result
} // @owns_end

#[inline(never)]
fn consumes(names: Vec<String>) {
    // @consumes_header
    keep(&names);
} // @consumes_end

#[inline(never)]
fn returns_early(guard: Guard, early: bool) -> Option<u32> {
    // @early_header
    let owned = String::from("owned");
    if early {
        return None; // @early_return
    }
    keep(&owned);
    Some(guard.0)
} // @early_end

#[rustfmt::skip]
#[inline(never)]
fn loops(items: &[u32], count: u32) -> u32 {
// @loops_header
    let mut sum = 0;
    for item in items { // @for_slice
        sum += item; // @for_slice_body
        keep(&sum);
    }
    for index in 0..count { // @for_range
        sum += index; // @for_range_body
    }
    let mut left = count;
    while left > 0 { // @while_head
        left -= 1; // @while_body
        keep(&left);
    }
    for item in items { keep(item); } // @for_one_line
    sum
}

#[inline(never)]
fn first(value: Option<u32>) -> u32 {
    // @first_header
    let found = value.unwrap(); // @first_body
    found + 1
}

#[inline(never)]
fn boxed(number: u32) -> Box<u32> {
    // @boxed_header
    let made = Box::new(number);
    keep(&made);
    made
}

#[rustfmt::skip]
#[inline(never)]
fn chosen(number: u32) -> u32 {
    let one = if number > 2 { keep(&1); 10 } else { keep(&2); 20 }; // @one_line_choice
    match number {
        0 => keep(&one),        // @arm_zero
        1 | 2 => keep(&number), // @arm_few
        _ => {}                 // @arm_many
    }
    one + number // @chosen_end
}

#[inline(never)]
fn fails(fail: bool, guard: Guard) -> u32 {
    // @fails_header
    let owned = String::from("owned");
    keep(&owned);
    if fail {
        resume_unwind(Box::new(7_u8)); // @fails_unwinds
    }
    guard.0 // @fails_result
} // @fails_end

fn catches(fail: bool) -> u32 {
    let caught = catch_unwind(AssertUnwindSafe(|| fails(fail, Guard(4)))); // @catches_call
    match caught {
        // @catches_match
        Ok(number) => number, // @catches_ok
        Err(_) => {
            keep(&fail); // @catches_err
            0
        }
    }
}

#[inline(always)]
fn copied(number: u32) -> u32 {
    let guard = Guard(number);
    keep(&guard);
    guard.0 + 1
}

/// Optimisers make three copies of what the loop does.
fn unrolled() -> u32 {
    let mut sum = 0;
    for number in 1..4 {
        sum += copied(number);
        keep(&sum);
    }
    sum
}

macro_rules! doubled {
    ($value:expr) => {
        $value + $value
    };
}

#[rustfmt::skip]
fn several_places(text: &str) -> usize {
    let mut words = BTreeMap::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) { // @chain_head
        *words.entry(word).or_insert(0) += 1; // @chain_body
    }
    let longest = words.keys().map(|word| word.len()).max().unwrap_or(0); // @chain_line
    let both = doubled!(longest); // @macro_line
    keep(&both);
    both
}

#[rustfmt::skip]
fn main() {
    for number in 0..3 { // @main_loop
        keep(&owns_three(
            vec![String::from("a"), String::from("b")],
            number,
        ));
        keep(&returns_early(Guard(number), number == 1));
        keep(&chosen(number * 2));
    }
    consumes(vec![String::from("c")]);
    keep(&loops(&[1, 2, 3], 4));
    keep(&first(Some(2)));
    keep(&boxed(3));
    for number in 0..4 {
        keep(&catches(number % 2 == 1));
    }
    keep(&unrolled());
    keep(&several_places("one two  three two"));
}
