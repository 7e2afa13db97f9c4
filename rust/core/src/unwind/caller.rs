//! The result of unwinding one frame.

use super::backtrace::Stop;
use crate::registers::Registers;

/// What unwinding one frame gives.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    /// Frame address of the frame that was unwound.
    pub(super) cfa: u64,
    /// Registers of its caller, or why there is none to be seen.
    pub(super) registers: Result<Registers, Stop>,
    /// The frame that was unwound is a signal trampoline.
    pub(super) is_signal: bool,
}
