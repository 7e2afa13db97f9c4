//! Variables that are in scope before they have a value.

use ready::keep;

#[inline(never)]
fn found(n: i32) -> Option<(i32, String)> {
    (n > 0).then(|| (n, "name".to_string()))
}

#[inline(never)]
fn later(yes: bool) -> i32 {
    let unset;
    let first = i32::from(yes); // @deferred
    if yes {
        unset = 5;
    } else {
        unset = 6;
    }
    keep(&(first, unset)); // @set
    unset
}

#[inline(never)]
fn pattern(list: &[i32]) {
    if let [head, middle @ .., tail] = list {
        // @before_match
        keep(&(head, middle, tail)); // @matched
    }
}

#[inline(never)]
fn repeated(mut n: i32) {
    let mut last = 0;
    while let Some((key, name)) = found(n) {
        // @each_round
        keep(&(key, &name, last)); // @in_round
        last = key;
        n -= 1;
    }
}

pub fn unset() {
    keep(&(later(true), later(false)));
    pattern(&[1, 2, 3]);
    repeated(2);
}
