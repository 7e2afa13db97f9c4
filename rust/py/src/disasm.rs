//! Disassembly, and the ways in which control leaves a piece of code.

use crabtrap_core::disasm as core;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::boundary;

/// One decoded instruction.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Instruction {
    address: u64,
    size: usize,
    text: String,
    flow: &'static str,
    target: Option<u64>,
}

#[pymethods]
impl Instruction {
    fn __repr__(&self) -> String {
        format!("Instruction({:#x}, {:?})", self.address, self.text)
    }
}

/// Decode `code`, which lies at run-time `address`.
#[pyfunction]
#[pyo3(signature = (code, address, limit = None, syntax = "intel"))]
pub(crate) fn disassemble<'py>(
    py: Python<'py>,
    code: &[u8],
    address: u64,
    limit: Option<usize>,
    syntax: &str,
) -> PyResult<Bound<'py, PyTuple>> {
    let syntax = match syntax {
        "intel" => core::Syntax::Intel,
        "att" => core::Syntax::Att,
        _ => return Err(PyValueError::new_err("syntax is \"intel\" or \"att\"")),
    };
    let instructions = boundary::call(py, || Ok(core::disassemble(code, address, limit, syntax)))?;
    let instructions = instructions.into_iter().map(|instruction| Instruction {
        address: instruction.address,
        size: instruction.size,
        text: instruction.text,
        flow: instruction.flow.name(),
        target: instruction.target,
    });
    PyTuple::new(py, instructions.collect::<Vec<_>>())
}

/// Where the instruction around `inside` begins, decoded from `address` on, if that is known.
#[pyfunction]
pub(crate) fn instruction_start(
    py: Python<'_>,
    code: &[u8],
    address: u64,
    inside: u64,
) -> PyResult<Option<u64>> {
    boundary::call(py, || Ok(core::instruction_start(code, address, inside)))
}

/// Ways in which control can leave a set of address ranges.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct StepTargets {
    exits: Py<PyTuple>,
    calls: Py<PyTuple>,
    returns: Py<PyTuple>,
    indirect_jumps: Py<PyTuple>,
    syscalls: Py<PyTuple>,
}

/// Decode `code` at run-time `address` and list how control leaves `ranges` inside it.
#[pyfunction]
pub(crate) fn step_targets(
    py: Python<'_>,
    code: &[u8],
    address: u64,
    ranges: Vec<(u64, u64)>,
) -> PyResult<StepTargets> {
    let ranges: Vec<_> = ranges.into_iter().map(|(start, end)| start..end).collect();
    let targets = boundary::call(py, || Ok(core::step_targets(code, address, &ranges)))?;
    Ok(StepTargets {
        exits: PyTuple::new(py, targets.exits)?.unbind(),
        calls: PyTuple::new(py, targets.calls)?.unbind(),
        returns: PyTuple::new(py, targets.returns)?.unbind(),
        indirect_jumps: PyTuple::new(py, targets.indirect_jumps)?.unbind(),
        syscalls: PyTuple::new(py, targets.syscalls)?.unbind(),
    })
}

/// Instructions that run one after the other: only the first is ever jumped to.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Block {
    start: u64,
    end: u64,
    successors: Py<PyTuple>,
    is_indirect: bool,
    callee: Option<u64>,
    callee_slot: Option<u64>,
}

/// Divide `ranges` of `code` at run-time `address` into basic blocks.
#[pyfunction]
pub(crate) fn basic_blocks<'py>(
    py: Python<'py>,
    code: &[u8],
    address: u64,
    ranges: Vec<(u64, u64)>,
    leaders: Vec<u64>,
) -> PyResult<Bound<'py, PyTuple>> {
    let ranges: Vec<_> = ranges.into_iter().map(|(start, end)| start..end).collect();
    let blocks = boundary::call(py, || {
        Ok(core::basic_blocks(code, address, &ranges, &leaders))
    })?;
    let blocks = blocks.into_iter().map(|block| {
        Ok(Block {
            start: block.start,
            end: block.end,
            successors: PyTuple::new(py, block.successors)?.unbind(),
            is_indirect: block.is_indirect,
            callee: match block.callee {
                Some(core::Callee::At(address)) => Some(address),
                _ => None,
            },
            callee_slot: match block.callee {
                Some(core::Callee::Through(slot)) => Some(slot),
                _ => None,
            },
        })
    });
    PyTuple::new(py, blocks.collect::<PyResult<Vec<_>>>()?)
}
