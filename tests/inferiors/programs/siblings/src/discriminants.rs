//! Enums with every kind of tag, and niches in niches.

use crate::{at_stop, show};

#[repr(i8)]
#[derive(Debug, Clone, Copy)]
enum Neg {
    A = -128,
    B = 127,
    C = -1,
}
#[derive(Debug, Clone)]
enum Nested {
    A(Option<Option<bool>>),
    B(Result<(), Option<Neg>>),
    C,
}
#[derive(Debug, Clone)]
enum Deep {
    X(Nested),
    Y,
    Z(u8),
}

pub(crate) fn all() {
    let neg = [Neg::A, Neg::B, Neg::C];
    let nested = [
        Nested::A(None),
        Nested::A(Some(None)),
        Nested::A(Some(Some(true))),
        Nested::B(Ok(())),
        Nested::B(Err(None)),
        Nested::B(Err(Some(Neg::C))),
        Nested::C,
    ];
    let deep = [
        Deep::X(Nested::C),
        Deep::X(Nested::A(Some(Some(false)))),
        Deep::Y,
        Deep::Z(200),
    ];
    let opt_deep = (
        Some(Deep::Y),
        None::<Deep>,
        Some(Some(Deep::X(Nested::B(Err(None))))),
    );
    at_stop(1);
    show!(neg, nested, deep, opt_deep);
}
