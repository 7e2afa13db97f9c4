//! Futures, each polled by hand.

use crate::opaque::black_box;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

const TABLE: RawWakerVTable = RawWakerVTable::new(|_| RAW, |_| {}, |_| {}, |_| {});
const RAW: RawWaker = RawWaker::new(ptr::null(), &TABLE);

#[inline(never)]
async fn leaf(n: u32) -> u32 {
    let m = black_box(n + 1); // @leaf
    m
}

#[inline(never)]
async fn outer(n: u32, text: String) -> u32 {
    let a = leaf(n).await; // @outer
    black_box(&text);
    a + leaf(a).await
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    // SAFETY: the table has functions that do nothing.
    let waker = unsafe { Waker::from_raw(RAW) };
    future.poll(&mut Context::from_waker(&waker))
}

#[inline(never)]
pub fn run(n: u32) {
    let lent = n.to_string();
    let owned = lent.clone();
    let mut called = Box::pin(outer(n, owned.clone()));
    let mut block = Box::pin(async {
        black_box((&lent, &n));
    });
    let mut moved = Box::pin(async move {
        black_box((&owned, &n));
    });
    black_box(poll(called.as_mut()).is_ready());
    black_box(poll(block.as_mut()).is_ready());
    black_box(poll(moved.as_mut()).is_ready());
    black_box((&called, &block, &moved)); // @finished
}
