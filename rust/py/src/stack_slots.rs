//! Which instructions may have written a variable's place.

use crabtrap_core::stack_slots::{self as core, FunctionCode, Slot};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::boundary;

/// A range of bytes or addresses.
type Pair<T> = (T, T);

/// Find for each slot the instructions that have to do with it, and the last before `pc`.
#[pyfunction]
#[pyo3(signature = (parts, entry, landing_pads, pc, slots, *, exact))]
pub(crate) fn accesses_before(
    py: Python<'_>,
    parts: Vec<(u64, Vec<u8>)>,
    entry: u64,
    landing_pads: Vec<(u64, u64, u64)>,
    pc: u64,
    slots: Vec<(Pair<i64>, Vec<Pair<u64>>)>,
    exact: bool,
) -> PyResult<Option<Bound<'_, PyTuple>>> {
    let parts: Vec<(u64, &[u8])> = parts.iter().map(|(at, code)| (*at, &code[..])).collect();
    let landing_pads: Vec<_> = landing_pads
        .into_iter()
        .map(|(start, end, pad)| (start..end, pad))
        .collect();
    let slots: Vec<Slot> = slots
        .into_iter()
        .map(|((start, end), scope)| Slot {
            bytes: start..end,
            scope: scope.into_iter().map(|(start, end)| start..end).collect(),
        })
        .collect();
    let code = FunctionCode {
        parts: &parts,
        entry,
        landing_pads: &landing_pads,
    };
    let found = boundary::call(py, || Ok(core::accesses_before(code, pc, &slots, exact)))?;
    let lists = found.map(|lists| {
        let lists = lists
            .into_iter()
            .map(|found| Ok((PyTuple::new(py, found.all)?, PyTuple::new(py, found.last)?)));
        PyTuple::new(py, lists.collect::<PyResult<Vec<_>>>()?)
    });
    lists.transpose()
}
