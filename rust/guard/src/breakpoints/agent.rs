//! GDB agent expressions: conditions that are judged without waking the engine.
//!
//! The bytecode is defined in the GDB manual, appendix "The GDB Agent Expression
//! Mechanism".  Floating point and the tracepoint-only operations are refused.  Nothing is
//! allocated, and every program ends: steps and stack are bounded.

use std::fmt;

/// Steps after which an expression is given up.
const MAX_STEPS: u32 = 10_000;
/// Values on the stack at most.
const MAX_STACK: usize = 128;
/// Trace state variables at most; numbers above are refused.
pub const MAX_VARIABLES: usize = 4096;

/// What an expression may look at: the stopped thread.
pub trait Machine {
    /// A register by its number in the target description, zero-extended.
    fn register(&mut self, number: u16) -> Option<u64>;
    /// Fill `buffer` from memory at `address`; `false` when any byte is missing.
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> bool;
}

/// Trace state variables, which expressions use to count.
#[derive(Debug, Default, Clone)]
pub struct Variables {
    values: Vec<i64>,
}

impl Variables {
    /// Value of a variable; one never set is 0.
    #[must_use]
    pub fn get(&self, number: u16) -> i64 {
        self.values.get(usize::from(number)).copied().unwrap_or(0)
    }

    /// Set a variable; `false` when its number is too large.
    pub fn set(&mut self, number: u16, value: i64) -> bool {
        let index = usize::from(number);
        if index >= MAX_VARIABLES {
            return false;
        }
        if index >= self.values.len() {
            self.values.resize(index + 1, 0);
        }
        self.values[index] = value;
        true
    }
}

/// Why an expression has no value.
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
    Endless,
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
            Self::Endless => write!(f, "gave up after {MAX_STEPS} steps"),
        }
    }
}

impl std::error::Error for AgentError {}

struct Stack {
    values: [i64; MAX_STACK],
    len: usize,
}

impl Stack {
    fn push(&mut self, value: i64) -> Result<(), AgentError> {
        *self.values.get_mut(self.len).ok_or(AgentError::Stack)? = value;
        self.len += 1;
        Ok(())
    }

    fn pop(&mut self) -> Result<i64, AgentError> {
        self.len = self.len.checked_sub(1).ok_or(AgentError::Stack)?;
        Ok(self.values[self.len])
    }

    fn peek(&self, depth: usize) -> Result<i64, AgentError> {
        let index = self.len.checked_sub(depth + 1).ok_or(AgentError::Stack)?;
        Ok(self.values[index])
    }
}

struct Code<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Code<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], AgentError> {
        let part = self
            .bytes
            .get(self.at..self.at + N)
            .ok_or(AgentError::Truncated)?;
        self.at += N;
        part.try_into().map_err(|_| AgentError::Truncated)
    }

    fn byte(&mut self) -> Result<u8, AgentError> {
        Ok(self.take::<1>()?[0])
    }

    fn word(&mut self) -> Result<u16, AgentError> {
        Ok(u16::from_be_bytes(self.take()?))
    }
}

