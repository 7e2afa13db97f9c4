//! ELF and DWARF reading for crabtrap: files in, tables out.
//!
//! Nothing here knows about processes.  All addresses are file addresses unless a name says
//! otherwise; ranges are half-open, lines and columns count from 1, and 0 stands for "unknown".
//!
//! The layers, each of which uses only those behind it: `image`, the facade; `unwind`;
//! `location`; `dwarf`; `elf`; and `memory`, `registers`, `die` and `error`, which everything
//! may use.  `disasm`, `format`, `demangle`, `path_query`, `source_path` and
//! `std_functions` stand alone; `stack_slots` uses `disasm` only, `loops` `std_functions`.

mod demangle;
mod die;
pub mod disasm;
mod dwarf;
mod elf;
mod error;
pub mod format;
mod image;
pub mod location;
pub mod loops;
pub mod memory;
mod monitor;
mod path_query;
pub mod registers;
mod source_path;
pub mod stack_slots;
pub mod std_functions;
pub mod unwind;
pub mod words;

pub use demangle::demangle;
pub use die::DieId;
pub use dwarf::{
    Call, CodeRange, Declaration, Encoding, Function, Language, LineSpan, LineSpans, Member, Row,
    Type, TypeKind, Variable, VariableKind, Variant, VariantPart,
};
pub use elf::{ImageKind, Section, Segment, SegmentKind, Symbol, SymbolKind};
pub use error::{Error, Result};
pub use image::{CompletionKind, DEFAULT_DEBUG_DIRECTORY, DebugLevel, Image};
pub use monitor::Monitor;
pub use path_query::path_matches;
