//! Memory of a program, as unwinding and locations read it.

use std::sync::{Arc, Mutex, PoisonError};

use crabtrap_core::memory::{self as core, Memory};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::{boundary, errors};

/// Memory of a stopped program, read with `pread` on a `/proc/PID/mem` descriptor.
#[pyclass(frozen, module = "crabtrap._core")]
pub(crate) struct FileMemory {
    /// `None` once it was closed.
    memory: Mutex<Option<Arc<core::FileMemory>>>,
    /// Raises what says why there is no memory any more.
    on_gone: Py<PyAny>,
}

#[pymethods]
impl FileMemory {
    #[new]
    fn new(fd: i32, on_gone: Py<PyAny>) -> PyResult<Self> {
        let memory = core::FileMemory::duplicate(fd).map_err(PyErr::from)?;
        Ok(Self {
            memory: Mutex::new(Some(Arc::new(memory))),
            on_gone,
        })
    }

    /// Shows Python's cycle collector the function, which may be a method of an owner.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.on_gone)
    }

    /// Close the descriptor: nothing can be read from then on.
    fn close(&self) {
        self.memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }

    /// Read exactly `size` bytes.
    fn read<'py>(
        &self,
        py: Python<'py>,
        address: u64,
        size: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        exactly(py, address, size, self.bytes(py, address, size)?)
    }

    /// Read up to `size` bytes, ending at the first unreadable one.
    fn read_partial<'py>(
        &self,
        py: Python<'py>,
        address: u64,
        size: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.bytes(py, address, size)?))
    }
}

impl FileMemory {
    /// The memory, `None` once it was closed.
    fn open(&self) -> Option<Arc<core::FileMemory>> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.clone()
    }

    fn bytes(&self, py: Python<'_>, address: u64, size: usize) -> PyResult<Vec<u8>> {
        let memory = self.open();
        let bytes = boundary::call(py, || {
            let memory = memory.as_deref();
            Ok(memory.map_or_else(Vec::new, |memory| core::read_vec(memory, address, size)))
        })?;
        self.check_gone(py, memory.as_deref())?;
        Ok(bytes)
    }

    /// Has the owner raise the reason where a read has found that the process has ended.
    fn check_gone(&self, py: Python<'_>, memory: Option<&core::FileMemory>) -> PyResult<()> {
        if memory.is_some_and(core::FileMemory::is_gone) {
            self.on_gone.call0(py)?;
        }
        Ok(())
    }
}

/// Memory behind a Python function.
#[pyclass(frozen, module = "crabtrap._core")]
pub(crate) struct CallbackMemory(Py<PyAny>);

#[pymethods]
impl CallbackMemory {
    #[new]
    fn new(read: Py<PyAny>) -> Self {
        Self(read)
    }

    /// Shows Python's cycle collector the function, which may be a method of an owner.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.0)
    }

    /// Read exactly `size` bytes.
    fn read<'py>(
        &self,
        py: Python<'py>,
        address: u64,
        size: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        exactly(py, address, size, self.bytes(py, address, size)?)
    }

    /// Read up to `size` bytes, ending at the first unreadable one.
    fn read_partial<'py>(
        &self,
        py: Python<'py>,
        address: u64,
        size: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.bytes(py, address, size)?))
    }
}

impl CallbackMemory {
    fn bytes(&self, py: Python<'_>, address: u64, size: usize) -> PyResult<Vec<u8>> {
        let mut bytes: Vec<u8> = self.0.bind(py).call1((address, size))?.extract()?;
        bytes.truncate(size);
        Ok(bytes)
    }
}

fn exactly(
    py: Python<'_>,
    address: u64,
    size: usize,
    bytes: Vec<u8>,
) -> PyResult<Bound<'_, PyBytes>> {
    if bytes.len() == size {
        Ok(PyBytes::new(py, &bytes))
    } else {
        Err(errors::memory_fault(py, address, size as u64))
    }
}

/// Either kind of memory, as an argument.
#[derive(FromPyObject)]
pub(crate) enum AnyMemory<'py> {
    File(Bound<'py, FileMemory>),
    Callback(Bound<'py, CallbackMemory>),
}

/// Memory during one call, with the first exception that a Python function raised.
pub(crate) struct CallMemory<'a> {
    source: Source<'a>,
    failure: Mutex<Option<PyErr>>,
}

enum Source<'a> {
    File(&'a FileMemory, Option<Arc<core::FileMemory>>),
    Callback(&'a CallbackMemory),
}

impl<'a> CallMemory<'a> {
    pub(crate) fn new(memory: &'a AnyMemory<'_>) -> Self {
        Self {
            source: match memory {
                AnyMemory::File(file) => Source::File(file.get(), file.get().open()),
                AnyMemory::Callback(callback) => Source::Callback(callback.get()),
            },
            failure: Mutex::new(None),
        }
    }

    /// Raise what a Python function raised, unless it only said "unreadable", or that the
    /// process has ended.
    pub(crate) fn finish(self) -> PyResult<()> {
        if let Source::File(owner, memory) = &self.source {
            Python::attach(|py| owner.check_gone(py, memory.as_deref()))?;
        }
        let failure = self
            .failure
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        failure.map_or(Ok(()), Err)
    }
}

impl Memory for CallMemory<'_> {
    fn read_partial(&self, address: u64, buffer: &mut [u8]) -> usize {
        let callback = match &self.source {
            Source::File(_, Some(file)) => return file.read_partial(address, buffer),
            Source::File(_, None) => return 0,
            Source::Callback(callback) => callback,
        };
        Python::attach(|py| match callback.bytes(py, address, buffer.len()) {
            Ok(bytes) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                bytes.len()
            }
            Err(error) => {
                if !errors::is_memory_fault(py, &error) {
                    let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                    failure.get_or_insert(error);
                }
                0
            }
        })
    }
}
