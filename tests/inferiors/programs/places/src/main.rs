//! Functions, statics and types that are hard to name or to find, each used once or twice.

mod named;
mod opaque;
mod suspended;

use named::{first, second};
use opaque::black_box;
use std::cell::Cell;

static LIMIT: u32 = 9; // @limit
static ROWS: [u32; 4] = [10, 20, 30, 40]; // @rows
static CLOSURES: [fn(u32) -> u32; 2] = [
    |x| x + 1, // @closure_of_static
    |x| {
        let doubled = x * 2; // @block_of_static
        doubled + 1
    },
];
thread_local! { // @mine
    static MINE: Cell<u32> = const { Cell::new(3) };
}

trait Shape {
    fn side(&self) -> u64;

    #[inline(never)]
    fn area(&self) -> u64 {
        let side = self.side(); // @default_method
        side * side
    }
}

struct Square(u64);
struct Cube(u64);

impl Shape for Square {
    fn side(&self) -> u64 {
        self.0 // @square_side
    }
}

impl Shape for Cube {
    fn side(&self) -> u64 {
        self.0 + 1 // @cube_side
    }
}

struct Holder<T> {
    item: T,
}

impl<T: Clone> Holder<T> {
    #[inline(never)]
    fn take(&self) -> T {
        let taken = self.item.clone(); // @generic_method
        taken
    }
}

struct Noisy(u8);

impl Drop for Noisy {
    #[inline(never)]
    fn drop(&mut self) {
        black_box(self.0); // @dropped
    }
}

struct Pair {
    _left: Noisy,
    _right: Noisy,
}

macro_rules! adder {
    ($name:ident, $number:expr) => {
        #[inline(never)]
        fn $name(x: u32) -> u32 {
            let sum = x + $number; // @of_macro
            sum * 2
        }
    };
}
adder!(add_one, 1);
adder!(add_two, 2);

const fn cubed(x: u64) -> u64 {
    let square = x * x; // @const_fn
    square * x
}

#[inline(never)]
fn header(v: Option<u32>) -> u32 {
    // @header
    let number = v.unwrap(); // @after_header
    number + 1
}

#[inline(never)]
fn mapped(v: &[u32], more: String) -> u32 {
    // @mapped_header
    let sum: u32 = v.iter().map(|x| x + 1).sum(); // @after_mapped_header
    sum + more.len() as u32
}

#[inline(never)]
fn dropping(holder: Box<Holder<u32>>) -> u32 {
    // @dropping_header
    holder.item + 1 // @after_dropping_header
}

#[inline(never)]
fn types() {
    let one = first::Named { a: 1, b: 2 };
    let other = second::Named {
        text: "two".to_string(),
    };
    let listed = vec![second::Named {
        text: "three".to_string(),
    }];
    let mut bytes = [1u8, 2, 3];
    let constant: *const u32 = ROWS.as_ptr();
    let mutable: *mut u8 = bytes.as_mut_ptr();
    let structs: *const second::Named = listed.as_ptr();
    let pointed: *const *const u32 = &constant;
    black_box((&one, &other, &listed, constant, mutable, structs, pointed)); // @types
    black_box(&bytes);
}

fn main() {
    let n = std::env::args().count() as u32;
    ready::say("ready");
    let shapes: [&dyn Shape; 2] = [&Square(3), &Cube(4)];
    for shape in shapes {
        black_box(shape.area());
    }
    black_box(Holder { item: n }.take());
    black_box(
        Holder {
            item: n.to_string(),
        }
        .take(),
    );
    drop(black_box(Pair {
        _left: Noisy(1),
        _right: Noisy(2),
    }));
    for closure in black_box(CLOSURES) {
        black_box(closure(n));
    }
    black_box(add_one(n) + add_two(n));
    black_box(cubed(black_box(n as u64)));
    black_box(header(Some(n)) + mapped(&[n], n.to_string()));
    black_box(dropping(Box::new(Holder { item: n })));
    MINE.with(|mine| mine.set(LIMIT));
    types();
    suspended::run(n);
}
