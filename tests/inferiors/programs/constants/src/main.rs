//! Constants, which leave nothing in the program but their uses.

use ready::keep;

const LIMIT: usize = 7;
const NAME: &str = "the \"name\"";

trait Shape {
    const SIDES: u32;

    fn sides(&self) -> u32 {
        Self::SIDES
    }
}

struct Square;

impl Square {
    const WIDTH: f64 = 2.5;
    const DEPTH: i64 = -12;

    fn area(&self) -> f64 {
        const INNER: u8 = 0x1f;
        keep(&self); // @associated
        Self::WIDTH * f64::from(INNER) + Self::DEPTH as f64
    }
}

impl Shape for Square {
    const SIDES: u32 = 4;
}

struct Table<const N: usize, const DEEP: bool> {
    rows: [u8; N],
}

impl<const N: usize, const DEEP: bool> Table<N, DEEP> {
    #[inline(never)]
    fn sum<T: Default + Into<usize>, const M: i8>(&self, more: impl Fn() -> T) -> usize {
        keep(&(&self.rows, M, DEEP)); // @method
        N + T::default().into() + more().into()
    }
}

#[inline(never)]
fn generic<'a, T: Default, const N: usize>(text: &'a str) -> (&'a str, T, usize) {
    keep(&text); // @generic
    (text, T::default(), N)
}

fn local() -> usize {
    const LIMIT: u8 = 200;
    const LETTER: char = 'é';
    const RATIO: f32 = 1.5e3;
    const FLAG: bool = true;
    const COMPUTED: usize = LIMIT as usize * 2;
    keep(&(LETTER, RATIO, FLAG)); // @local
    COMPUTED
}

mod limits;

use limits::{FAR, NEAR as CLOSE};

/// Prints constants by their names, as `Debug` has them.
macro_rules! show {
    ($($name:path),*) => { $( println!("{} = {:?}", stringify!($name).replace(' ', ""), $name); )* };
}

mod nested {
    pub const IN_MODULE: u8 = super::BASE as u8 + 1;
}

trait Sized4 {
    const SIZE: usize = 4;
    const AREA: usize = Self::SIZE * Self::SIZE;

    #[inline(never)]
    fn area(&self) -> usize {
        keep(&Self::AREA); // @defaulted
        show!(Self::SIZE, Self::AREA);
        Self::AREA
    }
}

impl Sized4 for Square {
    const SIZE: usize = LIMIT + 1;
}

const BASE: usize = 4 * 1024;
const MASK: u32 = (1 << 12) - 1;
const WRAPPED: u8 = 250u8.wrapping_add(10);
const LARGEST: u64 = u32::MAX as u64 + 1;
const NEGATIVE: i32 = -(BASE as i32) / 3;
const TABLE: [u16; 4] = [1, 2, LIMIT as u16, 0xff];
const ZEROS: [u8; LIMIT] = [0; LIMIT];
const SUM: u16 = TABLE[1] + TABLE[3];
const TEXTS: [&str; 2] = ["one", NAME];
const LENGTH: usize = NAME.len() + TEXTS.len();
const PAIR: (u8, char) = (b'x', 'y');
const MAYBE: Option<u32> = Some(MASK);
const NOTHING: Option<u32> = None;
const CHOSEN: i64 = if cfg!(unix) { 1 } else { 2 };
const HALF: f64 = 1.0 / 2.0 + LIMIT as f64;
const IS_LARGE: bool = BASE > 1_000 && !(LIMIT == 8);
const LETTER: char = (b'a' + 2) as char;
const BYTES: &[u8] = b"ab\n";
const SIZE: usize = std::mem::size_of::<u32>() * 3;
const BLOCK: i32 = {
    let x = 3;
    x * x
};
const FN: usize = doubled(LIMIT);
const LOOPED: u32 = {
    let mut sum = 0;
    while sum < 10 {
        sum += 3;
    }
    sum
};

const fn doubled(number: usize) -> usize {
    number * 2
}

#[inline(never)]
fn computed() {
    const SELF_MADE: usize = BASE + Square::DEPTH.unsigned_abs() as usize;
    keep(&BASE); // @computed
    show!(BASE, MASK, WRAPPED, LARGEST, NEGATIVE, TABLE, ZEROS, SUM, TEXTS, LENGTH, PAIR, MAYBE);
    show!(NOTHING, CHOSEN, HALF, IS_LARGE, LETTER, BYTES, SIZE, BLOCK, FN, LOOPED, SELF_MADE);
    show!(
        nested::IN_MODULE,
        limits::FAR,
        FAR,
        crate::LIMIT,
        Square::SIZE,
        Square::AREA
    );
    keep(&(CLOSE, Sized4::area(&Square)));
}

fn main() {
    computed();
    keep(&Square.area());
    keep(&(LIMIT, NAME, Square.area(), Square.sides()));
    keep(&generic::<f32, 3>("text"));
    let table = Table::<2, true> { rows: [1, 2] };
    keep(&table.sum::<u8, -5>(|| 3_u8));
    keep(&local());
}
