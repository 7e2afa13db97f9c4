//! Words of a program's memory that have one of some values.

use crabtrap_core::words as core;
use pyo3::prelude::*;

use crate::boundary;
use crate::memory::{AnyMemory, CallMemory};

/// Find the aligned words that have one of the `wanted` values: `(address, value)` each.
#[pyfunction]
#[pyo3(signature = (memory, ranges, wanted, limit, check = None))]
pub(crate) fn find_words(
    py: Python<'_>,
    memory: AnyMemory<'_>,
    ranges: Vec<(u64, u64)>,
    wanted: Vec<u64>,
    limit: usize,
    check: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<(u64, u64)>> {
    let memory = CallMemory::new(&memory);
    let found = boundary::search(py, check, |cancel| {
        core::find_words(&memory, &ranges, &wanted, limit, cancel)
    });
    memory.finish()?;
    found
}
