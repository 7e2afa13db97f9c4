//! Interior mutability and synchronisation, each in several states.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::sync::atomic::{AtomicBool, AtomicI8, AtomicPtr, AtomicU64, AtomicUsize};
use std::sync::{mpsc, Arc, Barrier, Condvar, Mutex, Once, RwLock};

use ready::keep;

pub fn cells() {
    let cell = Cell::new(3u8);
    let free = RefCell::new(vec![1]);
    let shared = RefCell::new(String::from("shared"));
    let exclusive = RefCell::new(5u64);
    let first = shared.borrow();
    let second = shared.borrow();
    let mut writer = exclusive.borrow_mut();
    *writer += 1;
    let unsafe_cell = UnsafeCell::new(9u16);
    let flag = AtomicBool::new(true);
    let counter = AtomicU64::new(12);
    let size = AtomicUsize::new(13);
    let signed = AtomicI8::new(-14);
    let pointer = AtomicPtr::new(std::ptr::null_mut::<u8>());
    keep(&(&cell, &free, &first, &second, &writer)); // @cells
}

pub fn locks() {
    let free = Mutex::new(vec!["free".to_string()]);
    let locked = Mutex::new(1u32);
    let guard = locked.lock().expect("not poisoned");
    let poisoned = Arc::new(Mutex::new(2u32));
    let other = Arc::clone(&poisoned);
    std::panic::set_hook(Box::new(|_| ()));
    let result = std::thread::spawn(move || {
        let _guard = other.lock().expect("not poisoned yet");
        panic!("poisons the lock");
    })
    .join();
    let _ = std::panic::take_hook();
    let read_write = RwLock::new(String::from("rw"));
    let reader = read_write.read().expect("not poisoned");
    let written = RwLock::new(4u8);
    let writer = written.write().expect("not poisoned");
    let condition = Condvar::new();
    let done = Once::new();
    done.call_once(|| ());
    let not_done = Once::new();
    let barrier = Barrier::new(2);
    let (sender, receiver) = mpsc::channel::<u32>();
    sender.send(1).expect("a receiver");
    sender.send(2).expect("a receiver");
    let (bounded_sender, bounded_receiver) = mpsc::sync_channel::<&str>(4);
    bounded_sender.send("one").expect("a receiver");
    let handle = std::thread::Builder::new()
        .name("handle".into())
        .spawn(|| ())
        .expect("a thread");
    keep(&(&guard, &reader, &writer, &receiver)); // @locks
    keep(&result.is_err());
    handle.join().expect("no panic");
}
