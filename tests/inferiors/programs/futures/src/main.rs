//! Async functions and blocks, driven by hand: what is theirs in any runtime.

use std::future::Future;
use std::pin::{pin, Pin};
use std::ptr;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// Ready when polled for the second time, as something that waits would be.
struct Later(bool);

impl Future for Later {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<u32> {
        if self.0 {
            return Poll::Ready(20); // @ready
        }
        self.0 = true;
        Poll::Pending
    }
}

async fn leaf(start: u32) -> u32 {
    let waited = Later(false).await; // @leaf
    start + waited // @resumed
}

async fn generic<T: Into<u32>>(value: T) -> u32 {
    let number = value.into(); // @generic
    leaf(number).await // @nested
}

struct Job {
    base: u32,
}

impl Job {
    async fn run(&self) -> u32 {
        let first = generic(self.base).await; // @method
        first + generic(2u8).await
    }
}

const VTABLE: RawWakerVTable = RawWakerVTable::new(|_| RAW, |_| {}, |_| {}, |_| {});
const RAW: RawWaker = RawWaker::new(ptr::null(), &VTABLE);

fn block_on<T>(future: impl Future<Output = T>) -> T {
    // SAFETY: the waker does nothing.
    let waker = unsafe { Waker::from_raw(RAW) };
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
    }
}

fn main() {
    let job = Job { base: 1 };
    println!("{}", block_on(job.run())); // @main
}
