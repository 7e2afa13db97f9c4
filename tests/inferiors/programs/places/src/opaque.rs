//! A `black_box` for every compiler: older ones have none.

/// Returns `value`, of which optimisers then know nothing.
#[inline(never)]
pub fn black_box<T>(value: T) -> T {
    // SAFETY: the value is read once and forgotten once.
    unsafe {
        let copy = std::ptr::read_volatile(&value);
        std::mem::forget(value);
        copy
    }
}
