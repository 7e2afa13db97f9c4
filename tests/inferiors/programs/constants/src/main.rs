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

fn main() {
    keep(&(LIMIT, NAME, Square.area(), Square.sides()));
    keep(&generic::<f32, 3>("text"));
    let table = Table::<2, true> { rows: [1, 2] };
    keep(&table.sum::<u8, -5>(|| 3_u8));
    keep(&local());
}
