//! Value locations: DWARF expressions and location lists, evaluated for one frame.
//!
//! Unwind tables use the same evaluation.  Nothing here knows images, how a frame was found,
//! or what the bytes of a value mean.

mod absent;
mod evaluate;
mod piece;
mod shape;
#[cfg(test)]
mod tests;
mod variable;

pub use absent::Absent;
pub(crate) use evaluate::{Slice, Surroundings, evaluate_address};
pub use piece::{Piece, ValueLocation};
pub(crate) use variable::locate;
pub use variable::{FrameContext, evaluate_expression};
