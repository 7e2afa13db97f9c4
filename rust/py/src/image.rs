//! One ELF file with the debug information that belongs to it.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crabtrap_core as core;
use crabtrap_core::location::FrameContext;
use crabtrap_core::{DieId, Monitor};
use pyo3::exceptions::PyValueError;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::boundary;
use crate::code::{Function, Row, Variable, functions, line_spans};
use crate::files::{Section, Segment, Symbol};
use crate::locations::{Piece, bias_from, registers_from};
use crate::memory::{AnyMemory, CallMemory};
use crate::types::{Type, template_arguments};
use crate::unwinding::LandingPad;

/// One ELF file with the debug information that belongs to it.
#[pyclass(frozen, module = "crabtrap._core")]
pub(crate) struct Image {
    core: Arc<core::Image>,
    /// What is called during a long search.
    check: Option<Py<PyAny>>,
}

impl Image {
    pub(crate) fn core(&self) -> &Arc<core::Image> {
        &self.core
    }

    /// Ask the image something without the GIL.
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&core::Image) -> T + Send,
    ) -> PyResult<T> {
        boundary::call(py, || Ok(ask(&self.core)))
    }

    /// Search the image without the GIL, until the image's `check` raises.
    fn search<T: Send>(
        &self,
        py: Python<'_>,
        search: impl FnOnce(&Arc<core::Image>, &Monitor) -> core::Result<T> + Send,
    ) -> PyResult<T> {
        let check = self.check.as_ref().map(|check| check.bind(py));
        boundary::search(py, check, |monitor| search(&self.core, monitor))
    }

    /// Ask the index of names something, without the GIL, once it is there.
    fn ask_names<T: Send>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&core::Image) -> T + Send,
    ) -> PyResult<T> {
        if !self.core.is_indexed() {
            self.search(py, core::Image::await_names)?;
        }
        self.ask(py, ask)
    }

    /// Ask the image, without the GIL, something that can fail.
    fn try_ask<T: Send>(
        &self,
        py: Python<'_>,
        ask: impl FnOnce(&core::Image) -> core::Result<T> + Send,
    ) -> PyResult<T> {
        boundary::call(py, || ask(&self.core))
    }
}

