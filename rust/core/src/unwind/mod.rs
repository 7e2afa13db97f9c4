//! Walking the stack: from the registers of a thread to all of its frames.
//!
//! Rules come from `.eh_frame`, found through `.eh_frame_hdr`, and from `.debug_frame`
//! (DWARF 5, section 6.4).  Code without either is left by way of its frame pointer, where it
//! has one.  Nothing here knows functions, lines or variables, or where a file's tables come
//! from: see [`FrameSource`].

mod backtrace;
mod caller;
mod evaluator;
mod fallback;
mod landing_pads;
mod modules;
mod rule;
mod scratch;
mod stack;
mod table;
#[cfg(test)]
mod tests;
mod walk;

pub use backtrace::{Backtrace, Stop};
pub use landing_pads::LandingPad;
pub(crate) use landing_pads::read_landing_pads;
pub use modules::{FrameSource, Module, ModuleMap};
pub use table::{FrameSections, FrameTables, SectionData};
pub use walk::unwind;
