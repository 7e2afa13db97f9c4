//! An async loop to be stepped through with `next`: three lines, one of them a ready await.

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

#[inline(never)]
fn ready(round: u64) {
    black_box(round);
}

async fn mix(left: u64, right: u64) -> u64 {
    left.wrapping_mul(31).wrapping_add(right)
}

async fn stepped(seed: u64) -> u64 {
    let mut value = seed;
    let mut index = 0;
    ready(0);
    while index < 1_000_000 {
        value = mix(value, index).await;
        index += 1;
    }
    value
}

fn main() {
    let mut future = pin!(stepped(black_box(1)));
    let mut context = Context::from_waker(Waker::noop());
    if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
        println!("{value}");
    }
}
