//! Types that old toolchains lack.

use std::cell::{LazyCell, OnceCell};
use std::num::{NonZero, Saturating};
use std::sync::{LazyLock, OnceLock};

use ready::keep;

static LAZY_STATIC: LazyLock<Vec<u8>> = LazyLock::new(|| vec![1, 2, 3]);
static ONCE_STATIC: OnceLock<String> = OnceLock::new();

pub fn modern() {
    let once_empty: OnceCell<u32> = OnceCell::new();
    let once_full = OnceCell::from(5u32);
    let lock_empty: OnceLock<String> = OnceLock::new();
    let lock_full = OnceLock::from(String::from("full"));
    let lazy_cold: LazyCell<u8> = LazyCell::new(|| 6);
    let lazy_warm: LazyCell<u8> = LazyCell::new(|| 7);
    keep(&*lazy_warm);
    let lock_cold: LazyLock<u16> = LazyLock::new(|| 8);
    let lock_warm: LazyLock<u16> = LazyLock::new(|| 9);
    keep(&*lock_warm);
    keep(&*LAZY_STATIC);
    keep(ONCE_STATIC.get_or_init(|| "once".to_string()));
    let non_zero: NonZero<u8> = NonZero::new(10).expect("not zero");
    let saturating = Saturating(250u8) + Saturating(10);
    let result = std::thread::scope(|scope| {
        let handle = scope.spawn(|| 11);
        handle.join().expect("no panic")
    });
    keep(&(&once_empty, &once_full, &lock_empty, &lock_full)); // @modern
}

#[repr(i32)]
enum Reply {
    Gone = -1,
    Empty = 0,
    Data(u32) = 255,
}

#[repr(i8)]
enum Narrow {
    Lowest(u8) = -128,
    Minus(u8) = -1,
    Highest(u8) = 127,
}

#[repr(i16)]
enum Medium {
    Minus(u8) = -200,
    Near(u8) = 200,
    Far(u8) = 0x7fff,
}

#[repr(i64)]
enum Long {
    Lowest(u8) = i64::MIN,
    Minus(u8) = -1,
    Byte(u8) = 255,
    Word(u8) = 0xffff,
    Half(u8) = 0xffff_ffff,
}

#[repr(u16)]
enum Unsigned {
    Byte(u8) = 255,
    Word(u8) = 0xffff,
    Middle(u8) = 0x8000,
}

pub fn tags() {
    let replies = [Reply::Gone, Reply::Empty, Reply::Data(3)];
    let narrow = [Narrow::Lowest(1), Narrow::Minus(2), Narrow::Highest(3)];
    let medium = [Medium::Minus(1), Medium::Near(2), Medium::Far(3)];
    let long = [
        Long::Lowest(1),
        Long::Minus(2),
        Long::Byte(3),
        Long::Word(4),
        Long::Half(5),
    ];
    let unsigned = [Unsigned::Byte(1), Unsigned::Word(2), Unsigned::Middle(3)];
    let some_reply = Some(Reply::Data(4));
    keep(&(&replies, &narrow, &medium, &long, &unsigned, &some_reply)); // @tags
}
