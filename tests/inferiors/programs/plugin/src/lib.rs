//! The library that `dynlib` loads.

use std::cell::Cell;

static CALLS: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Called through `dlsym`.
#[no_mangle]
pub extern "C" fn plugin_entry(argument: u32) -> u32 {
    CALLS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    DEPTH.with(|depth| depth.set(depth.get() + 1));
    work(argument) // @entry
}

#[inline(never)]
fn work(argument: u32) -> u32 {
    let doubled = argument * 2; // @work
    doubled + 1 // @work_end
}
