//! `panics KIND`: a panic that is caught, one in a thread, one in inlined code, one that ends
//! the program, one out of std, one that meets the program's own hook.

use std::panic;
use std::thread;

#[derive(Debug)]
struct Order {
    number: u32,
    amount: i64,
}

fn check(order: &Order) -> i64 {
    if order.amount < 0 {
        panic!("order {} has amount {}", order.number, order.amount); // @panic
    }
    order.amount
}

fn caught() {
    let orders = [
        Order {
            number: 1,
            amount: 5,
        },
        Order {
            number: 2,
            amount: -7,
        },
    ];
    let result = panic::catch_unwind(|| orders.iter().map(check).sum::<i64>()); // @catch
    println!("caught {}", result.is_err()); // @caught
}

fn in_thread() {
    let worker = thread::Builder::new()
        .name("unlucky".into())
        .spawn(|| {
            let empty: Option<u32> = None;
            empty.expect("nothing there") // @expect
        })
        .expect("a thread");
    println!("thread failed {}", worker.join().is_err()); // @joined
}

#[inline(always)]
fn middle(values: &[u32], index: usize) -> u32 {
    innermost(values, index + 1) // @inline_call
}

#[inline(always)]
fn innermost(values: &[u32], index: usize) -> u32 {
    values[index] // @index
}

#[inline(never)]
fn through_inlined(values: &[u32]) -> u32 {
    middle(values, values.len()) + 1 // @inlined
}

struct Guard(&'static str);

impl Drop for Guard {
    fn drop(&mut self) {
        println!("dropped {}", self.0); // @drop
    }
}

fn unwinding() -> u32 {
    let _guard = Guard("guard");
    let text = String::from("12x");
    text.parse().unwrap() // @unwrap
}

fn overflow(by: u8) -> u8 {
    let most = std::hint::black_box(250u8);
    most + by // @overflow
}

/// A hook of the program's own, which never returns.
fn own_hook() {
    panic::set_hook(Box::new(|info| {
        println!("own hook: {info}"); // @hook
        std::process::exit(3);
    }));
    check(&Order {
        number: 4,
        amount: -1,
    }); // @hooked
}

fn resumed() {
    let result = panic::catch_unwind(|| panic!("first"));
    panic::resume_unwind(result.expect_err("a panic")); // @resume
}

fn main() {
    let kind = std::env::args().nth(1).unwrap_or_default();
    ready::say("ready");
    match kind.as_str() {
        "caught" => caught(),
        "thread" => in_thread(),
        "inlined" => println!("{}", through_inlined(&[1, 2, 3])),
        "unwind" => println!("{}", unwinding()),
        "overflow" => println!("{}", overflow(10)),
        "hook" => own_hook(),
        "resume" => resumed(),
        "literal" => panic!("just text"), // @literal
        "abort" => std::process::abort(),
        "payload" => panic::panic_any(7u32), // @payload
        _ => {
            caught();
            in_thread();
        }
    }
    println!("end"); // @end
}
