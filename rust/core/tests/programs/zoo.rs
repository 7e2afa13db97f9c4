// Lines are looked up by their `@` markers.
#![allow(dead_code)]
use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU32, Ordering};

pub trait Animal {
    fn name(&self) -> String;
}

pub struct Dog {
    age: u8,
    tag: Option<Box<u32>>,
}

impl Animal for Dog {
    #[inline(never)]
    fn name(&self) -> String {
        format!("dog {}", self.age) // @name
    }
}

pub struct Point {
    x: i32,
    y: i32,
}

impl Point {
    #[inline(never)]
    pub fn norm2(&self) -> i32 {
        let square = self.x * self.x;
        {
            let square = square + self.y * self.y; // @inner
            black_box(square)
        }
    }
}

pub struct Stack<T> {
    items: Vec<T>,
}

impl<T> Stack<T> {
    #[inline(never)]
    pub fn push(&mut self, item: T) -> usize {
        self.items.push(item);
        self.items.len()
    }
}

#[inline(never)]
pub fn generic<T: std::fmt::Debug>(value: T) -> String {
    format!("{value:?}")
}

#[inline(always)]
fn doubled(number: u32) -> u32 {
    let twice = number * 2;
    black_box(twice + 1) // @doubled
}

#[repr(u128)]
pub enum Wide {
    Small(u8) = 1,
    Huge(u16) = 0x1_0000_0000_0000_0000_0000,
    Last = u128::MAX,
}

#[repr(i8)]
#[derive(Clone, Copy)]
pub enum Signed {
    Below = -3,
    Above = 5,
}

pub enum Shape {
    Nothing,
    Circle(f64),
    Rect { width: u32, height: u32 },
}

pub struct Wrapper(pub u64);

static COUNTER: AtomicU32 = AtomicU32::new(3);

thread_local! {
    static PER_THREAD: Cell<u32> = const { Cell::new(7) };
}

mod inner {
    pub static COUNTER: u64 = 99;

    #[inline(never)]
    pub fn norm2(value: u64) -> u64 {
        std::hint::black_box(value)
    }
}

async fn waiting(start: u32) -> u32 {
    let kept = start + 1;
    std::future::ready(()).await;
    kept
}

#[inline(never)]
fn shapes(shape: &Shape, wide: &Wide, signed: Signed, none: &Option<String>) -> usize {
    black_box((shape, wide, signed, none, Wrapper(1)));
    black_box(waiting(1));
    std::mem::size_of_val(shape)
}

fn main() {
    let dog = Dog { age: 3, tag: None };
    let point = Point { x: 3, y: 4 };
    let mut stack = Stack { items: vec![1_i32] };
    let array = [1_u16, 2, 3];
    let add = |more: i32| {
        more + point.x // @closure
    };
    stack.push(black_box(2));
    let animal: Box<dyn Animal> = Box::new(Dog { age: 1, tag: Some(Box::new(1)) });
    let total = point.norm2() + black_box(&add)(1);
    let first = doubled(total as u32); // @first
    let second = doubled(first);
    println!(
        "{} {} {} {} {} {:?} {} {} {}",
        dog.name(),
        generic("text"),
        generic(5),
        animal.name(),
        second + COUNTER.load(Ordering::Relaxed),
        black_box(array),
        PER_THREAD.with(Cell::get),
        inner::norm2(inner::COUNTER),
        shapes(&Shape::Rect { width: 1, height: 2 }, &Wide::Last, Signed::Below, &None),
    );
    drop(dog.tag);
    black_box((Shape::Nothing, Shape::Circle(1.0), Wide::Small(1), Wide::Huge(2), Signed::Above));
}
