//! ELF and DWARF reading for crabtrap: files in, tables out.
//!
//! Nothing here knows about processes.  All addresses are file addresses unless a name says
//! otherwise; ranges are half-open, lines and columns count from 1, and 0 stands for "unknown".

pub mod disasm;
mod dwarf;
mod error;
mod image;
pub mod memory;
pub mod registers;

pub use dwarf::DieId;
pub use error::{Error, Result};
pub use image::{DEFAULT_DEBUG_DIRECTORY, Image, ImageKind, Section, Segment, SegmentKind};