/// Evaluate an expression to its top of stack.
///
/// # Errors
/// See [`AgentError`]; variables set before the error keep their new values.
pub fn evaluate(
    code: &[u8],
    machine: &mut dyn Machine,
    variables: &mut Variables,
) -> Result<i64, AgentError> {
    let mut code = Code { bytes: code, at: 0 };
    let mut stack = Stack {
        values: [0; MAX_STACK],
        len: 0,
    };
    for _ in 0..MAX_STEPS {
        let op = code.byte()?;
        match op {
            0x27 => return stack.pop(),
            0x02..=0x0b | 0x0f..=0x11 | 0x13..=0x15 => {
                let right = stack.pop()?;
                let left = stack.pop()?;
                stack.push(binary(op, left, right)?)?;
            }
            0x0e => {
                let value = stack.pop()?;
                stack.push(i64::from(value == 0))?;
            }
            0x12 => {
                let value = stack.pop()?;
                stack.push(!value)?;
            }
            0x16 | 0x2a => {
                let bits = code.byte()?;
                let value = stack.pop()?;
                stack.push(extend(value, bits, op == 0x16))?;
            }
            0x17..=0x1a => {
                let address = stack.pop()? as u64;
                stack.push(load(machine, address, 1 << (op - 0x17))?)?;
            }
            0x20 | 0x21 => {
                let target = usize::from(code.word()?);
                if op == 0x21 || stack.pop()? != 0 {
                    code.at = target;
                }
            }
            0x22 => {
                let value = code.byte()?;
                stack.push(i64::from(value))?;
            }
            0x23 => {
                let value = code.word()?;
                stack.push(i64::from(value))?;
            }
            0x24 => {
                let value = u32::from_be_bytes(code.take()?);
                stack.push(i64::from(value))?;
            }
            0x25 => {
                let value = i64::from_be_bytes(code.take()?);
                stack.push(value)?;
            }
            0x26 => {
                let number = code.word()?;
                let value = machine
                    .register(number)
                    .ok_or(AgentError::Register(number))?;
                stack.push(value as i64)?;
            }
            0x28 | 0x32 => {
                let depth = if op == 0x32 {
                    usize::from(code.byte()?)
                } else {
                    0
                };
                let value = stack.peek(depth)?;
                stack.push(value)?;
            }
            0x29 => {
                stack.pop()?;
            }
            0x2b | 0x33 => rearrange(op, &mut stack)?,
            0x2c => {
                let number = code.word()?;
                stack.push(variables.get(number))?;
            }
            0x2d => {
                let number = code.word()?;
                if !variables.set(number, stack.peek(0)?) {
                    return Err(AgentError::Variable(number));
                }
            }
            // tracev records for a trace frame, and there are none here.
            0x2e => {
                code.word()?;
            }
            _ => return Err(AgentError::Opcode(op)),
        }
    }
    Err(AgentError::Endless)
}

fn binary(op: u8, left: i64, right: i64) -> Result<i64, AgentError> {
    let (unsigned_left, unsigned_right) = (left as u64, right as u64);
    let shift = u32::try_from(right).ok().filter(|&count| count < 64);
    Ok(match op {
        0x02 => left.wrapping_add(right),
        0x03 => left.wrapping_sub(right),
        0x04 => left.wrapping_mul(right),
        0x05..=0x08 if right == 0 => return Err(AgentError::DivideByZero),
        0x05 => left.wrapping_div(right),
        0x06 => (unsigned_left / unsigned_right) as i64,
        0x07 => left.wrapping_rem(right),
        0x08 => (unsigned_left % unsigned_right) as i64,
        0x09 => shift.map_or(0, |count| left << count),
        0x0a => left >> shift.unwrap_or(63),
        0x0b => shift.map_or(0, |count| (unsigned_left >> count) as i64),
        0x0f => left & right,
        0x10 => left | right,
        0x11 => left ^ right,
        0x13 => i64::from(left == right),
        0x14 => i64::from(left < right),
        0x15 => i64::from(unsigned_left < unsigned_right),
        _ => return Err(AgentError::Opcode(op)),
    })
}

/// Keep the low `bits` bits, and copy the highest of them upwards if `signed`.
fn extend(value: i64, bits: u8, signed: bool) -> i64 {
    let unused = 64u32.saturating_sub(u32::from(bits));
    if unused == 0 {
        value
    } else if unused == 64 {
        0
    } else if signed {
        value << unused >> unused
    } else {
        ((value as u64) << unused >> unused) as i64
    }
}

fn load(machine: &mut dyn Machine, address: u64, size: usize) -> Result<i64, AgentError> {
    let mut bytes = [0; 8];
    if !machine.read(address, &mut bytes[..size]) {
        return Err(AgentError::Memory { address, size });
    }
    Ok(i64::from_le_bytes(bytes))
}

