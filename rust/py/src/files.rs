//! Segments, sections and symbols.

use crabtrap_core as core;
use pyo3::prelude::*;

/// One `PT_LOAD` or `PT_TLS` program header.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Segment {
    kind: &'static str,
    address: u64,
    memory_size: u64,
    file_offset: u64,
    file_size: u64,
    readable: bool,
    writable: bool,
    executable: bool,
}

impl From<&core::Segment> for Segment {
    fn from(segment: &core::Segment) -> Self {
        Self {
            kind: match segment.kind {
                core::SegmentKind::Load => "load",
                core::SegmentKind::Tls => "tls",
            },
            address: segment.address,
            memory_size: segment.memory_size,
            file_offset: segment.file_offset,
            file_size: segment.file_size,
            readable: segment.readable,
            writable: segment.writable,
            executable: segment.executable,
        }
    }
}

/// One section header.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Section {
    name: String,
    address: u64,
    size: u64,
    file_offset: u64,
    executable: bool,
}

impl From<&core::Section> for Section {
    fn from(section: &core::Section) -> Self {
        Self {
            name: section.name.clone(),
            address: section.address,
            size: section.size,
            file_offset: section.file_offset,
            executable: section.executable,
        }
    }
}

/// One entry of `.symtab` or `.dynsym`.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Symbol {
    name: String,
    linkage_name: String,
    address: u64,
    size: u64,
    kind: &'static str,
    is_global: bool,
}

impl From<core::Symbol> for Symbol {
    fn from(symbol: core::Symbol) -> Self {
        Self {
            name: symbol.name,
            linkage_name: symbol.linkage_name,
            address: symbol.address,
            size: symbol.size,
            kind: match symbol.kind {
                core::SymbolKind::Function => "function",
                core::SymbolKind::Object => "object",
                core::SymbolKind::Tls => "tls",
                core::SymbolKind::Other => "other",
            },
            is_global: symbol.is_global,
        }
    }
}

#[pymethods]
impl Symbol {
    fn __repr__(&self) -> String {
        format!("Symbol({:?}, {:#x})", self.name, self.address)
    }
}
