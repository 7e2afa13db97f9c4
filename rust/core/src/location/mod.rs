//! Where values are: DWARF location expressions and lists.

mod absent;
mod evaluate;

pub use absent::Absent;
pub(crate) use evaluate::{Slice, Surroundings, evaluate_address};
