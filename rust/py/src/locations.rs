//! Value locations, and the registers they depend on.

use crabtrap_core::DieId;
use crabtrap_core::location::{self as core, ValueLocation};
use crabtrap_core::registers::{REGISTER_COUNT, Registers};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Location of one part of a value.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Piece {
    kind: &'static str,
    size: u64,
    bit_offset: u64,
    address: u64,
    register: u16,
    data: Py<PyBytes>,
    die: u64,
    offset: i64,
    reason: String,
    pointer: Option<u64>,
    behind: Option<(u64, u64)>,
    base: Option<(u16, i64)>,
    computed_from: Option<u16>,
}

impl Piece {
    pub(crate) fn new(py: Python<'_>, piece: core::Piece) -> Self {
        let mut this = Self {
            kind: "absent",
            size: piece.size,
            bit_offset: piece.bit_offset,
            address: 0,
            register: 0,
            data: PyBytes::new(py, b"").unbind(),
            die: 0,
            offset: 0,
            reason: String::new(),
            pointer: piece.pointer,
            behind: piece.behind,
            base: piece.base,
            computed_from: piece.computed_from,
        };
        match piece.location {
            ValueLocation::Memory(address) => (this.kind, this.address) = ("memory", address),
            ValueLocation::Register(register) => {
                (this.kind, this.register) = ("register", register);
            }
            ValueLocation::Bytes(bytes) => {
                (this.kind, this.data) = ("bytes", PyBytes::new(py, &bytes).unbind());
            }
            ValueLocation::ImplicitPointer {
                die: DieId(die),
                offset,
            } => (this.kind, this.die, this.offset) = ("implicit_pointer", die, offset),
            ValueLocation::Absent(reason) => this.reason = reason.to_string(),
        }
        this
    }
}

#[pymethods]
impl Piece {
    fn __repr__(&self) -> String {
        match self.kind {
            "memory" => format!("Piece(memory, {:#x})", self.address),
            "register" => format!("Piece(register, {})", self.register),
            "absent" => format!("Piece(absent, {:?})", self.reason),
            kind => format!("Piece({kind})"),
        }
    }
}

/// Registers from the 17 values Python has.
pub(crate) fn registers_from(values: Vec<Option<u64>>) -> PyResult<Registers> {
    if values.len() != REGISTER_COUNT {
        let message = format!("expected {REGISTER_COUNT} registers, not {}", values.len());
        return Err(PyValueError::new_err(message));
    }
    let mut registers = Registers::UNKNOWN;
    for (column, value) in values.into_iter().enumerate() {
        registers.set(column, value);
    }
    Ok(registers)
}

/// The 17 values of registers.
pub(crate) fn registers_to(registers: &Registers) -> Vec<Option<u64>> {
    (0..REGISTER_COUNT)
        .map(|column| registers.value(column))
        .collect()
}

/// A load bias, which wraps around where a file is loaded below its own addresses.
pub(crate) fn bias_from(bias: i128) -> u64 {
    bias as u64
}
