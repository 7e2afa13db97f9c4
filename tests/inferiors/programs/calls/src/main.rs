//! Functions for a debugger to call; `main` calls each once, so that all of them are there.

mod shapes;

use std::fmt;
#[cfg(not(old_std))]
use std::hint::black_box;
use std::time::Duration;

use shapes::{Area, Circle, Counter, Large, Middle, Pair, Rect, Small};

#[cfg(old_std)]
fn black_box<T>(value: T) -> T {
    // SAFETY: one of the two is forgotten.
    unsafe {
        let copy = std::ptr::read_volatile(&value);
        std::mem::forget(value);
        copy
    }
}

#[inline(never)]
fn integers(a: i8, b: u16, c: i32, d: u64, e: i128) -> i128 {
    i128::from(a) + i128::from(b) + i128::from(c) + i128::from(d) + e
}

#[inline(never)]
fn many(a: u8, b: u16, c: u32, d: u64, e: i64, f: u32, g: u8, h: i16, i: u64) -> u64 {
    let rest = u64::from(g) * 7 + (i64::from(h) * 8) as u64 + i * 9;
    u64::from(a)
        + u64::from(b) * 2
        + u64::from(c) * 3
        + d * 4
        + (e * 5) as u64
        + u64::from(f) * 6
        + rest
}

#[inline(never)]
fn floats(a: f32, b: f64, n: u8, c: f32) -> f64 {
    f64::from(a) + b * 2.0 + f64::from(n) + f64::from(c)
}

#[inline(never)]
fn single(a: f32) -> f32 {
    a * 2.0
}

#[inline(never)]
fn logic(a: bool, b: char) -> char {
    if a {
        b
    } else {
        '?'
    }
}

#[inline(never)]
fn negate(a: bool) -> bool {
    !a
}

#[inline(never)]
fn join(a: &str, b: &str) -> String {
    format!("{a}-{b}")
}

#[inline(never)]
fn longest<'a>(a: &'a str, b: &'a str) -> &'a str {
    if a.len() >= b.len() {
        a
    } else {
        b
    }
}

#[inline(never)]
fn total(values: &[u32]) -> u32 {
    values.iter().sum()
}

#[inline(never)]
fn double_all(values: &mut [u32]) {
    for value in values {
        *value *= 2;
    }
}

#[inline(never)]
fn small(value: Small) -> Small {
    Small {
        a: value.c,
        b: value.b,
        c: value.a,
    }
}

#[inline(never)]
fn middle(value: Middle, add: u32) -> Middle {
    Middle {
        a: value.a + u64::from(add),
        b: value.b + 1,
        c: value.c + 2,
    }
}

#[inline(never)]
fn new_middle() -> Middle {
    black_box(Middle { a: 7, b: 8, c: 9 })
}

#[inline(never)]
fn large(value: Large, add: u64) -> Large {
    Large {
        values: value.values.map(|each| each + add),
        flag: !value.flag,
    }
}

#[inline(never)]
fn swap(pair: Pair) -> Pair {
    Pair {
        x: pair.y as f64,
        y: pair.x as u32,
    }
}

#[inline(never)]
fn maybe(value: Option<u32>) -> Option<u64> {
    value.map(|number| u64::from(number) + 1)
}

#[inline(never)]
fn parse(text: &str) -> Result<u32, std::num::ParseIntError> {
    text.parse()
}

#[inline(never)]
fn nothing(_: u32, unit: (), last: u32) -> u32 {
    let () = unit;
    last
}

#[inline(never)]
fn wrapped(value: [u8; 3]) -> u32 {
    value.iter().map(|&byte| u32::from(byte)).sum()
}

#[inline(never)]
fn max<T: PartialOrd>(a: T, b: T) -> T {
    if a > b {
        a
    } else {
        b
    }
}

#[inline(never)]
fn consume(text: String) -> usize {
    text.len()
}

#[inline(never)]
fn describe(shape: &dyn Area) -> u32 {
    shape.area(2)
}

#[inline(never)]
fn explode(index: usize) -> u32 {
    [1, 2, 3][index]
}

#[inline(never)]
#[track_caller]
fn tracked(value: Option<u32>) -> u32 {
    value.expect("there is a value")
}

#[inline(never)]
fn forever(step: u64) -> u64 {
    let mut count = 0u64;
    while black_box(step) != 0 {
        count = count.wrapping_add(step);
    }
    count
}

#[inline(never)]
fn fault(address: usize) -> u8 {
    // SAFETY: none; that is what it is for.
    unsafe { std::ptr::read_volatile(address as *const u8) }
}

