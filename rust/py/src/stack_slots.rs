//! Which instructions may have written a variable's place.

use crabtrap_core::stack_slots::{self as core, FunctionCode, Slot};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::boundary;

/// A range of bytes or addresses.
type Pair<T> = (T, T);

/// A function's code as it is passed in: its parts, its entry and its landing pads.
type Code = (Vec<(u64, Vec<u8>)>, u64, Vec<(u64, u64, u64)>);

/// Tell of each slot whether every path from `start` to `pc` has to do with it.
#[pyfunction]
#[expect(
    clippy::needless_pass_by_value,
    reason = "PyO3 passes what it converted"
)]
pub(crate) fn is_accessed_between(
    py: Python<'_>,
    code: Code,
    start: u64,
    pc: u64,
    slots: Vec<Pair<i64>>,
) -> PyResult<Option<Vec<bool>>> {
    let slots: Vec<_> = slots.into_iter().map(|(start, end)| start..end).collect();
    with_code(&code, |code| {
        boundary::call(py, || {
            Ok(core::is_accessed_between(code, start, pc, &slots))
        })
    })
}

/// Find the table by which a coroutine's function goes on: its address, and bytes an entry.
#[pyfunction]
#[expect(
    clippy::needless_pass_by_value,
    reason = "PyO3 passes what it converted"
)]
pub(crate) fn dispatch_table(py: Python<'_>, code: Code) -> PyResult<Option<(u64, u8)>> {
    let found = with_code(&code, |code| {
        boundary::call(py, || Ok(core::dispatch_table(code)))
    })?;
    Ok(found.map(|table| (table.address, table.entry_size)))
}

/// Find what a register that counts the rounds of a loop around `pc` is changed by.
#[pyfunction]
#[expect(
    clippy::needless_pass_by_value,
    reason = "PyO3 passes what it converted"
)]
pub(crate) fn counter_steps(
    py: Python<'_>,
    code: Code,
    pc: u64,
    register: u16,
) -> PyResult<Vec<(i64, bool)>> {
    let steps = with_code(&code, |code| {
        boundary::call(py, || Ok(core::counter_steps(code, pc, register)))
    })?;
    Ok(steps.iter().map(|step| (step.size, step.ends)).collect())
}

/// Find for each slot the instructions that have to do with it, and the last before `pc`.
#[pyfunction]
#[pyo3(signature = (code, pc, slots, *, exact))]
pub(crate) fn accesses_before(
    py: Python<'_>,
    code: Code,
    pc: u64,
    slots: Vec<(Pair<i64>, Vec<Pair<u64>>)>,
    exact: bool,
) -> PyResult<Option<Bound<'_, PyTuple>>> {
    let slots: Vec<Slot> = slots
        .into_iter()
        .map(|((start, end), scope)| Slot {
            bytes: start..end,
            scope: scope.into_iter().map(|(start, end)| start..end).collect(),
        })
        .collect();
    let found = with_code(&code, |code| {
        boundary::call(py, || Ok(core::accesses_before(code, pc, &slots, exact)))
    })?;
    let lists = found.map(|lists| {
        let lists = lists
            .into_iter()
            .map(|found| Ok((PyTuple::new(py, found.all)?, PyTuple::new(py, found.last)?)));
        PyTuple::new(py, lists.collect::<PyResult<Vec<_>>>()?)
    });
    lists.transpose()
}

fn with_code<T>((parts, entry, pads): &Code, ask: impl FnOnce(FunctionCode<'_>) -> T) -> T {
    let parts: Vec<(u64, &[u8])> = parts.iter().map(|(at, code)| (*at, &code[..])).collect();
    let landing_pads: Vec<_> = pads
        .iter()
        .map(|(start, end, pad)| (*start..*end, *pad))
        .collect();
    ask(FunctionCode {
        parts: &parts,
        entry: *entry,
        landing_pads: &landing_pads,
    })
}
