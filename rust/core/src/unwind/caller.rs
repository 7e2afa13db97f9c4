//! The result of unwinding one frame.

use super::backtrace::Stop;
use crate::registers::Registers;

/// The frame that was unwound, and the registers of its caller.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Canonical frame address of the frame that was unwound.
    pub(super) cfa: u64,
    /// Registers of its caller, or the reason why none is found.
    pub(super) registers: Result<Registers, Stop>,
    /// Whether the frame that was unwound is a signal trampoline.
    pub(super) is_signal: bool,
}
