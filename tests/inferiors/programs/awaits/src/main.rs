//! Variables of async functions and blocks, some used after an await and some not.

use ready::keep;
use std::future::Future;
use std::pin::Pin;
use std::ptr;
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};

/// Ready when polled for the second time.
struct Later(bool);

impl Future for Later {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<u32> {
        if self.0 {
            return Poll::Ready(20);
        }
        self.0 = true;
        Poll::Pending
    }
}

struct Request {
    id: u32,
    name: String,
}

struct Service {
    hits: u64,
    log: Vec<String>,
}

async fn kept(request: &Request, count: u32, text: String) -> u32 {
    let before = count * 2;
    let first = Later(false).await;
    let after = first + before; // @kept_once
    let second = Later(false).await;
    keep(&after); // @kept_twice
    second + after + request.id + text.len() as u32 + count
}

async fn unused(number: u32, request: &Request, text: String, mut sum: u32) -> u32 {
    sum += number + request.id + text.len() as u32; // @unused_before
    let local = sum + 1;
    let total = local + 1;
    let first = Later(false).await;
    keep(&first); // @unused_after
    total
}

async fn patterns(
    (left, right): (u32, u64),
    Request { id, name }: Request,
    _: u8,
    mut hits: u16,
) -> u32 {
    let first = Later(false).await;
    hits += 1;
    keep(&first); // @patterns
    first + left + right as u32 + id + name.len() as u32 + u32::from(hits)
}

async fn shadowed(number: u32, text: String) -> usize {
    let number = number + 1;
    let first = Later(false).await;
    let text = text.len() + first as usize;
    keep(&text); // @shadowed
    let second = Later(false).await;
    text + number as usize + second as usize
}

async fn ready_at_once(flag: bool) -> u32 {
    let mut count = 0;
    while count < 2 {
        let seen = count + 10;
        keep(&seen);
        // Waits in the first round alone.
        let waited = Later(flag || count > 0).await;
        keep(&waited); // @in_rounds
        count += 1;
    }
    count
}

impl Service {
    async fn by_reference(&mut self, request: Request) -> u32 {
        self.hits += 1;
        let first = Later(false).await;
        self.log.push(request.name.clone());
        keep(&first); // @by_reference
        self.hits as u32
    }

    async fn by_value(self, bytes: [u8; 3]) -> u32 {
        let first = Later(false).await;
        keep(&first); // @by_value
        self.hits as u32 + u32::from(bytes[0]) + self.log.len() as u32
    }
}

fn blocks(numbers: &[u32], owned: Service, name: &str) -> u32 {
    let mut total = 5;
    let waiting = async {
        let inner = numbers[0];
        let first = Later(false).await;
        total += first;
        keep(&total); // @in_block
        total + numbers.len() as u32 + name.len() as u32 + inner
    };
    let sum = block_on(waiting);
    let text = name.to_string();
    let waiting = async move {
        let first = Later(false).await;
        for (index, each) in owned.log.iter().enumerate() {
            let second = Later(false).await;
            keep(&(index, each, second)); // @in_loop
        }
        first + text.len() as u32 + owned.hits as u32
    };
    sum + block_on(waiting)
}

const VTABLE: RawWakerVTable = RawWakerVTable::new(|_| RAW, |_| {}, |_| {}, |_| {});
const RAW: RawWaker = RawWaker::new(ptr::null(), &VTABLE);

/// Leaves 0x55 on the stack where the next poll's frame will be.
#[inline(never)]
fn scribble() {
    keep(&[0x55_u8; 1024]);
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    // SAFETY: the waker does nothing.
    let waker = unsafe { Waker::from_raw(RAW) };
    let mut future = Box::pin(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        scribble();
    }
}

fn request() -> Request {
    Request {
        id: 7,
        name: "seven".to_string(),
    }
}

fn service() -> Service {
    Service {
        hits: 3,
        log: vec!["x".to_string(), "yy".to_string()],
    }
}

fn main() {
    let one = request();
    keep(&block_on(kept(&one, 4, "text".to_string())));
    keep(&block_on(unused(3, &one, "bb".to_string(), 0)));
    keep(&block_on(patterns((1, 2), request(), 5, 6)));
    keep(&block_on(shadowed(3, "bb".to_string())));
    keep(&block_on(ready_at_once(false)));
    keep(&block_on(service().by_reference(request())));
    keep(&block_on(service().by_value([9, 8, 7])));
    keep(&blocks(&[1, 2, 3], service(), "name"));
}
