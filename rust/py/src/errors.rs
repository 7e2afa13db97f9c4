//! The map from the error enum of the core to the exceptions of `crabtrap.errors`.

use crabtrap_core::Error;
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;

/// The exception for an error of the core.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    match error {
        Error::Io { path, source } => match source.raw_os_error() {
            // OSError picks its subclass, FileNotFoundError and so on, by the number.
            Some(number) => PyOSError::new_err((number, text_of(source), path.clone())),
            None => PyOSError::new_err(error.to_string()),
        },
        Error::MemoryFault { address, size } => memory_fault(py, *address, *size),
        Error::Pattern(_) => make(py, "UsageError", &error.to_string()),
        Error::Cancelled => make(py, "CancelledError", &error.to_string()),
        Error::NotAnImage { .. } | Error::Damaged(_) | Error::Costly | Error::UnknownDie(_) => {
            make(py, "DebugInfoError", &error.to_string())
        }
    }
}

/// The exception for a panic: a mistake of ours that a damaged file brought to light.
pub(crate) fn raise_internal(py: Python<'_>, panic: &str) -> PyErr {
    make(py, "DebugInfoError", &format!("the reader failed: {panic}"))
}

/// `MemoryFault(address, size)`.
pub(crate) fn memory_fault(py: Python<'_>, address: u64, size: u64) -> PyErr {
    class(py, "MemoryFault")
        .and_then(|class| class.call1((address, size)))
        .map_or_else(|failure| failure, PyErr::from_value)
}

fn make(py: Python<'_>, name: &str, message: &str) -> PyErr {
    class(py, name)
        .and_then(|class| class.call1((message,)))
        .map_or_else(|failure| failure, PyErr::from_value)
}

/// Whether `error` is a `MemoryFault`.
pub(crate) fn is_memory_fault(py: Python<'_>, error: &PyErr) -> bool {
    class(py, "MemoryFault").is_ok_and(|class| error.is_instance(py, &class))
}

fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("crabtrap.errors")?.getattr(name)
}

/// The text of the system for an error, without the number that Rust appends.
fn text_of(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
