//! Loops: a chain of iterator methods over plain data, run at the speed of machine code.
//!
//! A *program* is what the caller has made of the chain: expressions as numbered *nodes*, which
//! read items of scalars from bytes and compute with Rust's own functions of their types;
//! *stages*, which every item goes through; and an *end*, which emits or folds those that are
//! left.  A *run* of it is fed pieces of memory and says what it needs next, so that whoever
//! feeds it decides how much is read at once and when to give up.  Every number in a program is
//! checked before it runs, and nothing that it reads can make it panic.

mod functions;
mod program;
mod run;
mod scalar;
#[cfg(test)]
mod tests;

pub use program::{ChainText, EndText, NodeId, NodeText, Program, Register, StageText};
pub use run::{Numbers, Piece, Run, Status};
pub use scalar::Word;
