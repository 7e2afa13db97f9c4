//! Variables that patterns and macros bind, and that shadow each other.

use crate::{at_stop, show};

#[derive(Clone, Debug)]
struct Record {
    x: i32,
    y: Vec<u8>,
    inner: Inner,
}
#[derive(Clone, Debug)]
struct Inner {
    a: String,
    b: u64,
}
pub(crate) fn all() {
    matched(Some((5, "t".into())), &[3, 4, 5], 'x');
    matched(Some((1, "u".into())), &[9], 'b');
    let last = Record {
        x: 6,
        y: vec![2, 3],
        inner: Inner {
            a: "r".into(),
            b: 5,
        },
    };
    let first = Record {
        x: 5,
        y: vec![1],
        inner: Inner {
            a: "n".into(),
            b: 4,
        },
    };
    taken_apart(
        first,
        &mut Some(Inner {
            a: "o".into(),
            b: 2,
        }),
        &last,
    );
    hygienic();
    passed();
}
#[inline(never)]
fn matched(input: Option<(u32, String)>, list: &[u8], ch: char) {
    let (num, ref text) = input.unwrap();
    at_stop(5);
    show!(num, text);
    if let [first @ 1..=9, rest @ ..] = list {
        at_stop(6);
        show!(first, rest);
    }
    match ch {
        letter @ ('a'..='f' | 'x') if letter != 'b' => {
            at_stop(7);
            show!(letter);
        }
        other => {
            at_stop(8);
            show!(other);
        }
    }
    let num = num + 1;
    let num = num as u8;
    {
        let num = "inner";
        at_stop(9);
        show!(num);
    }
    at_stop(10);
    show!(num);
    let (a, (b, ..), [c, .., d]) = (1u8, (2u16, 3u32, 4u64), [5i8, 6, 7]);
    let ref whole @ (ref left, ref right) = (String::from("l"), 8_u32);
    at_stop(11);
    show!(a, b, c, d, whole, left, right);
    for (i, (x, y)) in list.iter().zip([10u16, 20]).enumerate() {
        at_stop(12);
        show!(i, x, y);
    }
    let mut stack = vec![1u8, 2];
    while let Some(top) = stack.pop() {
        at_stop(13);
        show!(top, stack);
    }
}
#[inline(never)]
fn taken_apart(rec: Record, opt: &mut Option<Inner>, refs: &Record) {
    let Record {
        x,
        ref y,
        inner: Inner { a: ref name, b },
    } = rec;
    let &Record { x: rx, .. } = refs;
    at_stop(14);
    show!(x, y, name, b, rx);
    if let Some(Inner { a, b: bb @ 1.. }) = opt {
        a.push('!');
        at_stop(15);
        show!(a, bb);
    }
    match (x, &refs.y[..]) {
        (n @ (0 | 5), [one, ..]) => {
            at_stop(16);
            show!(n, one);
        }
        _ => {}
    }
    let Record { y: moved, .. } = refs.clone();
    at_stop(17);
    show!(moved);
}
/// Has a variable of its own, and declares the one that is passed.
macro_rules! declare {
    ($name:ident) => {
        let value = 1_u8;
        let $name = value + 1;
    };
}

/// Declares a variable of the name that is passed anew.
macro_rules! pin {
    ($name:ident) => {
        let $name = Box::pin($name);
    };
}

#[inline(never)]
fn hygienic() {
    let value = "outer";
    declare!(mine);
    at_stop(18);
    show!(mine, value);
}

#[inline(never)]
fn passed() {
    let value = 7_u8;
    pin!(value);
    at_stop(19);
    show!(value);
}
