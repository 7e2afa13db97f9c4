//! One function per way of returning a value; the comment is what it shows.

use std::hint::black_box;

pub struct Small {
    pub a: u8,
    pub b: u8,
    pub c: u8,
}

pub struct Large {
    pub values: [u64; 3],
    pub flag: bool,
}

pub struct Meters(pub f32);

#[repr(C)]
pub struct Volts(pub f64);

#[repr(C)]
pub struct Grams(pub u32);

pub struct Metres(pub u32);

pub struct Seconds(pub f64);

pub struct Weighed {
    pub grams: Grams,
    pub count: u32,
}

pub struct Charged {
    pub volts: Volts,
    pub count: u64,
}

pub struct Measured {
    pub metres: Metres,
    pub count: u32,
}

pub struct Timed {
    pub seconds: Seconds,
    pub count: u64,
}

pub enum Direction {
    North,
    West,
}

pub enum Shape {
    Point,
    Circle(f32),
    Square { side: u32 },
}

#[inline(never)]
fn unit() {
    black_box(()); // = ()
}

#[inline(never)]
fn boolean() -> bool {
    black_box(true) // = true
}

#[inline(never)]
fn byte() -> u8 {
    black_box(200) // = 200
}

#[inline(never)]
fn negative() -> i32 {
    black_box(-7) // = -7
}

#[inline(never)]
fn word() -> u64 {
    black_box(0x1234_5678_9abc_def0) // = 1311768467463790320
}

#[inline(never)]
fn single() -> f32 {
    black_box(1.5) // = 1.5
}

#[inline(never)]
fn double() -> f64 {
    black_box(-2.25) // = -2.25
}

#[inline(never)]
fn character() -> char {
    black_box('ß') // = 'ß'
}

#[inline(never)]
fn text() -> &'static str {
    black_box("text") // = "text"
}

#[inline(never)]
fn slice() -> &'static [u16] {
    black_box(&[1, 2, 3]) // = &[1, 2, 3]
}

#[inline(never)]
fn string() -> String {
    black_box(String::from("owned")) // = "owned"
}

#[inline(never)]
fn vector() -> Vec<u32> {
    black_box(vec![1, 2]) // = [1, 2]
}

#[inline(never)]
fn pair() -> (u32, u8) {
    black_box((9, 8)) // = (9, 8)
}

#[inline(never)]
fn floats() -> (f64, f32) {
    black_box((1.0, 2.0)) // = (1.0, 2.0)
}

#[inline(never)]
fn mixed() -> (u64, f64) {
    black_box((3, 4.0)) // = (3, 4.0)
}

#[inline(never)]
fn array() -> [u8; 4] {
    black_box([1, 2, 3, 4]) // = [1, 2, 3, 4]
}

#[inline(never)]
fn small() -> Small {
    black_box(Small { a: 1, b: 2, c: 3 }) // = Small { a: 1, b: 2, c: 3 }
}

#[inline(never)]
fn large() -> Large {
    black_box(Large {
        values: [1, 2, 3],
        flag: true,
    }) // = Large { values: [1, 2, 3], flag: true }
}

#[inline(never)]
fn newtype() -> Meters {
    black_box(Meters(5.5)) // = Meters(5.5)
}

#[inline(never)]
fn newtype_in_c() -> Volts {
    black_box(Volts(-2.5)) // = Volts(-2.5)
}

#[inline(never)]
fn pair_around_c() -> Weighed {
    let grams = Grams(black_box(3));
    Weighed { grams, count: 4 } // = ?
}

#[inline(never)]
fn floats_around_c() -> Charged {
    let volts = Volts(black_box(1.5));
    Charged { volts, count: 4 } // = Charged { volts: Volts(1.5), count: 4 }
}

#[inline(never)]
fn pair_around_newtype() -> Measured {
    let metres = Metres(black_box(3));
    Measured { metres, count: 4 } // = Measured { metres: Metres(3), count: 4 }
}

#[inline(never)]
fn floats_around_newtype() -> Timed {
    let seconds = Seconds(black_box(1.5));
    Timed { seconds, count: 4 } // = Timed { seconds: Seconds(1.5), count: 4 }
}

#[inline(never)]
fn some_number() -> Option<u32> {
    black_box(Some(77)) // = Some(77)
}

#[inline(never)]
fn no_number() -> Option<u32> {
    black_box(None) // = None
}

#[inline(never)]
fn some_wide() -> Option<u64> {
    black_box(Some(u64::MAX)) // = Some(18446744073709551615)
}

#[inline(never)]
fn some_float() -> Option<f64> {
    black_box(Some(0.5)) // = Some(0.5)
}

#[inline(never)]
fn some_reference() -> Option<&'static u8> {
    black_box(Some(&5)) // = Some(&5)
}

#[inline(never)]
fn no_reference() -> Option<&'static u8> {
    black_box(None) // = None
}

#[inline(never)]
fn some_text() -> Option<&'static str> {
    black_box(Some("yes")) // = Some("yes")
}

#[inline(never)]
fn good() -> Result<u32, u32> {
    black_box(Ok(1)) // = Ok(1)
}

#[inline(never)]
fn bad() -> Result<u32, u32> {
    black_box(Err(2)) // = Err(2)
}

#[inline(never)]
fn uneven() -> Result<u8, u32> {
    black_box(Err(3)) // = Err(3)
}

#[inline(never)]
fn plain() -> Direction {
    black_box(Direction::West) // = West
}

#[inline(never)]
fn ordering() -> std::cmp::Ordering {
    black_box(std::cmp::Ordering::Less) // = Less
}

#[inline(never)]
fn shape() -> Shape {
    black_box(Shape::Square { side: 4 }) // = Square { side: 4 }
}

#[inline(never)]
fn failed() -> Result<String, std::num::ParseIntError> {
    black_box(Err("x".parse::<i32>().unwrap_err())) // = Err(ParseIntError { kind: InvalidDigit })
}

/// Keeps every variant and field alive.
fn used() -> usize {
    let shapes = [Shape::Point, Shape::Circle(1.0), shape()];
    let ways = [Direction::North, plain()];
    let areas = shapes.iter().map(|shape| match shape {
        Shape::Point => 0,
        Shape::Circle(radius) => *radius as usize,
        Shape::Square { side } => *side as usize,
    });
    let west = ways
        .iter()
        .filter(|way| matches!(way, Direction::West))
        .count();
    let Small { a, b, c } = small();
    let Large { values, flag } = large();
    areas.sum::<usize>() + west + usize::from(a + b + c) + values.len() + usize::from(flag)
}

fn main() {
    ready::say("ready"); // @start
    unit();
    black_box(boolean());
    black_box(byte());
    black_box(negative());
    black_box(word());
    black_box(single());
    black_box(double());
    black_box(character());
    black_box(text());
    black_box(slice());
    black_box(string());
    black_box(vector());
    black_box(pair());
    black_box(floats());
    black_box(mixed());
    black_box(array());
    black_box(small());
    black_box(large());
    black_box(newtype());
    black_box(newtype_in_c());
    black_box(pair_around_c());
    black_box(floats_around_c());
    black_box(pair_around_newtype());
    black_box(floats_around_newtype());
    black_box(some_number());
    black_box(no_number());
    black_box(some_wide());
    black_box(some_float());
    black_box(some_reference());
    black_box(no_reference());
    black_box(some_text());
    black_box(good());
    black_box(bad());
    black_box(uneven());
    black_box(plain());
    black_box(ordering());
    black_box(shape());
    black_box(failed());
    println!("{}", used()); // @end
}
