//! Functions of Rust's `char`, `str` and floats, for the expression language.

use crabtrap_core::std_functions as core;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::boundary;

fn known<T>(name: &str, found: Option<T>) -> PyResult<T> {
    found.ok_or_else(|| PyValueError::new_err(format!("no function {name:?} is known")))
}

/// A test of a `char`.
#[pyfunction]
pub(crate) fn char_test(name: &str, char: char) -> PyResult<bool> {
    known(name, core::char_test(name, char))
}

/// The characters that a `char` becomes.
#[pyfunction]
pub(crate) fn char_map(name: &str, char: char) -> PyResult<String> {
    known(name, core::char_map(name, char))
}

/// The text that a text becomes.
#[pyfunction]
pub(crate) fn text_map(py: Python<'_>, name: &str, text: &str) -> PyResult<String> {
    known(name, boundary::call(py, || Ok(core::text_map(name, text)))?)
}

/// The parts of a text.
#[pyfunction]
pub(crate) fn text_parts<'py>(
    py: Python<'py>,
    name: &str,
    text: &str,
) -> PyResult<Bound<'py, PyTuple>> {
    let parts = boundary::call(py, || Ok(core::text_parts(name, text)))?;
    PyTuple::new(py, known(name, parts)?)
}

/// Parse a float as `str::parse` does.
#[pyfunction]
pub(crate) fn parse_float(text: &str, single: bool) -> Option<f64> {
    core::parse_float(text, single)
}

/// Write a float as `format!` does.
#[pyfunction]
#[pyo3(signature = (value, single, style, precision = None))]
pub(crate) fn format_float(
    value: f64,
    single: bool,
    style: &str,
    precision: Option<usize>,
) -> PyResult<String> {
    known(style, core::format_float(value, single, style, precision))
}

/// A function of one to three floats.
#[pyfunction]
#[pyo3(signature = (name, single, a, b = 0.0, c = 0.0))]
pub(crate) fn float_function(name: &str, single: bool, a: f64, b: f64, c: f64) -> PyResult<f64> {
    known(name, core::float_function(name, single, a, b, c))
}
