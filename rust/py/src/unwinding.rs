//! Walking the stack.

use std::sync::Arc;

use crabtrap_core::unwind as core;
use pyo3::exceptions::PyIndexError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::boundary;
use crate::image::Image;
use crate::locations::{bias_from, registers_from, registers_to};
use crate::memory::{AnyMemory, CallMemory};

/// Images by the run-time addresses of their code: an immutable snapshot.
#[pyclass(frozen, module = "crabtrap._core")]
pub(crate) struct ModuleMap(core::ModuleMap);

#[pymethods]
impl ModuleMap {
    #[new]
    fn new(entries: Vec<(Bound<'_, Image>, i128, u64, u64)>) -> Self {
        let modules = entries
            .into_iter()
            .map(|(image, bias, start, end)| core::Module {
                source: Arc::clone(image.get().core()) as Arc<dyn core::FrameSource>,
                bias: bias_from(bias),
                start,
                end,
            });
        Self(core::ModuleMap::new(modules.collect()))
    }
}

/// What happens when one of some calls unwinds.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct LandingPad {
    start: u64,
    end: u64,
    address: u64,
    catches: bool,
}

impl From<core::LandingPad> for LandingPad {
    fn from(pad: core::LandingPad) -> Self {
        Self {
            start: pad.start,
            end: pad.end,
            address: pad.address,
            catches: pad.catches,
        }
    }
}

/// Physical frames of one thread, innermost first.
#[pyclass(frozen, module = "crabtrap._core")]
pub(crate) struct Backtrace(core::Backtrace);

#[pymethods]
impl Backtrace {
    fn __len__(&self) -> usize {
        self.0.len()
    }

    #[getter]
    fn pcs<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.pcs())
    }

    #[getter]
    fn cfas<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.cfas())
    }

    fn registers<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyTuple>> {
        let registers = self.0.registers(index);
        let registers = registers.ok_or_else(|| PyIndexError::new_err("no such frame"))?;
        PyTuple::new(py, registers_to(&registers))
    }

    fn is_signal_frame(&self, index: usize) -> bool {
        self.0.is_signal_frame(index)
    }

    #[getter]
    fn complete(&self) -> bool {
        self.0.is_complete()
    }

    #[getter]
    fn stop_reason(&self) -> String {
        self.0.stop().to_string()
    }
}

/// Walk the stack by CFI, then by frame pointers where a module has none.
#[pyfunction]
#[pyo3(signature = (modules, registers, memory, limit = 10_000))]
pub(crate) fn unwind(
    py: Python<'_>,
    modules: &Bound<'_, ModuleMap>,
    registers: Vec<Option<u64>>,
    memory: AnyMemory<'_>,
    limit: usize,
) -> PyResult<Backtrace> {
    let registers = registers_from(registers)?;
    let memory = CallMemory::new(&memory);
    let modules = &modules.get().0;
    let backtrace = boundary::call(py, || Ok(core::unwind(modules, &registers, &memory, limit)))?;
    memory.finish()?;
    Ok(Backtrace(backtrace))
}
