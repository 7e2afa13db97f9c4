//! Lines, functions and variables.

use std::collections::HashMap;
use std::sync::Arc;

use crabtrap_core as core;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

/// One row of a line table, ending where the next one begins.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Row {
    address: u64,
    end: u64,
    path: String,
    line: u32,
    column: u16,
    is_stmt: bool,
    prologue_end: bool,
}

impl From<core::Row> for Row {
    fn from(row: core::Row) -> Self {
        Self {
            address: row.address,
            end: row.end,
            path: row.path.to_string(),
            line: row.line,
            column: row.column,
            is_stmt: row.is_stmt,
            prologue_end: row.prologue_end,
        }
    }
}

#[pymethods]
impl Row {
    fn __repr__(&self) -> String {
        let Self {
            address,
            path,
            line,
            column,
            ..
        } = self;
        format!("Row({address:#x}, {path:?}, {line}:{column})")
    }
}

/// A stretch of code in which a logical frame is on one line.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct LineSpan {
    start: u64,
    end: u64,
    path: Py<PyString>,
    line: u32,
    is_statement: bool,
    callee: Option<Py<Function>>,
}

/// Convert the spans of a frame; paths and callees become one object each.
pub(crate) fn line_spans(py: Python<'_>, found: core::LineSpans) -> PyResult<Bound<'_, PyTuple>> {
    let callees = found
        .callees
        .into_iter()
        .map(|callee| Py::new(py, Function::new(py, callee)?))
        .collect::<PyResult<Vec<_>>>()?;
    let mut paths: HashMap<Arc<str>, Py<PyString>> = HashMap::new();
    let spans = found.spans.into_iter().map(|span| {
        let path = paths
            .entry(span.path)
            .or_insert_with_key(|path| PyString::new(py, path).unbind());
        let span = LineSpan {
            start: span.code.0,
            end: span.code.1,
            path: path.clone_ref(py),
            line: span.line,
            is_statement: span.is_statement,
            callee: span.callee.map(|number| callees[number].clone_ref(py)),
        };
        Py::new(py, span)
    });
    PyTuple::new(py, spans.collect::<PyResult<Vec<_>>>()?)
}

/// A concrete function, or one inline instance of a function.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Function {
    die: u64,
    origin: u64,
    name: String,
    linkage_name: Option<String>,
    path: String,
    entry: u64,
    ranges: Py<PyTuple>,
    declaration_path: Option<String>,
    declaration_line: u32,
    inlined: bool,
    call_path: Option<String>,
    call_line: u32,
    call_column: u32,
    unit: usize,
}

impl Function {
    pub(crate) fn new(py: Python<'_>, function: core::Function) -> PyResult<Self> {
        let call = function.call.as_ref();
        Ok(Self {
            die: function.die.0,
            origin: function.origin.0,
            name: function.name,
            linkage_name: function.linkage_name,
            path: function.path,
            entry: function.entry,
            ranges: PyTuple::new(py, function.ranges)?.unbind(),
            declaration_path: function.declaration.path.as_deref().map(str::to_owned),
            declaration_line: function.declaration.line,
            inlined: call.is_some(),
            call_path: call.and_then(|call| call.path.as_deref().map(str::to_owned)),
            call_line: call.map_or(0, |call| call.line),
            call_column: call.map_or(0, |call| call.column),
            unit: function.unit,
        })
    }
}

#[pymethods]
impl Function {
    fn __repr__(&self) -> String {
        format!("Function({:?}, entry={:#x})", self.path, self.entry)
    }
}

/// A parameter, local, captured variable or static.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Variable {
    die: u64,
    name: String,
    path: String,
    linkage_name: Option<String>,
    kind: &'static str,
    #[pyo3(name = "type")]
    type_die: Option<u64>,
    declaration_path: Option<String>,
    declaration_line: u32,
    ranges: Py<PyTuple>,
    depth: u32,
    artificial: bool,
    constant: Option<Py<PyBytes>>,
    has_location: bool,
    in_slot: bool,
    alignment: u64,
}

impl Variable {
    pub(crate) fn new(py: Python<'_>, variable: core::Variable) -> PyResult<Self> {
        Ok(Self {
            die: variable.die.0,
            name: variable.name,
            path: variable.path,
            linkage_name: variable.linkage_name,
            kind: match variable.kind {
                core::VariableKind::Parameter => "parameter",
                core::VariableKind::Local => "local",
                core::VariableKind::Static => "static",
            },
            type_die: variable.type_die.map(|die| die.0),
            declaration_path: variable.declaration.path.as_deref().map(str::to_owned),
            declaration_line: variable.declaration.line,
            ranges: PyTuple::new(py, variable.ranges)?.unbind(),
            depth: variable.depth,
            artificial: variable.artificial,
            constant: variable
                .constant
                .map(|bytes| PyBytes::new(py, &bytes).unbind()),
            has_location: variable.has_location,
            in_slot: variable.in_slot,
            alignment: variable.alignment,
        })
    }
}

#[pymethods]
impl Variable {
    fn __repr__(&self) -> String {
        format!("Variable({:?}, {})", self.path, self.kind)
    }
}

/// A tuple of functions.
pub(crate) fn functions(
    py: Python<'_>,
    found: Vec<core::Function>,
) -> PyResult<Bound<'_, PyTuple>> {
    let found = found
        .into_iter()
        .map(|function| Py::new(py, Function::new(py, function)?))
        .collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, found)
}