#[inline(never)]
fn leave(code: i32) {
    if code != 0 {
        std::process::exit(code);
    }
}

#[inline(never)]
fn nested(depth: u32) -> u32 {
    if depth == 0 {
        0
    } else {
        nested(black_box(depth - 1)) + 1
    } // @nested
}

#[derive(Debug, Clone, PartialEq)]
enum Command {
    Stop,
    Go { to: Rect, name: String },
    Say(String),
}

struct Secret(u32);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}…)", self.0 % 10)
    }
}

fn main() {
    let text = String::from("hello");
    let mut numbers = vec![1u32, 2, 3];
    let rect = Rect {
        width: 3,
        height: 4,
    };
    let circle = Circle { radius: 5 };
    let mut counter = Counter::new(10);
    let shape: &dyn Area = black_box(&circle);
    let boxed: Box<dyn Area> = Box::new(Rect {
        width: 1,
        height: 6,
    });
    let small_value = Small { a: 1, b: 2, c: 3 };
    let middle_value = Middle { a: 1, b: 2, c: 3 };
    let large_value = Large {
        values: [1, 2, 3],
        flag: true,
    };
    let factor = 3u32;
    let scale = |by: u32, add: u32| by * factor + add;
    let mut seen = 0u32;
    let mut note = |by: u32| {
        seen += by;
        seen
    };
    let pointer: fn(bool) -> bool = negate;
    let adder: Box<dyn Fn(u32) -> u32> = Box::new(move |by| by + factor);
    let lender: &dyn Fn(&str) -> usize = &|word| word.len() + factor as usize;
    let mut calls = 0u32;
    let mut counting: Box<dyn FnMut() -> u32> = Box::new(move || {
        calls += 1;
        calls
    });
    let go = Command::Go {
        to: Rect {
            width: 1,
            height: 2,
        },
        name: String::from("north"),
    };
    let say = Command::Say(String::from("a \"b\""));
    let secret = Secret(42);

    println!(
        "{} {}",
        integers(-1, 2, -3, 4, 5),
        many(1, 2, 3, 4, 5, 6, 7, 8, 9)
    );
    println!("{} {}", floats(1.0, 2.0, 3, 4.0), single(1.5));
    println!("{} {}", logic(true, 'x'), pointer(negate(true)));
    println!(
        "{} {} {}",
        join("a", "b"),
        longest("a", "bc"),
        total(&numbers)
    );
    double_all(&mut numbers);
    println!("{} {}", small(small_value).a, new_middle().a);
    println!(
        "{} {}",
        middle(middle_value, 1).a,
        large(large_value, 1).values[0]
    );
    println!("{:?} {:?}", swap(Pair { x: 1.0, y: 2 }), maybe(Some(1)));
    println!(
        "{:?} {} {}",
        parse("1"),
        nothing(1, (), 2),
        wrapped([1, 2, 3])
    );
    println!("{} {} {}", max(1i32, 2), max(1.5f64, 2.5), max('a', 'b'));
    println!(
        "{} {} {}",
        consume(text.clone()),
        describe(&rect),
        describe(shape)
    );
    println!("{} {} {}", explode(1), tracked(Some(1)), forever(0));
    println!("{} {}", rect.area(1), boxed.area(1));
    println!(
        "{} {} {} {}",
        rect.doubled(),
        boxed.doubled(),
        shape.doubled(),
        adder(1) + counting() + lender("a") as u32
    );
    println!(
        "{} {} {}",
        rect.perimeter(),
        rect.scaled(2).width,
        Rect::square(2).width
    );
    println!("{} {}", counter.bump(1), counter.get());
    println!("{} {}", scale(1, 2), note(1));
    println!("{} {}", nested(2), rect.fits(&4u8) && rect.fits(&300u16));
    println!(
        "{go:?} {say:?} {secret:?} {:?} {numbers:?} {text:?}",
        Command::Stop
    );
    println!("{}", go.clone() == say);
    leave(0);
    if black_box(false) {
        println!("{}", fault(1));
    }
    ready::say("ready"); // @stop
    println!("{} {}", scale(1, 2), note(1));
    println!("{go:?} {say:?} {secret:?} {numbers:?} {text:?}");
    println!("{} {} {}", counter.get(), rect.width, circle.radius);
    println!("{} {} {}", shape.area(1), boxed.area(1), pointer(true));
    println!("{} {} {}", adder(1), counting(), lender("ab"));
    println!(
        "{} {}",
        small_value.a,
        middle_value.a + large_value.values[0]
    );
    std::thread::sleep(black_box(Duration::ZERO)); // @end
}
