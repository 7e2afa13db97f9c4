//! Reasons why a value, or a part of it, is nowhere.

use std::fmt;

use crate::memory::MemoryFault;
use crate::registers::register_name;

/// Reason why there is nothing to read a value from; its text is meant for users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The entry has no location at all, or an empty one.
    OptimizedOut,
    /// Its location list says nothing about this pc.
    NotHere,
    /// It is known only as what a register held when the function was entered.
    EntryValue(Option<u16>),
    /// A register it depends on is not known in this frame.
    Register(u16),
    /// Memory it depends on cannot be read.
    Memory(MemoryFault),
    /// The function has no frame base.
    FrameBase,
    /// The frame address is not known.
    FrameAddress,
    /// The thread's block of thread-local storage is not known, or not made yet.
    ThreadLocal,
    /// The linker dropped the static, and wrote a mark in place of its address.
    Discarded,
    /// The expression is damaged, too long or too deep.
    Expression(gimli::Error),
    /// The expression needs something that cannot be had here.
    Unsupported(&'static str),
}

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OptimizedOut => f.write_str("optimised out"),
            Self::NotHere => f.write_str("optimised out at this instruction"),
            Self::EntryValue(Some(register)) => write!(
                f,
                "optimised out: depends on the value of {} on entry to the function",
                register_name(*register)
            ),
            Self::EntryValue(None) => {
                f.write_str("optimised out: depends on a value on entry to the function")
            }
            Self::Register(register) => {
                write!(f, "{} is not known in this frame", register_name(*register))
            }
            Self::Memory(fault) => fault.fmt(f),
            Self::FrameBase => f.write_str("the function has no frame base"),
            Self::FrameAddress => f.write_str("the frame address is not known"),
            Self::ThreadLocal => {
                f.write_str("the thread-local storage of this module is not known in this thread")
            }
            Self::Discarded => f.write_str("removed by the linker"),
            Self::Expression(error) => write!(f, "damaged location expression: {error}"),
            Self::Unsupported(what) => {
                write!(f, "its location needs {what}, which is not supported")
            }
        }
    }
}

impl From<MemoryFault> for Absent {
    fn from(fault: MemoryFault) -> Self {
        Self::Memory(fault)
    }
}

impl From<gimli::Error> for Absent {
    fn from(error: gimli::Error) -> Self {
        Self::Expression(error)
    }
}
