//! Words of a program's memory.

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
    let found = boundary::search(py, check, |monitor| {
        core::find_words(&memory, &ranges, &wanted, limit, monitor)
    });
    memory.finish()?;
    found
}

/// Read a little-endian number of `size` bytes at each place; `None` where it cannot be read.
#[pyfunction]
#[pyo3(signature = (memory, places, size, check = None))]
pub(crate) fn read_numbers(
    py: Python<'_>,
    memory: AnyMemory<'_>,
    places: Vec<u64>,
    size: usize,
    check: Option<&Bound<'_, PyAny>>,
) -> PyResult<Vec<Option<u64>>> {
    let memory = CallMemory::new(&memory);
    let found = boundary::search(py, check, |monitor| {
        core::read_numbers(&memory, &places, size, monitor)
    });
    memory.finish()?;
    found
}
