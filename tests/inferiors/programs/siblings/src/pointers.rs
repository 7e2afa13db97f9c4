//! Pointers to what has no size, in pointers of all kinds.

use std::fmt::Debug;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;

use crate::layouts::{Aligned, Zst};
use crate::{at_stop, show};

trait Shape: Debug {
    fn a(&self) -> u8 {
        1
    }
}
impl Shape for u16 {}
impl Shape for Aligned {}
impl Shape for String {}
impl Shape for Zst {}
#[derive(Debug)]
struct Dst<T: ?Sized> {
    head: u8,
    tail: T,
}

pub(crate) fn all() {
    let send: Box<dyn Shape + Send> = Box::new(Aligned(1, 2));
    let sync: Arc<dyn Shape + Send + Sync> = Arc::new(7u16);
    let zdyn: Box<dyn Shape> = Box::new(Zst);
    let rc_slice: Rc<[u16]> = Rc::from(vec![1, 2, 3]);
    let rc_str: Rc<str> = Rc::from("text");
    let arc_str: Arc<str> = Arc::from("arc");
    let rc_dyns: Rc<[Box<dyn Shape>]> = Rc::from(vec![
        Box::new(5u16) as Box<dyn Shape>,
        Box::new(String::from("s")),
    ]);
    let dst: Box<Dst<[Aligned]>> = Box::new(Dst {
        head: 1,
        tail: [Aligned(1, 2), Aligned(3, 4)],
    });
    let dst_dyn: &Dst<dyn Shape> = &Dst {
        head: 2,
        tail: String::from("dst"),
    };
    let rc_dst: Rc<Dst<dyn Shape>> = Rc::new(Dst {
        head: 3,
        tail: Aligned(9, 9),
    });
    let nested_dst: Arc<Dst<Dst<dyn Shape>>> = Arc::new(Dst {
        head: 4,
        tail: Dst {
            head: 5,
            tail: 6u16,
        },
    });
    let opts: Option<Box<dyn Shape>> = Some(Box::new(3u16));
    let none: Option<Rc<dyn Shape>> = None;
    let refs: [&dyn Shape; 2] = [&1u16, &Zst];
    let boxed_strs: Box<[Box<str>]> = vec!["a".into(), "b".into()].into();
    let pinned: Pin<Box<u32>> = Box::pin(5);
    let pinned_dyn: Pin<Box<dyn Shape>> = Box::pin(4u16);
    at_stop(3);
    show!(
        send,
        *sync,
        zdyn,
        *rc_slice,
        *rc_str,
        *arc_str,
        *rc_dyns,
        dst,
        dst_dyn,
        *rc_dst,
        *nested_dst,
        opts,
        none,
        refs,
        boxed_strs,
        pinned,
        pinned_dyn
    );
}
