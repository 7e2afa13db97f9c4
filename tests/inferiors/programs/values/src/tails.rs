//! Unsized types: structs that end in a trait object, a slice or a text, at any depth.

use std::cell::RefCell;
use std::fmt::Debug;
use std::mem::ManuallyDrop;
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};

use ready::keep;

trait Area: Debug {}

#[derive(Debug)]
struct Small(u8);

#[derive(Debug)]
struct Square(f64);

#[derive(Debug)]
#[repr(align(64))]
struct Aligned(u8);

impl Area for Small {}
impl Area for Square {}
impl Area for Aligned {}

#[derive(Debug)]
struct Flagged<T: ?Sized> {
    flag: bool,
    rest: T,
}

#[derive(Debug)]
struct Nested<T: ?Sized> {
    id: u16,
    inner: Flagged<T>,
}

#[derive(Debug)]
#[repr(C)]
struct InOrder<T: ?Sized> {
    first: u8,
    second: u32,
    last: Nested<T>,
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    left: u8,
    right: u16,
}

#[derive(Debug)]
struct Pairs {
    count: u8,
    pairs: [Pair],
}

#[repr(C, packed(2))]
struct Packed<T: ?Sized> {
    first: u8,
    rest: ManuallyDrop<T>,
}

/// Types without generic arguments, of whose tails only the source tells what they are.
struct Written {
    kind: u8,
    text: str,
}

struct Within {
    kind: u8,
    inner: Written,
}

struct Octets {
    kind: u8,
    rest: [u8],
}

/// A pointer to bytes that ends before the last ones, as one to a struct with such a head does.
fn ptr_of(bytes: &'static [u8]) -> *const [u8] {
    let head = bytes.iter().take_while(|byte| **byte < 32).count();
    std::ptr::slice_from_raw_parts(bytes.as_ptr(), bytes.len() - head)
}

pub fn tails() {
    let small: Arc<Mutex<dyn Area>> = Arc::new(Mutex::new(Small(7)));
    let square: Arc<Mutex<dyn Area>> = Arc::new(Mutex::new(Square(5.0)));
    let aligned: Arc<Mutex<dyn Area>> = Arc::new(Mutex::new(Aligned(9)));
    let shared: Rc<RwLock<dyn Area>> = Rc::new(RwLock::new(Aligned(8)));
    let borrowed: Rc<RefCell<dyn Area>> = Rc::new(RefCell::new(Square(1.5)));
    let guard = borrowed.borrow();
    let bare = Mutex::new(Aligned(3));
    let locked: &Mutex<dyn Area> = &bare;
    let lock = locked.lock().unwrap();
    let flagged: Box<Flagged<dyn Area>> = Box::new(Flagged {
        flag: true,
        rest: Square(2.5),
    });
    let nested: Box<Nested<dyn Area>> = Box::new(Nested {
        id: 4,
        inner: Flagged {
            flag: true,
            rest: Aligned(6),
        },
    });
    let in_order: &InOrder<dyn Area> = &InOrder {
        first: 1,
        second: 2,
        last: Nested {
            id: 3,
            inner: Flagged {
                flag: true,
                rest: Square(4.5),
            },
        },
    };
    let numbers: Rc<Nested<[u32]>> = Rc::new(Nested {
        id: 5,
        inner: Flagged {
            flag: true,
            rest: [10, 20, 30],
        },
    });
    let wide_numbers: Box<InOrder<[u64]>> = Box::new(InOrder {
        first: 1,
        second: 2,
        last: Nested {
            id: 3,
            inner: Flagged {
                flag: true,
                rest: [u64::MAX, 1],
            },
        },
    });
    let guarded: Arc<Mutex<[u16]>> = Arc::new(Mutex::new([1u16, 2, 3]));
    let of_pairs: Box<Flagged<[Pair]>> = Box::new(Flagged {
        flag: false,
        rest: [Pair { left: 1, right: 2 }; 2],
    });
    let empty: Box<Nested<[u32]>> = Box::new(Nested {
        id: 6,
        inner: Flagged {
            flag: true,
            rest: [],
        },
    });
    let packed: &Packed<[u32]> = &Packed {
        first: 1,
        rest: ManuallyDrop::new([70_000, 2]),
    };
    let text_bytes = Flagged {
        flag: true,
        rest: *b"text",
    };
    let text: &Flagged<str> =
        unsafe { &*(&text_bytes as &Flagged<[u8]> as *const Flagged<[u8]> as *const Flagged<str>) };
    let deep_bytes = Nested {
        id: 7,
        inner: Flagged {
            flag: true,
            rest: *b"deep",
        },
    };
    let deep: &Nested<str> =
        unsafe { &*(&deep_bytes as &Nested<[u8]> as *const Nested<[u8]> as *const Nested<str>) };
    let written: &Written = unsafe { &*(ptr_of(b"\x05named") as *const Written) };
    let within: &Within = unsafe { &*(ptr_of(b"\x04\x05inner") as *const Within) };
    let octets: &Octets = unsafe { &*(ptr_of(b"\x03abc") as *const Octets) };
    let words = [0x0001_0203_0004_0005u64, 0x0007_0008_0009_000a];
    let raw_items = std::ptr::slice_from_raw_parts(words.as_ptr().cast::<u8>(), 2);
    let pairs = unsafe { &*(raw_items as *const Pairs) };
    keep(&(
        &small, &square, &aligned, &shared, &guard, &lock, &flagged, &nested, &in_order,
    ));
    keep(&(
        &numbers,
        &wide_numbers,
        &guarded,
        &of_pairs,
        &empty,
        &packed,
    ));
    keep(&(&written, &within, &octets));
    keep(&(&text, &deep, &pairs, &bare, &borrowed)); // @tails
}