fn rearrange(op: u8, stack: &mut Stack) -> Result<(), AgentError> {
    let top = stack.pop()?;
    let second = stack.pop()?;
    if op == 0x2b {
        stack.push(top)?;
        return stack.push(second);
    }
    // rot: a b c => c a b
    let third = stack.pop()?;
    stack.push(top)?;
    stack.push(third)?;
    stack.push(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fake {
        memory: Vec<u8>,
    }

    impl Machine for Fake {
        fn register(&mut self, number: u16) -> Option<u64> {
            (number < 17).then(|| u64::from(number) * 0x10)
        }

        fn read(&mut self, address: u64, buffer: &mut [u8]) -> bool {
            let start = address as usize;
            let part = start
                .checked_add(buffer.len())
                .and_then(|end| self.memory.get(start..end));
            part.map(|bytes| buffer.copy_from_slice(bytes)).is_some()
        }
    }

    fn run(code: &[u8]) -> Result<i64, AgentError> {
        let mut fake = Fake {
            memory: (0..32).collect(),
        };
        evaluate(code, &mut fake, &mut Variables::default())
    }

    #[test]
    fn arithmetic_and_comparison() {
        assert_eq!(run(&[0x22, 7, 0x22, 2, 0x03, 0x27]), Ok(5));
        assert_eq!(run(&[0x22, 0xff, 0x16, 8, 0x27]), Ok(-1));
        assert_eq!(run(&[0x22, 0xff, 0x16, 8, 0x2a, 16, 0x27]), Ok(0xffff));
        assert_eq!(
            run(&[0x22, 1, 0x22, 0, 0x05, 0x27]),
            Err(AgentError::DivideByZero)
        );
        assert_eq!(run(&[0x26, 0, 2, 0x22, 0x20, 0x13, 0x27]), Ok(1));
    }

    #[test]
    fn memory_is_little_endian_and_checked() {
        assert_eq!(run(&[0x22, 4, 0x19, 0x27]), Ok(0x0706_0504));
        assert_eq!(
            run(&[0x22, 30, 0x1a, 0x27]),
            Err(AgentError::Memory {
                address: 30,
                size: 8
            })
        );
    }

    #[test]
    fn counting() {
        // getv 3; const8 1; add; setv 3; const8 2; swap; less_signed; end  => 2 < ++v
        let code = [
            0x2c, 0, 3, 0x22, 1, 0x02, 0x2d, 0, 3, 0x22, 2, 0x2b, 0x14, 0x27,
        ];
        let mut variables = Variables::default();
        let mut fake = Fake { memory: vec![] };
        let values: Vec<_> = (0..4)
            .map(|_| evaluate(&code, &mut fake, &mut variables).unwrap())
            .collect();
        assert_eq!(values, [0, 0, 1, 1]);
        assert_eq!(variables.get(3), 4);
    }

    #[test]
    fn jumps_and_bounds() {
        assert_eq!(run(&[0x21, 0, 0, 0x27]), Err(AgentError::Endless));
        assert_eq!(run(&[0x21, 0xff, 0, 0x27]), Err(AgentError::Truncated));
        assert_eq!(run(&[0x27]), Err(AgentError::Stack));
        assert_eq!(run(&[0x22, 1, 0x28, 0x21, 0, 2]), Err(AgentError::Stack));
        assert_eq!(run(&[0x01]), Err(AgentError::Opcode(1)));
    }

    #[test]
    fn random_programs_never_panic() {
        let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..20_000 {
            let code: Vec<u8> = (0..24)
                .map(|_| {
                    seed ^= seed << 13;
                    seed ^= seed >> 7;
                    seed ^= seed << 17;
                    (seed >> 32) as u8 % 0x36
                })
                .collect();
            let _ = run(&code);
        }
    }
}
