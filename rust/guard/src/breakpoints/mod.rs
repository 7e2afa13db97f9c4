//! Traps of one address space: their bytes and debug registers, their conditions, and how the
//! instruction under a trap is executed while the trap stays in place.
//!
//! The parts work on memory and registers that they are given.  They do not know which threads
//! there are, resume none, and report nothing.

pub mod address_space;
pub mod agent;
mod caves;
pub mod conditions;
pub mod debug_registers;
pub mod displaced;
mod emulate;
pub mod sites;
mod slots;
