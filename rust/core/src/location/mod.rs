//! Where values are: DWARF location expressions and lists.

mod absent;
mod evaluate;
mod piece;
#[cfg(test)]
mod tests;
mod variable;

pub use absent::Absent;
pub(crate) use evaluate::{Slice, Surroundings, evaluate_address};
pub use piece::{Piece, ValueLocation};
pub(crate) use variable::locate;
pub use variable::{FrameContext, evaluate_expression};
