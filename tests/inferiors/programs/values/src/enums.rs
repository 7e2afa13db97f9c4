//! Enums of every layout, and niches of every kind.

use std::borrow::Cow;
use std::cell::RefCell;
use std::cmp::Ordering;
use std::convert::Infallible;
use std::num::{NonZeroU64, ParseIntError};
use std::ops::{Bound, ControlFlow};
use std::rc::Rc;
use std::task::Poll;

use ready::keep;

#[derive(Clone, Copy)]
enum Plain {
    First,
    Second,
    Third,
}

#[repr(i16)]
#[derive(Clone, Copy)]
enum Signed {
    Minus = -300,
    Zero = 0,
    Plus = 300,
}

#[repr(u64)]
#[derive(Clone, Copy)]
enum Huge {
    Small = 1,
    Large = 0x8000_0000_0000_0000,
}

enum Shape {
    Unit,
    Tuple(u8, i64),
    Struct { width: f32, name: String },
    Nested(Option<Box<Shape>>),
}

#[repr(C)]
enum CLike {
    A(u8),
    B { x: u64 },
}

#[cfg(not(old_std))]
#[repr(u8)]
enum Tagged {
    A(u8) = 10,
    B(u64) = 20,
}

#[cfg(old_std)]
#[repr(u8)]
enum Tagged {
    A(u8),
    B(u64),
}

enum OneVariant {
    Only(u32),
}

enum Wide {
    Pair(u128, u8),
    Single(u128),
    None,
}

/// Variants placed around a niche in `bool` and in `Plain`.
enum ManyNiches {
    Flag(bool),
    Plain1,
    Plain2,
    Inner(u64, Plain),
}

enum Never {}

pub fn enums() {
    let plain = Plain::Second;
    let minus = Signed::Minus;
    let plus = Signed::Plus;
    let large = Huge::Large;
    let unit = Shape::Unit;
    let tuple = Shape::Tuple(1, -2);
    let with_fields = Shape::Struct {
        width: 1.5,
        name: "named".into(),
    };
    let nested = Shape::Nested(Some(Box::new(Shape::Nested(None))));
    let c_a = CLike::A(3);
    let c_b = CLike::B { x: 4 };
    let tagged_a = Tagged::A(5);
    let tagged_b = Tagged::B(6);
    let only = OneVariant::Only(7);
    let wide_pair = Wide::Pair(u128::MAX, 8);
    let wide_none = Wide::None;
    let flag = ManyNiches::Flag(true);
    let plain1 = ManyNiches::Plain1;
    let inner = ManyNiches::Inner(9, Plain::Third);
    let less = Ordering::Less;
    let flow: ControlFlow<u8, &str> = ControlFlow::Break(10);
    let ready: Poll<String> = Poll::Ready("ready".into());
    let pending: Poll<String> = Poll::Pending;
    let bound: Bound<i32> = Bound::Excluded(11);
    let ok: Result<u32, String> = Ok(12);
    let err: Result<u32, String> = Err("failed".into());
    keep(&(&unit, &tuple, &with_fields, &nested)); // @enums
}

pub fn niches() {
    let none_string: Option<String> = None;
    let some_string: Option<String> = Some("some".into());
    let none_vec: Option<Vec<u8>> = None;
    let none_box: Option<Box<u32>> = None;
    let some_box: Option<Box<u32>> = Some(Box::new(1));
    let none_reference: Option<&str> = None;
    let some_reference: Option<&u8> = Some(&2);
    let none_function: Option<fn()> = None;
    let none_char: Option<char> = None;
    let some_char: Option<char> = Some('c');
    let none_bool: Option<bool> = None;
    let some_false: Option<bool> = Some(false);
    let nested_bool: Option<Option<bool>> = Some(None);
    let outer_none: Option<Option<bool>> = None;
    let deep: Option<Option<Option<bool>>> = Some(Some(None));
    let none_number: Option<u32> = None;
    let some_number: Option<u32> = Some(0);
    let none_wide: Option<u128> = None;
    let some_wide: Option<u128> = Some(u128::MAX);
    let none_non_zero: Option<NonZeroU64> = None;
    let none_ordering: Option<Ordering> = None;
    let none_unit: Option<()> = None;
    let some_unit: Option<()> = Some(());
    let none_tuple: Option<(u8, String)> = None;
    let some_tuple: Option<(u8, String)> = Some((1, "t".into()));
    let none_rc: Option<Rc<RefCell<u8>>> = None;
    let parse_error: Result<String, ParseIntError> = "x".parse::<u8>().map(|n| n.to_string());
    let parsed: Result<String, ParseIntError> = Ok("fine".into());
    let impossible: Result<u8, Infallible> = Ok(3);
    let borrowed: Cow<str> = Cow::Borrowed("cow");
    let owned: Cow<str> = Cow::Owned("calf".into());
    let borrowed_list: Cow<[u8]> = Cow::Borrowed(&[1, 2]);
    let io_error: Result<(), std::io::Error> = Err(std::io::ErrorKind::NotFound.into());
    let never: Option<Never> = None;
    keep(&(&none_string, &some_string, &none_vec)); // @niches
}
