//! Reasons why an agent expression has no value.

use std::fmt;

use super::MAX_STEPS;

/// The reason why an expression has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentError {
    /// Memory of the program could not be read.
    Memory {
        /// First byte asked for.
        address: u64,
        /// Bytes asked for.
        size: usize,
    },
    /// Division or remainder by zero.
    DivideByZero,
    /// An operation that is unknown or not supported here.
    Opcode(u8),
    /// A register that this target does not have.
    Register(u16),
    /// A trace state variable with too large a number.
    Variable(u16),
    /// Too many or too few values on the stack.
    Stack,
    /// A jump or an operand outside of the expression.
    Truncated,
    /// The step limit was reached.
    StepLimit,
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory { address, size } => {
                write!(f, "cannot read {size} bytes at {address:#x}")
            }
            Self::DivideByZero => write!(f, "division by zero"),
            Self::Opcode(op) => write!(f, "operation {op:#04x} is not supported"),
            Self::Register(number) => write!(f, "there is no register {number}"),
            Self::Variable(number) => write!(f, "there is no variable {number}"),
            Self::Stack => write!(f, "the expression uses its stack wrongly"),
            Self::Truncated => write!(f, "the expression ends in the middle"),
            Self::StepLimit => write!(f, "gave up after {MAX_STEPS} steps"),
        }
    }
}

impl std::error::Error for AgentError {}
