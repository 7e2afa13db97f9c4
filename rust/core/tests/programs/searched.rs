// Functions that the optimiser leaves in places of its own choice.
use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

#[inline(always)]
fn only_inlined(number: u32) -> u32 {
    black_box(number) + 1
}

#[inline(never)]
fn called(number: u32) -> u32 {
    black_box(number) * 2 // @called
}

struct Server(u32);

impl Server {
    async fn serve(&self) -> u32 {
        called(self.0)
    }
}

async fn leaf(number: u32) -> u32 {
    let more = called(number);
    black_box(more)
}

#[inline(never)]
fn run<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}

#[inline(never)]
fn host(number: u32) -> u32 {
    only_inlined(number) + only_inlined(number + 2) // @host
}

fn main() {
    let both = async { leaf(black_box(1)).await + Server(2).serve().await };
    println!("{} {}", run(both), host(3));
}
