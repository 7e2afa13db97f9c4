//! Statics, thread-local storage and constants.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::atomic::AtomicU32;
use std::sync::Mutex;

use ready::keep;

pub const LIMIT: u32 = 99;
pub static NUMBER: i64 = -12;
pub static NAME: &str = "a static";
pub static TABLE: [u8; 4] = [1, 2, 3, 4];
pub static COUNTER: AtomicU32 = AtomicU32::new(5);
pub static SHARED: Mutex<Vec<u32>> = Mutex::new(Vec::new());
static mut CHANGING: u16 = 1;

pub mod inner {
    /// The same last name as the one outside.
    pub static NUMBER: i64 = 34;
}

thread_local! {
    static LAZY: RefCell<BTreeMap<u8, String>> = RefCell::new(BTreeMap::new());
    static UNTOUCHED: RefCell<String> = RefCell::new("untouched".to_string());
    static EAGER: Cell<u64> = const { Cell::new(8) };
    static EAGER_DROPPED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

pub fn statics() {
    SHARED.lock().expect("not poisoned").push(6);
    LAZY.with(|map| map.borrow_mut().insert(1, "lazy".into()));
    EAGER.with(|cell| {
        cell.set(9);
        keep(&cell.get());
    });
    EAGER_DROPPED.with(|list| list.borrow_mut().push(10));
    // SAFETY: there is one thread.
    unsafe { CHANGING += LIMIT as u16 };
    keep(&(&NUMBER, &NAME, &inner::NUMBER, &TABLE, &COUNTER));
    let changed = unsafe { CHANGING };
    keep(&changed); // @statics
}
