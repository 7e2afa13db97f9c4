#![allow(unused, dead_code, unreachable_code, clippy::all)]
use std::arch::asm;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Point { x: i32, y: u8, z: u64 }
#[derive(Debug, Clone, Copy, PartialEq)]
struct Nest { id: u16, at: Point, flag: bool }
#[derive(Debug, Clone, Copy, PartialEq)]
enum Choice { Nothing, One(u32), Two { left: u64, right: Point }, Far(i64) }
#[derive(Debug, Clone)]
struct Owner { name: String, list: Vec<u16>, at: Point }

const TEXTS: [&str; 4] = ["", "word", "naïve", "four words of text"];

/// A value that the compiler cannot know.
#[inline(always)]
fn opaque<T: Copy>(value: T) -> T { unsafe { std::ptr::read_volatile(&value) } }
/// A use of a value where it is.
#[inline(always)]
fn keep<T: ?Sized>(value: &T) { unsafe { asm!("/* {0} */", in(reg) value as *const T as *const ()) } }

#[cfg(not(shown))]
#[inline(never)]
fn at_stop(number: u32) { unsafe { asm!("/* {0} */", in(reg) u64::from(number)) } }

#[cfg(not(shown))]
macro_rules! frame {
    ($name:literal [$($shown:ident)*] [$($lent:ident)*] $call:expr) => { $call };
}

#[cfg(shown)]
thread_local! { static FRAMES: std::cell::RefCell<Vec<String>> = Default::default(); }
#[cfg(shown)]
fn at_stop(number: u32) {
    println!("stop {number}");
    FRAMES.with(|frames| frames.borrow().iter().for_each(|frame| println!("{frame}")));
}
#[cfg(shown)]
macro_rules! frame {
    ($name:literal [$($shown:ident)*] [$($lent:ident)*] $call:expr) => {{
        let mut text = format!("frame {}", $name);
        $( text += &format!("\n{} = {:?}", stringify!($shown), $shown); )*
        $( text += &format!("\n{} lent", stringify!($lent)); )*
        FRAMES.with(|frames| frames.borrow_mut().push(text));
        let result = $call;
        FRAMES.with(|frames| frames.borrow_mut().pop());
        result
    }};
}