#[pymethods]
impl Image {
    /// Map a file and read its headers.
    #[staticmethod]
    #[pyo3(
        signature = (path, *, debug_directories = None, name = None, check = None),
        text_signature = "(path, *, debug_directories=..., name=None, check=None)"
    )]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        debug_directories: Option<Vec<PathBuf>>,
        name: Option<OsString>,
        check: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let debug_directories =
            debug_directories.unwrap_or_else(|| vec![PathBuf::from(core::DEFAULT_DEBUG_DIRECTORY)]);
        // Paths need not be UTF-8; the name is for messages.
        let name = name.as_deref().map(OsStr::to_string_lossy);
        let open = || core::Image::open(&path, &debug_directories, name.as_deref());
        Ok(Self {
            core: boundary::call(py, open)?,
            check,
        })
    }

    /// Read an ELF image held in memory.
    #[staticmethod]
    #[pyo3(signature = (data, name, *, check = None))]
    fn parse(
        py: Python<'_>,
        data: &[u8],
        name: OsString,
        check: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let parse = || core::Image::parse(data.to_vec(), &name.to_string_lossy());
        Ok(Self {
            core: boundary::call(py, parse)?,
            check,
        })
    }

    /// What is called during a search may know whoever has opened the image.
    fn __traverse__(&self, visit: PyVisit<'_>) -> std::result::Result<(), PyTraverseError> {
        visit.call(&self.check)
    }

    #[getter]
    fn path(&self) -> OsString {
        self.core.path().into()
    }

    #[getter]
    fn name(&self) -> &str {
        self.core.name()
    }

    #[getter]
    fn build_id<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.core.build_id().map(|id| PyBytes::new(py, id))
    }

    #[getter]
    fn kind(&self) -> &'static str {
        match self.core.kind() {
            core::ImageKind::Executable => "executable",
            core::ImageKind::Shared => "shared",
            core::ImageKind::Core => "core",
            core::ImageKind::Object => "object",
        }
    }

    #[getter]
    fn is_pie(&self) -> bool {
        self.core.is_pie()
    }

    #[getter]
    fn entry(&self) -> u64 {
        self.core.entry()
    }

    #[getter]
    fn interpreter(&self) -> Option<&str> {
        self.core.interpreter()
    }

    #[getter]
    fn segments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        tuple(py, self.core.segments().iter().map(Segment::from))
    }

    #[getter]
    fn sections<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        tuple(py, self.core.sections().iter().map(Section::from))
    }

    #[getter]
    fn debug_path(&self, py: Python<'_>) -> PyResult<Option<OsString>> {
        self.ask(py, |image| image.debug_path().map(OsString::from))
    }

    #[getter]
    fn debug_level(&self, py: Python<'_>) -> PyResult<&'static str> {
        Ok(match self.ask(py, core::Image::debug_level)? {
            core::DebugLevel::Full => "full",
            core::DebugLevel::Lines => "lines",
            core::DebugLevel::Symbols => "symbols",
            core::DebugLevel::None => "none",
        })
    }

    #[getter]
    fn problems<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.core.problems())
    }

    #[getter]
    fn producers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.ask(py, core::Image::producers)?)
    }

    #[getter]
    fn unit_count(&self, py: Python<'_>) -> PyResult<usize> {
        self.ask(py, core::Image::unit_count)
    }

    #[getter]
    fn units_loaded(&self, py: Python<'_>) -> PyResult<usize> {
        self.ask(py, core::Image::units_loaded)
    }

    /// Bytes of a loadable segment as the file has them, zero-filled to `.bss`.
    fn read<'py>(&self, py: Python<'py>, address: u64, size: u64) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.try_ask(py, |image| image.read(address, size))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// The symbol that covers `address`.
    fn symbol_at(&self, py: Python<'_>, address: u64) -> PyResult<Option<Symbol>> {
        let symbol = self.ask(py, |image| image.symbol_at(address))?;
        Ok(symbol.map(Symbol::from))
    }

    /// Symbols whose linkage name, or demangled path, is exactly `name`.
    fn symbols_named<'py>(&self, py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyTuple>> {
        let found = self.search(py, |image, monitor| image.symbols_named(name, monitor))?;
        tuple(py, found.into_iter().map(Symbol::from))
    }

    /// Symbols whose demangled path matches a regular expression.
    #[pyo3(signature = (pattern, limit = 1000))]
    fn symbols_matching<'py>(
        &self,
        py: Python<'py>,
        pattern: &str,
        limit: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let found = self.search(py, |image, monitor| {
            image.symbols_matching(pattern, limit, monitor)
        })?;
        tuple(py, found.into_iter().map(Symbol::from))
    }

    /// Out-of-line functions whose path ends with the path `query`.
    fn find_functions<'py>(&self, py: Python<'py>, query: &str) -> PyResult<Bound<'py, PyTuple>> {
        let found = self.search(py, |image, monitor| image.find_functions(query, monitor))?;
        functions(py, found)
    }

    /// Every inline instance of the functions that match.
    fn find_inlined<'py>(&self, py: Python<'py>, query: &str) -> PyResult<Bound<'py, PyTuple>> {
        let found = self.search(py, |image, monitor| image.find_inlined(query, monitor))?;
        functions(py, found)
    }

    /// Out-of-line functions whose path matches a regular expression.
    #[pyo3(signature = (pattern, limit = 10_000))]
    fn find_functions_matching<'py>(
        &self,
        py: Python<'py>,
        pattern: &str,
        limit: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let found = self.search(py, |image, monitor| {
            image.find_functions_matching(pattern, limit, monitor)
        })?;
        functions(py, found)
    }

    /// Inline instances of the functions whose path matches a regular expression.
    #[pyo3(signature = (pattern, limit = 10_000))]
    fn find_inlined_matching<'py>(
        &self,
        py: Python<'py>,
        pattern: &str,
        limit: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let found = self.search(py, |image, monitor| {
            image.find_inlined_matching(pattern, limit, monitor)
        })?;
        functions(py, found)
    }

    /// `(function, count)`: one inline instance of each function that only has such, and how many.
    #[pyo3(signature = (pattern, limit = 10_000))]
    fn find_only_inlined_matching<'py>(
        &self,
        py: Python<'py>,
        pattern: &str,
        limit: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let found = self.search(py, |image, monitor| {
            image.find_only_inlined_matching(pattern, limit, monitor)
        })?;
        let found = found
            .into_iter()
            .map(|(function, count)| Ok((Function::new(py, function)?, count)))
            .collect::<PyResult<Vec<_>>>()?;
        PyTuple::new(py, found)
    }

    /// The concrete function that covers `address`.
    fn function_at(&self, py: Python<'_>, address: u64) -> PyResult<Option<Function>> {
        let function = self.ask(py, |image| image.function_at(address))?;
        function
            .map(|function| Function::new(py, function))
            .transpose()
    }

    /// The innermost inline instance first, the concrete function last.
    fn inline_chain<'py>(&self, py: Python<'py>, address: u64) -> PyResult<Bound<'py, PyTuple>> {
        functions(py, self.ask(py, |image| image.inline_chain(address))?)
    }

    /// Source files whose path ends with the path components of `suffix`.
    fn find_files<'py>(&self, py: Python<'py>, suffix: &str) -> PyResult<Bound<'py, PyTuple>> {
        let files = self.search(py, |image, monitor| image.find_files(suffix, monitor))?;
        PyTuple::new(py, files.iter().map(|path| &**path))
    }

    /// Each MD5 that a unit has of the contents of `path`, once.
    fn source_checksums<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyTuple>> {
        let found = self.ask(py, |image| image.source_checksums(path))?;
        PyTuple::new(py, found.iter().map(|checksum| PyBytes::new(py, checksum)))
    }

    /// Sorted lines of `path` that have a statement row.
    fn lines_with_code<'py>(&self, py: Python<'py>, path: &str) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.ask(py, |image| image.lines_with_code(path))?)
    }

    /// Statement rows of exactly this line, in all units, sorted by address.
    fn rows_for_line<'py>(
        &self,
        py: Python<'py>,
        path: &str,
        line: u32,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let rows = self.ask(py, |image| image.rows_for_line(path, line))?;
        tuple(py, rows.into_iter().map(Row::from))
    }

    /// Inline instances of calls on lines ``[first, end)`` of ``path``, by line and address.
    fn inline_instances_called_between<'py>(
        &self,
        py: Python<'py>,
        path: &str,
        first: u32,
        end: u32,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let called = |image: &core::Image| image.inline_instances_called_between(path, first, end);
        functions(py, self.ask(py, called)?)
    }

    /// The row that covers `address`.
    fn row_at(&self, py: Python<'_>, address: u64) -> PyResult<Option<Row>> {
        Ok(self.ask(py, |image| image.row_at(address))?.map(Row::from))
    }

    /// All rows that overlap `[start, end)`, sorted by address.
    fn rows_between<'py>(
        &self,
        py: Python<'py>,
        start: u64,
        end: u64,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let rows = self.ask(py, |image| image.rows_between(start, end))?;
        tuple(py, rows.into_iter().map(Row::from))
    }

    /// The lines that the frame at `depth` around `address` is on, over all of its code.
    fn line_spans<'py>(
        &self,
        py: Python<'py>,
        address: u64,
        depth: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let found = self.ask(py, |image| image.line_spans(address, depth))?;
        line_spans(py, found.unwrap_or_default())
    }

    /// The file address that the pointer at `address` refers to once it is relocated.
    fn relocated_pointer(&self, py: Python<'_>, address: u64) -> PyResult<Option<u64>> {
        self.ask(py, |image| image.relocated_pointer(address))
    }

    /// Where code around `address` goes on when a call in it unwinds.
    fn landing_pads<'py>(&self, py: Python<'py>, address: u64) -> PyResult<Bound<'py, PyTuple>> {
        let pads = self.ask(py, |image| image.landing_pads(address))?;
        tuple(py, pads.into_iter().map(LandingPad::from))
    }

    /// Parameters and locals of one function or inline instance.
    fn variables<'py>(&self, py: Python<'py>, function: u64) -> PyResult<Bound<'py, PyTuple>> {
        let variables = self.try_ask(py, |image| image.variables(DieId(function)))?;
        list_variables(py, variables)
    }

    /// The type that holds what a closure or coroutine has captured.
    fn captures_type(&self, py: Python<'_>, function: u64) -> PyResult<Option<u64>> {
        let found = self.try_ask(py, |image| image.captures_type(DieId(function)))?;
        Ok(found.map(|die| die.0))
    }

    /// `(name, type)` of a function's generic parameters.
    fn template_arguments(&self, py: Python<'_>, function: u64) -> PyResult<Py<PyTuple>> {
        let arguments = self.try_ask(py, |image| image.template_arguments(DieId(function)))?;
        template_arguments(py, arguments)
    }

    /// Whether the optimiser has changed what the function takes or returns.
    fn has_changed_signature(&self, py: Python<'_>, function: u64) -> PyResult<bool> {
        self.try_ask(py, |image| image.has_changed_signature(DieId(function)))
    }

    /// Type of the result; `None` for `()`.
    fn return_type(&self, py: Python<'_>, function: u64) -> PyResult<Option<u64>> {
        let die = self.try_ask(py, |image| image.return_type(DieId(function)))?;
        Ok(die.map(|die| die.0))
    }

    /// Value locations of a variable at `pc`, a file address; theirs are run-time addresses.
    #[pyo3(signature = (die, *, pc, bias, registers, cfa, memory, tls = None))]
    #[expect(
        clippy::too_many_arguments,
        reason = "the contract names them one by one"
    )]
    fn locate<'py>(
        &self,
        py: Python<'py>,
        die: u64,
        pc: u64,
        bias: i128,
        registers: Vec<Option<u64>>,
        cfa: Option<u64>,
        memory: AnyMemory<'_>,
        tls: Option<u64>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let registers = registers_from(registers)?;
        let memory = CallMemory::new(&memory);
        let context = |memory| FrameContext {
            pc,
            bias: bias_from(bias),
            registers: &registers,
            cfa,
            memory,
            tls,
        };
        let pieces = self.try_ask(py, |image| image.locate(DieId(die), &context(&memory)))?;
        memory.finish()?;
        tuple(py, pieces.into_iter().map(|piece| Piece::new(py, piece)))
    }

    /// Describe a type.
    #[pyo3(name = "type")]
    fn type_at(&self, py: Python<'_>, die: u64) -> PyResult<Type> {
        Type::new(py, self.try_ask(py, |image| image.type_at(DieId(die)))?)
    }

    /// Whether a function pointer type is that of function items, and whether alignments of
    /// variables are in eighths there.
    fn function_uses(&self, py: Python<'_>, die: u64) -> PyResult<(bool, bool)> {
        self.try_ask(py, |image| image.function_uses(DieId(die)))
    }

    /// Types whose path ends with `query`.
    fn find_types<'py>(&self, py: Python<'py>, query: &str) -> PyResult<Bound<'py, PyTuple>> {
        let found = self.ask_names(py, |image| image.find_types(query))?;
        PyTuple::new(py, found.iter().map(|die| die.0))
    }

    /// Statics, thread-locals included, whose path ends with `query`.
    fn find_statics<'py>(&self, py: Python<'py>, query: &str) -> PyResult<Bound<'py, PyTuple>> {
        list_variables(py, self.ask_names(py, |image| image.find_statics(query))?)
    }

    /// The static or vtable whose storage begins at file address `address`.
    fn static_at(&self, py: Python<'_>, address: u64) -> PyResult<Option<Variable>> {
        let found = self.ask_names(py, |image| image.static_at(address))?;
        found
            .map(|variable| Variable::new(py, variable))
            .transpose()
    }

    /// Paths, or trailing parts of paths, that begin with `prefix`.
    fn complete<'py>(
        &self,
        py: Python<'py>,
        prefix: &str,
        kinds: Vec<String>,
        limit: usize,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let kinds = kinds
            .iter()
            .map(|kind| completion_kind(kind))
            .collect::<PyResult<Vec<_>>>()?;
        let found = self.search(py, |image, monitor| {
            image.complete(prefix, &kinds, limit, monitor)
        })?;
        PyTuple::new(py, found)
    }

    /// Begin to index all names on background threads.
    fn start_indexing(&self, py: Python<'_>) -> PyResult<()> {
        boundary::call(py, || {
            self.core.start_indexing();
            Ok(())
        })
    }

    /// Wait for the index; `False` when `timeout` (seconds) ran out.
    #[pyo3(signature = (timeout = None))]
    fn wait_indexed(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        // A negative or absurd time means what it would for `threading.Event.wait`.
        let timeout = timeout
            .map(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
        boundary::call(py, || Ok(self.core.wait_indexed(timeout)))
    }

    fn __repr__(&self) -> String {
        format!("Image({:?})", self.core.name())
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        self.core.stop_indexing();
    }
}

fn completion_kind(kind: &str) -> PyResult<core::CompletionKind> {
    match kind {
        "function" => Ok(core::CompletionKind::Function),
        "type" => Ok(core::CompletionKind::Type),
        "static" => Ok(core::CompletionKind::Static),
        _ => Err(PyValueError::new_err(format!("no kind of name: {kind:?}"))),
    }
}

fn tuple<T: pyo3::PyClass + Into<pyo3::PyClassInitializer<T>>>(
    py: Python<'_>,
    items: impl Iterator<Item = T>,
) -> PyResult<Bound<'_, PyTuple>> {
    let items = items
        .map(|item| Py::new(py, item))
        .collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, items)
}

fn list_variables(py: Python<'_>, found: Vec<core::Variable>) -> PyResult<Bound<'_, PyTuple>> {
    let found = found
        .into_iter()
        .map(|variable| Py::new(py, Variable::new(py, variable)?))
        .collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, found)
}
