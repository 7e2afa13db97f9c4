//! Closures in closures, and their parameters.

use crate::{at_stop, show};

type Function = fn(u32) -> u32;

fn twice(x: u32) -> u32 {
    x * 2
}
#[inline(never)]
fn run(f: impl Fn(u32) -> u32) -> u32 {
    f(1)
}
#[inline(never)]
fn run_mut(mut f: impl FnMut(u32) -> u32) -> u32 {
    f(1) + f(2)
}
pub(crate) fn all() {
    let base = 10u32;
    let text = String::from("cap");
    let inner = |a: u32| a + base;
    let mut hits = 0u32;
    let arr = [1u8, 2, 3];
    let outer = move |b: u32| {
        let c = b + 1;
        at_stop(20);
        show!(text, base, b, c);
        inner(c)
    };
    run(&outer);
    run_mut(|k| {
        hits += k;
        let local = hits * 2;
        at_stop(21);
        show!(hits, local, arr, k);
        local
    });
    let nested = |n: u32| {
        let mid = n * 2;
        let deepest = |m: u32| {
            let low = m + mid;
            at_stop(22);
            show!(low, mid, base, m, arr);
            low
        };
        deepest(n)
    };
    run(nested);
    let boxed: Vec<Box<dyn Fn(u32) -> u32>> = vec![
        Box::new(move |q| {
            at_stop(23);
            show!(q, base);
            q
        }),
        Box::new(twice),
    ];
    boxed[0](3);
    let f: Function = twice;
    let tup = (twice as Function, 5u8).1;
    at_stop(24);
    show!(tup, hits);
    let range = 1..=3u64;
    at_stop(25);
    show!(range);
}
