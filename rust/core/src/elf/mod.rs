//! ELF files as they lie on disk: headers, segments, sections and symbol tables.
//!
//! Everything above borrows its bytes from here: files are mapped, compressed sections are
//! unpacked, and both are kept in one [`Storage`].  The separate debug file of a stripped
//! program is found here too.  Nothing here knows DWARF, or which question the bytes are for.

mod allowance;
mod file;
mod problems;
mod relocations;
mod sections;
mod separate;
mod source;
mod storage;
mod symbols;
mod zstd_frames;

pub use file::{ImageKind, Section, Segment, SegmentKind};
pub use symbols::{Symbol, SymbolKind};

pub(crate) use allowance::Allowance;
pub(crate) use file::{CodeMap, Elf};
pub(crate) use problems::Problems;
pub(crate) use relocations::relocated_pointer;
pub(crate) use separate::{SeparateFile, find_separate_file};
pub(crate) use source::Source;
pub(crate) use storage::Storage;
pub(crate) use symbols::Symbols;
