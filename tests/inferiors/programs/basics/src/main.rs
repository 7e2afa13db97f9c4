//! One function of every kind, and variables of every kind of scope.

use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::sync::atomic::{AtomicU32, Ordering};

static COUNTER: AtomicU32 = AtomicU32::new(7);
static GREETING: &str = "hello";
static mut MUTABLE: i64 = -1;
const LIMIT: u32 = 3;

thread_local! {
    static LAZY: RefCell<Vec<u32>> = RefCell::new(vec![1, 2]);
    static EAGER: Cell<u32> = const { Cell::new(40) };
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Point {
    x: i32,
    y: i32,
}

impl Point {
    fn new(x: i32, y: i32) -> Self {
        Point { x, y } // @point_new
    }

    fn norm2(&self) -> i32 {
        let squares = (self.x * self.x, self.y * self.y);
        squares.0 + squares.1 // @norm2
    }

    fn shift(&mut self, by: i32) -> &mut Self {
        self.x += by; // @shift
        self.y += by;
        self
    }
}

trait Animal {
    fn name(&self) -> String;

    fn legs(&self) -> u32 {
        4 // @legs
    }
}

struct Dog {
    age: u32,
}

struct Cat;

impl Animal for Dog {
    fn name(&self) -> String {
        let years = self.age;
        format!("dog of {years}") // @dog_name
    }
}

impl Animal for Cat {
    fn name(&self) -> String {
        String::from("cat") // @cat_name
    }

    fn legs(&self) -> u32 {
        3 + 1
    }
}

struct Wrapper<T>(T);

impl<T: Display> Wrapper<T> {
    fn show(&self) -> String {
        format!("<{}>", self.0) // @wrapper_show
    }
}

/// Three instances: `u8`, `&str` and `Point`.
fn generic<T: Copy>(item: T, times: usize) -> Vec<T> {
    let many = vec![item; times]; // @generic
    many // @generic_end
}

mod outer {
    pub mod inner {
        pub fn nested(depth: u32) -> u32 {
            depth + 1 // @nested
        }

        /// The same last name as `crate::same_name`.
        pub fn same_name() -> u32 {
            2 // @inner_same_name
        }
    }
}

fn same_name() -> u32 {
    1 // @outer_same_name
}

fn factorial(n: u64) -> u64 {
    if n <= 1 {
        return 1; // @factorial_end
    }
    let rest = factorial(n - 1); // @factorial
    n * rest
}

fn shadows(value: i32) -> usize {
    let value = value + 1; // @shadow_argument
    let value = format!("text {value}"); // @shadow_number
    {
        let value = value.len(); // @shadow_text
        ready::keep(&value); // @shadow_inner
    }
    let length = value.len(); // @shadow_outer
    length
}

fn closures(factor: i32) -> i32 {
    let mut total = 0;
    let scale = |value: i32| value * factor; // @closure_scale
    let mut add = |value: i32| {
        let scaled = scale(value);
        total += scaled; // @closure_add
    };
    add(2);
    add(3);
    total // @closures_end
}

fn apply(function: fn(u32) -> u32, argument: u32) -> u32 {
    function(argument) // @apply
}

fn thread_locals() -> u32 {
    LAZY.with(|list| list.borrow_mut().push(3));
    EAGER.with(|cell| cell.set(cell.get() + 2));
    EAGER.with(Cell::get) // @thread_locals
}

fn statics() -> u32 {
    COUNTER.fetch_add(LIMIT, Ordering::Relaxed);
    // SAFETY: only the main thread touches it.
    unsafe { MUTABLE -= i64::from(LIMIT) };
    COUNTER.load(Ordering::Relaxed) // @statics
}

fn main() {
    ready::say("ready");
    let origin = Point::new(3, 4); // @first
    let norm = origin.norm2(); // @second
    let mut moved = origin;
    moved.shift(1).shift(2);
    let animals: Vec<Box<dyn Animal>> = vec![Box::new(Dog { age: 5 }), Box::new(Cat)];
    for animal in &animals {
        println!("{} on {}", animal.name(), animal.legs()); // @animals
    }
    let bytes = generic(7u8, 2); // @after_animals
    let words = generic("two", 3);
    let points = generic(moved, 1);
    println!("{} {}", Wrapper(1).show(), Wrapper("w").show());
    let deep = apply(outer::inner::nested, 1);
    let names = (same_name(), outer::inner::same_name());
    let product = factorial(5);
    let length = shadows(9);
    let total = closures(10);
    let here = thread_locals();
    let other = std::thread::spawn(thread_locals).join().expect("no panic");
    let counted = statics();
    println!("{norm} {moved:?} {bytes:?} {words:?} {points:?} {deep} {names:?}"); // @almost
    println!("{product} {length} {total} {here} {other} {counted} {GREETING}"); // @last
}
