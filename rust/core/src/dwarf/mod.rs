//! Debug information of one image: its units, read one by one when they are asked for.
//!
//! From sections to plain tables: line rows, functions and their inlined calls, variables,
//! types, and the index of all names.  Nothing here knows registers or memory of a program,
//! how a location is evaluated, or which image the debug information belongs to.

mod abbreviations;
mod address_lookups;
mod address_map;
mod captures;
mod code_attributes;
mod debug_info;
mod entry;
mod file_index;
mod functions;
mod line_lookups;
mod line_spans;
mod lines;
mod name_lookups;
mod name_search;
mod name_walk;
mod names;
mod origins;
mod outline;
mod sections;
mod split;
mod types;
mod unit;
mod variables;

pub use functions::{Call, CodeRange, Declaration, Function};
pub use line_spans::{LineSpan, LineSpans};
pub use lines::Row;
pub use types::{Encoding, Language, Member, Type, TypeKind, Variant, VariantPart};
pub use variables::{Variable, VariableKind};

pub(crate) use debug_info::{DebugFile, DebugInfo};
pub(crate) use entry::Entry;
pub(crate) use functions::outer_path;
pub(crate) use name_walk::NameKind;
pub(crate) use names::NameIndex;

/// Bytes of a section.  The lifetime is that of the image's storage, see [`crate::Image`].
pub(crate) type Slice = gimli::EndianSlice<'static, gimli::LittleEndian>;
