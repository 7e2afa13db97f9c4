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
