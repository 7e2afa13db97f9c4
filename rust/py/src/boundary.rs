//! The boundary to native code, which is entered here only: GIL released, panics caught.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crabtrap_core::Result;
use pyo3::prelude::*;

use crate::errors;

thread_local! {
    /// Position and message of the last panic of this thread.
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Keep panic messages for the exception instead of writing them over the user's screen.
///
/// The hook belongs to this extension module's own copy of the standard library.
pub(crate) fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let text = info.to_string();
        LAST_PANIC.with(|last| *last.borrow_mut() = text);
    }));
}

/// Run `work` without the GIL; a panic in it is reported as damaged debug information.
///
/// Work on a file only ever panics because of what is in the file, and what it was working on
/// is dropped; memoised results are only stored when they are complete.
pub(crate) fn call<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T> + Send,
) -> PyResult<T> {
    let outcome = py.detach(|| {
        let outcome = catch_unwind(AssertUnwindSafe(work));
        outcome.map_err(|_| LAST_PANIC.with(RefCell::take))
    });
    match outcome {
        Ok(result) => result.map_err(|error| errors::raise(py, &error)),
        Err(panic) => Err(errors::raise_internal(py, &panic)),
    }
}
