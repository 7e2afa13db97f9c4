//! Tasks of runtimes other than tokio, each in a thread of its own choice; the argument says whose.

mod of_async_std;
mod of_embassy;
mod of_monoio;
mod of_smol;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

pub const LONG: Duration = Duration::from_secs(1000);

/// Polled again at once, by whatever executor, after those that wait to be polled.
pub struct YieldNow(bool);

impl Future for YieldNow {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[inline(never)]
fn look(step: u32) {
    ready::stay();
    ready::keep(&step); // @look
}

/// Looks when the others, which were spawned before, wait where they will stay.
pub async fn looks(step: u32) {
    for _ in 0..16 {
        YieldNow(false).await;
    }
    look(step); // @looks
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("smol") => of_smol::run(),
        Some("async-std") => of_async_std::run(),
        Some("embassy") => of_embassy::run(),
        Some("monoio") => of_monoio::run(),
        other => panic!("nothing is called {other:?}"),
    }
}
