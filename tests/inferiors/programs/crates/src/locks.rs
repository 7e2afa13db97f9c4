//! Locks, free and taken.

use ready::keep;

pub fn parking_lot() {
    use parking_lot::{Mutex, RwLock};
    let free = Mutex::new(vec![1, 2]);
    let taken = Mutex::new("taken");
    let guard = taken.lock();
    let open = RwLock::new(3);
    let shared = RwLock::new("shared");
    let readers = (shared.read(), shared.read());
    let exclusive = RwLock::new(4);
    let writer = exclusive.write();
    keep(&(&free, &guard, &open, &readers.0, &writer)); // @parking_lot
}

pub fn tokio() {
    use tokio::sync::{Mutex, RwLock};
    let free = Mutex::new(vec![1, 2]);
    let taken = Mutex::new("taken");
    let guard = taken.try_lock().unwrap();
    let open = RwLock::new(3);
    let shared = RwLock::new("shared");
    let readers = (shared.try_read().unwrap(), shared.try_read().unwrap());
    let exclusive = RwLock::new(4);
    let writer = exclusive.try_write().unwrap();
    keep(&(&free, &guard, &open, &readers.0, &writer)); // @tokio
}

pub fn once_cell() {
    let empty: once_cell::sync::OnceCell<u32> = once_cell::sync::OnceCell::new();
    let full = once_cell::sync::OnceCell::with_value("full");
    let cell_empty: once_cell::unsync::OnceCell<u32> = once_cell::unsync::OnceCell::new();
    let cell_full = once_cell::unsync::OnceCell::with_value(5);
    let cold: once_cell::sync::Lazy<i32> = once_cell::sync::Lazy::new(|| 6);
    let warm: once_cell::sync::Lazy<Vec<u8>> = once_cell::sync::Lazy::new(|| vec![7]);
    once_cell::sync::Lazy::force(&warm);
    keep(&(&empty, &full, &cell_full, &warm)); // @once_cell
}
