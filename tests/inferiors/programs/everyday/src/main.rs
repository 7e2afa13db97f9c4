//! What people type at a debugger every day, and the values that debuggers show wrong.

// Bindings exist to be looked at by a debugger.
#![allow(unused_variables, dead_code, clippy::all)]

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::Future;
use std::num::ParseIntError;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::time::Duration;

use ready::keep;

const K: u32 = 77;
static GREETING: &str = "hello";

thread_local! {
    static TLS: Cell<u32> = Cell::new(11);
}

trait Animal {
    fn name(&self) -> String;
}

struct Dog {
    age: u8,
}

impl Animal for Dog {
    #[inline(never)]
    fn name(&self) -> String {
        format!("dog of {}", self.age) // @name
    }
}

/// Its fields have the names of private ones of `Rc`.
#[derive(Debug)]
struct Handle {
    ptr: u8,
    value: u16,
}

#[derive(Clone, PartialEq)]
struct Point {
    x: i32,
    y: i32,
}

impl Point {
    fn norm2(&self) -> i32 {
        self.x * self.x + self.y * self.y
    }
}

/// Enums that are told apart by what cannot be a valid value of another variant.
fn variants() {
    let a: Option<String> = None;
    let b: Option<Vec<u8>> = None;
    let c: Option<String> = Some(String::new());
    let d: Result<String, ParseIntError> = "x".parse::<u8>().map(|n| n.to_string());
    let e: Result<String, ParseIntError> = Ok("fine".into());
    let cow: Cow<str> = Cow::Borrowed("cow");
    let calf: Cow<str> = Cow::Owned("calf".into());
    keep(&(&a, &b, &c, &d, &e, &cow, &calf)); // @variants
}

struct Never;

impl Future for Never {
    type Output = ();
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

async fn leaf(req: u32) -> u32 {
    let before = req + 1;
    let name = format!("body{req}");
    Never.await;
    before + name.len() as u32
}

async fn consume(text: String) -> usize {
    text.len()
}

async fn outer() -> u32 {
    leaf(5).await
}

fn waker() -> Waker {
    const TABLE: RawWakerVTable = RawWakerVTable::new(
        |_| RawWaker::new(std::ptr::null(), &TABLE),
        |_| (),
        |_| (),
        |_| (),
    );
    // SAFETY: none of the functions does anything.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::null(), &TABLE)) }
}

fn futures() {
    let waker = waker();
    let mut context = Context::from_waker(&waker);
    let fresh = leaf(1);
    let mut suspended = Box::pin(outer());
    let polled = suspended.as_mut().poll(&mut context);
    let mut finished = Box::pin(consume("gone".into()));
    let result = finished.as_mut().poll(&mut context);
    let task: Pin<Box<dyn Future<Output = u32>>> = Box::pin(outer());
    keep(&(&fresh, &suspended, &finished, &task)); // @futures
}

fn expressions() {
    TLS.with(|number| number.set(12));
    keep(&(&GREETING, &K));
    let v = vec![1, -2, 3];
    let s = String::from("text \"quoted\"\n");
    let mut hm = HashMap::new();
    hm.insert("one".to_string(), 1);
    hm.insert("two".to_string(), 2);
    let points = HashMap::from([((1, 2), "a")]);
    let tree = BTreeMap::from([(2, "two"), (1, "one")]);
    let deque = VecDeque::from([7, 8]);
    let o_box = Some(Box::new(5u32));
    let boxed = Box::new(Point { x: 3, y: 4 });
    let rc = Rc::new(RefCell::new(vec![9]));
    let o_some: Option<u32> = Some(7);
    let o_none: Option<u32> = None;
    let b: Box<dyn Animal> = Box::new(Dog { age: 5 });
    let offset = 10;
    let clo = |x: i32| x + offset;
    let p = Point { x: 3, y: 4 };
    let q = p.clone();
    let r = &p;
    let tup = (1u8, "two", 'ß');
    let unit = ();
    let arr = [10, 20, 30];
    let slice = &arr[1..];
    let small = 1u8;
    let negative = -5i16;
    let pointer: *const Point = &p;
    let yes = true;
    let handle = Rc::new(Handle { ptr: 7, value: 8 });
    let reversed = vec![std::cmp::Reverse(2), std::cmp::Reverse(5)];
    keep(&(&handle, &reversed));
    keep(&(clo(1), b.name(), p.norm2(), &pointer));
    keep(&s); // @expressions
}

fn rendering() {
    let cell = RefCell::new(6);
    let bor = cell.borrow_mut();
    let mutex = Mutex::new(vec!["locked in".to_string()]);
    let shared = Arc::new(RwLock::new(1));
    let o_box = Some(Box::new(1u32));
    let tup = (1, 'ß');
    let byte = 1u8;
    let dur = Duration::from_millis(1500);
    let list: Vec<i32> = vec![1];
    let text = String::from("tab\t\"q\"");
    let tree = BTreeMap::from([(1, "one")]);
    let b: &dyn Animal = &Dog { age: 7 };
    let name: fn(&Dog) -> String = Dog::name;
    keep(&(&bor, &mutex, &shared, &o_box, &dur, &list)); // @rendering
}

#[inline(never)]
fn partly(text: &str, number: usize) -> usize {
    let part = &text[1..];
    let rest = part.len() + number;
    keep(&rest); // @partly
    rest
}

fn main() {
    ready::say("ready");
    variants();
    futures();
    expressions();
    rendering();
    println!("{}", partly("parts", std::env::args().count()));
}
