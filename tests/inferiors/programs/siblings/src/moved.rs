//! Variables that are moved away while they are in scope.

use crate::at_stop;

struct Pair {
    name: String,
    list: Vec<u8>,
}

#[inline(never)]
fn taken(text: String) -> usize {
    at_stop(41);
    text.len()
}

#[inline(never)]
pub(crate) fn all() {
    let first = String::from("first");
    let list = vec![1_u8, 2];
    let some = Some(String::from("some"));
    let boxed = Box::new(5_u64);
    let pair = Pair {
        name: String::from("name"),
        list: vec![3],
    };
    let numbers = [1, 2, 3];
    let items = numbers.iter();
    at_stop(40);
    let length = taken(first);
    at_stop(42);
    drop(list);
    let other = some;
    if length > 100 {
        drop(boxed);
    }
    let Pair { name, list } = pair;
    at_stop(43);
    drop((other, name, list));
    for round in 0..2 {
        let inner = vec![round];
        drop(inner);
        at_stop(44);
    }
    let alive = vec![numbers.len()];
    if alive.len() > 1 {
        panic!("never");
    }
    at_stop(45);
}

/// Ends the program before what it has would be dropped.
#[inline(never)]
pub(crate) fn kept_to_the_end() -> ! {
    let held = vec![9_u8];
    at_stop(46);
    std::process::exit(i32::from(numbers().is_empty()));
}

#[inline(never)]
fn numbers() -> &'static [u8] {
    &[1]
}
