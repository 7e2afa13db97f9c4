//! Owning and counting pointers, trait objects, function pointers.

use std::any::Any;
use std::cell::RefCell;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::num::{NonZeroI128, NonZeroU32, NonZeroU8};
use std::pin::Pin;
use std::ptr::NonNull;
use std::rc::{Rc, Weak};
use std::sync::{Arc, Weak as ArcWeak};

use ready::keep;

struct Node {
    name: &'static str,
    next: RefCell<Option<Rc<Node>>>,
    parent: RefCell<Weak<Node>>,
}

struct List {
    value: u32,
    next: Option<Box<List>>,
}

struct Tagged<T> {
    id: u64,
    tag: PhantomData<T>,
}

pub fn pointers() {
    let boxed = Box::new(5u32);
    let boxed_boxed = Box::new(Box::new("inner"));
    let rc = Rc::new(String::from("shared"));
    let rc_other = Rc::clone(&rc);
    let weak = Rc::downgrade(&rc);
    let gone: Weak<u32> = Weak::new();
    let dropped = Rc::downgrade(&Rc::new(1u8));
    let arc = Arc::new(vec![1, 2]);
    let arc_other = Arc::clone(&arc);
    let arc_weak: ArcWeak<Vec<i32>> = Arc::downgrade(&arc);
    let non_null = NonNull::from(&*boxed);
    let dangling = NonNull::<u64>::dangling();
    let pinned: Pin<Box<u32>> = Box::pin(6);
    let manual = ManuallyDrop::new(String::from("manual"));
    let uninit = MaybeUninit::<u64>::uninit();
    let initialised = MaybeUninit::new(7u8);
    let phantom = Tagged::<String> {
        id: 1,
        tag: PhantomData,
    };
    let non_zero = NonZeroU32::new(9).expect("not zero");
    let non_zero_wide = NonZeroI128::new(-9);
    let no_non_zero = NonZeroU8::new(0);
    let list = List {
        value: 1,
        next: Some(Box::new(List {
            value: 2,
            next: None,
        })),
    };
    let child = Rc::new(Node {
        name: "child",
        next: RefCell::new(None),
        parent: RefCell::new(Weak::new()),
    });
    let parent = Rc::new(Node {
        name: "parent",
        next: RefCell::new(Some(Rc::clone(&child))),
        parent: RefCell::new(Weak::new()),
    });
    *child.parent.borrow_mut() = Rc::downgrade(&parent);
    let ring = Rc::new(Node {
        name: "ring",
        next: RefCell::new(None),
        parent: RefCell::new(Weak::new()),
    });
    *ring.next.borrow_mut() = Some(Rc::clone(&ring));
    keep(&(&boxed, &rc, &parent)); // @pointers
    *ring.next.borrow_mut() = None;
}

trait Shape {
    fn area(&self) -> f64;
}

#[derive(Debug)]
struct Circle {
    radius: f64,
}

#[derive(Debug)]
struct Square(f64);

impl Shape for Circle {
    fn area(&self) -> f64 {
        self.radius * self.radius * 3.0
    }
}

impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
}

pub fn objects() {
    let circle: Box<dyn Shape> = Box::new(Circle { radius: 2.0 });
    let square: &dyn Shape = &Square(3.0);
    let shapes: Vec<Rc<dyn Shape>> = vec![Rc::new(Square(1.0)), Rc::new(Circle { radius: 1.0 })];
    let shared: Arc<dyn Debug + Send + Sync> = Arc::new("debug");
    let any: Box<dyn Any> = Box::new(5i32);
    let error: Box<dyn Error> = "an error".into();
    let display: &dyn Display = &42u8;
    let offset = 10;
    let closure: Box<dyn Fn(i32) -> i32> = Box::new(move |value| value + offset);
    let function: fn(f64) -> f64 = f64::sqrt;
    let in_cell: Rc<RefCell<dyn Shape>> = Rc::new(RefCell::new(Square(4.0)));
    keep(&(circle.area(), square.area(), shapes[0].area(), closure(1)));
    let area = in_cell.borrow().area();
    keep(&(area, &shared, &any, &error)); // @objects
}
