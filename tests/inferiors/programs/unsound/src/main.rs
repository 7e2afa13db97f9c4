//! Values whose bytes are none of their types', as faulty `unsafe` code leaves them.

use ready::keep;
use std::cmp::Ordering;
use std::num::{NonZeroI16, NonZeroI64, NonZeroU128, NonZeroU32, NonZeroU8, NonZeroUsize};
use std::ptr::NonNull;

#[derive(Clone, Copy, PartialEq)]
#[repr(u8)]
enum Level {
    Low = 1,
    Middle = 2,
    High = 7,
}

#[derive(Clone, Copy, PartialEq)]
#[repr(i32)]
enum Signed {
    Below = -1,
    Above = 1,
}

#[derive(Clone, PartialEq)]
#[repr(C)]
enum Tagged {
    Number(u32),
    Pair(u32, u32),
}

/// Writes over the first bytes of a value.
fn overwrite<T, B>(value: &mut T, bytes: B) {
    // SAFETY: none at all, which is the point; the value is not used any more.
    unsafe { (value as *mut T).cast::<B>().write_unaligned(bytes) }
}

fn main() {
    let (one, number) = (1_u8, 5);
    let mut level = Level::Low;
    let mut signed = Signed::Below;
    let mut tagged = Tagged::Number(3);
    let mut levels = [Level::Low, Level::Middle, Level::High];
    let mut within = Some(Level::High);
    let mut truth = one == 1;
    let mut maybe = Some(true);
    let mut letter = char::from(b'w' + one);
    let mut ordering = 1.cmp(&number);
    let mut byte = NonZeroU8::new(one).unwrap();
    let mut short = NonZeroI16::new(-2).unwrap();
    let mut word = NonZeroU32::new(3).unwrap();
    let mut long = NonZeroI64::new(-4).unwrap();
    let mut wide = NonZeroU128::new(5).unwrap();
    let mut size = NonZeroUsize::new(6).unwrap();
    let mut pointer = NonNull::from(&number);
    let mut reference = &number;
    let mut text = "text";
    keep(&(&level, &signed, &levels, &within)); // @sound
    overwrite(&mut level, 9_u8);
    overwrite(&mut signed, 0_i32);
    overwrite(&mut tagged, 5_u32);
    overwrite(&mut levels, 9_u8);
    overwrite(&mut within, 9_u8);
    overwrite(&mut truth, 2_u8);
    overwrite(&mut maybe, 7_u8);
    overwrite(&mut letter, 0xd800_u32);
    overwrite(&mut ordering, 9_u8);
    overwrite(&mut byte, 0_u8);
    overwrite(&mut short, 0_u16);
    overwrite(&mut word, 0_u32);
    overwrite(&mut long, 0_u64);
    overwrite(&mut wide, 0_u128);
    overwrite(&mut size, 0_u64);
    overwrite(&mut pointer, 0_u64);
    overwrite(&mut reference, 0_u64);
    overwrite(&mut text, 0_u64);
    keep(&(&level, &signed, &levels, &within, &tagged)); // @unsound
    keep(&(&truth, &maybe, &letter, &ordering, &byte, &short));
    keep(&(&word, &long, &wide, &size, &pointer, &reference, &text));
}
