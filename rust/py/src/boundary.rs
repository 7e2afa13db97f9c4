//! The boundary to native code, which is entered here only: GIL released, panics caught.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use std::sync::Mutex;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crabtrap_core::{Monitor, Result};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

use crate::errors;

/// Time between two calls of the function that may end a search.
const CHECK_INTERVAL: Duration = Duration::from_millis(50);

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
    let outcome = py.detach(|| caught(work));
    finish(py, outcome)
}

/// Run a search without the GIL and call `check` with its progress meanwhile: the search ends with
/// what it raises.
///
/// The calling thread, which alone may run Python's signal handlers, waits for one that searches.
pub(crate) fn search<T: Send>(
    py: Python<'_>,
    check: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&Monitor) -> Result<T> + Send,
) -> PyResult<T> {
    let monitor = Monitor::default();
    let Some(check) = check else {
        return call(py, || work(&monitor));
    };
    let (ended, end) = mpsc::channel::<()>();
    let end = Mutex::new(end);
    thread::scope(|scope| {
        let searcher = thread::Builder::new()
            .spawn_scoped(scope, || {
                let _ended = ended;
                caught(|| work(&monitor))
            })
            // No memory for its stack, or too many threads already (pthread_create(3)).
            .map_err(|error| PyMemoryError::new_err(error.to_string()))?;
        let mut raised = None;
        let wait = || match end.lock() {
            Ok(end) => end.recv_timeout(CHECK_INTERVAL),
            Err(_) => Err(RecvTimeoutError::Disconnected),
        };
        while py.detach(wait) == Err(RecvTimeoutError::Timeout) {
            if raised.is_none() {
                raised = check.call1(monitor.progress()).err();
            }
            if raised.is_some() {
                monitor.request_end();
            }
        }
        let outcome = py.detach(|| searcher.join());
        raised.map_or_else(
            || {
                finish(
                    py,
                    outcome.unwrap_or_else(|_| Err(String::from("a thread failed"))),
                )
            },
            Err,
        )
    })
}

/// The result of `work`, or what it says in panicking.
fn caught<T>(work: impl FnOnce() -> T) -> std::result::Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| LAST_PANIC.with(RefCell::take))
}

fn finish<T>(py: Python<'_>, outcome: std::result::Result<Result<T>, String>) -> PyResult<T> {
    match outcome {
        Ok(result) => result.map_err(|error| errors::raise(py, &error)),
        Err(panic) => Err(errors::raise_internal(py, &panic)),
    }
}
