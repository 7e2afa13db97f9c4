//! GDB agent expressions: conditions that are evaluated without waking the client.
//!
//! The bytecode is defined in the GDB manual, appendix "The GDB Agent Expression
//! Mechanism".  Floating point and the tracepoint-only operations are refused.  Nothing is
//! allocated, and every program ends: steps and stack are bounded.

mod error;
mod opcode;
mod variables;

pub use error::AgentError;
pub use variables::Variables;

/// The steps after which an expression is given up.
const MAX_STEPS: u32 = 10_000;
/// The most values on the stack.
const MAX_STACK: usize = 128;

/// What an expression may look at: the stopped thread.
pub trait Machine {
    /// Returns a register by its number in the target description, zero-extended.
    fn register(&self, number: u16) -> Option<u64>;
    /// Fills `buffer` from memory at `address`; `false` when any byte is missing.
    fn read(&self, address: u64, buffer: &mut [u8]) -> bool;
}

/// The operand stack.
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

/// The bytecode, and how far it was read.
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

/// Evaluates an expression to its top of stack.
///
/// # Errors
/// See [`AgentError`]; variables set before the error keep their new values.
pub fn evaluate(
    code: &[u8],
    machine: &dyn Machine,
    variables: &mut Variables,
) -> Result<i64, AgentError> {
    let mut evaluation = Evaluation {
        code: Code { bytes: code, at: 0 },
        stack: Stack {
            values: [0; MAX_STACK],
            len: 0,
        },
        machine,
        variables,
    };
    for _ in 0..MAX_STEPS {
        let op = evaluation.code.byte()?;
        if op == opcode::END {
            return evaluation.stack.pop();
        }
        evaluation.execute(op)?;
    }
    Err(AgentError::StepLimit)
}

/// An expression while it is evaluated.
struct Evaluation<'a> {
    code: Code<'a>,
    stack: Stack,
    machine: &'a dyn Machine,
    variables: &'a mut Variables,
}

impl Evaluation<'_> {
    /// Executes the operation `op`, whose operands are next in the code.
    fn execute(&mut self, op: u8) -> Result<(), AgentError> {
        match op {
            opcode::LOG_NOT => {
                let value = self.stack.pop()?;
                self.stack.push(i64::from(value == 0))
            }
            opcode::BIT_NOT => {
                let value = self.stack.pop()?;
                self.stack.push(!value)
            }
            opcode::EXT | opcode::ZERO_EXT => {
                let bits = self.code.byte()?;
                let value = self.stack.pop()?;
                self.stack.push(extend(value, bits, op == opcode::EXT))
            }
            opcode::REF8 => self.load(1),
            opcode::REF16 => self.load(2),
            opcode::REF32 => self.load(4),
            opcode::REF64 => self.load(8),
            opcode::IF_GOTO | opcode::GOTO => {
                let target = usize::from(self.code.word()?);
                if op == opcode::GOTO || self.stack.pop()? != 0 {
                    self.code.at = target;
                }
                Ok(())
            }
            opcode::CONST8 | opcode::CONST16 | opcode::CONST32 | opcode::CONST64 => {
                let value = self.constant(op)?;
                self.stack.push(value)
            }
            opcode::REG => {
                let number = self.code.word()?;
                let value = self.machine.register(number);
                let value = value.ok_or(AgentError::Register(number))?;
                self.stack.push(value as i64)
            }
            opcode::GETV => {
                let number = self.code.word()?;
                self.stack.push(self.variables.get(number))
            }
            opcode::SETV => {
                let number = self.code.word()?;
                let value = self.stack.peek(0)?;
                let is_set = self.variables.set(number, value);
                is_set.then_some(()).ok_or(AgentError::Variable(number))
            }
            // It records the variable for a trace frame, and there are none here.
            opcode::TRACEV => self.code.word().map(drop),
            opcode::DUP | opcode::PICK | opcode::POP | opcode::SWAP | opcode::ROT => {
                self.rearrange(op)
            }
            _ if is_binary(op) => {
                let (right, left) = (self.stack.pop()?, self.stack.pop()?);
                self.stack.push(binary(op, left, right)?)
            }
            _ => Err(AgentError::Opcode(op)),
        }
    }

    /// Replaces the address on the stack by the little-endian number of `size` bytes there.
    fn load(&mut self, size: usize) -> Result<(), AgentError> {
        let address = self.stack.pop()? as u64;
        let mut bytes = [0; 8];
        if !self.machine.read(address, &mut bytes[..size]) {
            return Err(AgentError::Memory { address, size });
        }
        self.stack.push(i64::from_le_bytes(bytes))
    }

    /// Reads the operand of a `const` operation, which is big-endian and not sign-extended.
    fn constant(&mut self, op: u8) -> Result<i64, AgentError> {
        Ok(match op {
            opcode::CONST8 => i64::from(self.code.byte()?),
            opcode::CONST16 => i64::from(self.code.word()?),
            opcode::CONST32 => i64::from(u32::from_be_bytes(self.code.take()?)),
            _ => i64::from_be_bytes(self.code.take()?),
        })
    }

    /// Copies, drops or swaps values on the stack.
    fn rearrange(&mut self, op: u8) -> Result<(), AgentError> {
        let stack = &mut self.stack;
        match op {
            opcode::DUP => stack.push(stack.peek(0)?),
            opcode::PICK => {
                let depth = usize::from(self.code.byte()?);
                stack.push(stack.peek(depth)?)
            }
            opcode::POP => stack.pop().map(drop),
            opcode::SWAP => {
                let (top, second) = (stack.pop()?, stack.pop()?);
                stack.push(top)?;
                stack.push(second)
            }
            // rot: a b c => c a b
            _ => {
                let (top, second, third) = (stack.pop()?, stack.pop()?, stack.pop()?);
                stack.push(top)?;
                stack.push(third)?;
                stack.push(second)
            }
        }
    }
}

/// Whether `op` replaces the two values on top of the stack by one.
fn is_binary(op: u8) -> bool {
    matches!(
        op,
        opcode::ADD..=opcode::RSH_UNSIGNED
            | opcode::BIT_AND..=opcode::BIT_XOR
            | opcode::EQUAL..=opcode::LESS_UNSIGNED
    )
}

fn binary(op: u8, left: i64, right: i64) -> Result<i64, AgentError> {
    let (unsigned_left, unsigned_right) = (left as u64, right as u64);
    let shift = u32::try_from(right).ok().filter(|&count| count < 64);
    Ok(match op {
        opcode::ADD => left.wrapping_add(right),
        opcode::SUB => left.wrapping_sub(right),
        opcode::MUL => left.wrapping_mul(right),
        opcode::DIV_SIGNED..=opcode::REM_UNSIGNED if right == 0 => {
            return Err(AgentError::DivideByZero);
        }
        opcode::DIV_SIGNED => left.wrapping_div(right),
        opcode::DIV_UNSIGNED => (unsigned_left / unsigned_right) as i64,
        opcode::REM_SIGNED => left.wrapping_rem(right),
        opcode::REM_UNSIGNED => (unsigned_left % unsigned_right) as i64,
        opcode::LSH => shift.map_or(0, |count| left << count),
        opcode::RSH_SIGNED => left >> shift.unwrap_or(63),
        opcode::RSH_UNSIGNED => shift.map_or(0, |count| (unsigned_left >> count) as i64),
        opcode::BIT_AND => left & right,
        opcode::BIT_OR => left | right,
        opcode::BIT_XOR => left ^ right,
        opcode::EQUAL => i64::from(left == right),
        opcode::LESS_SIGNED => i64::from(left < right),
        opcode::LESS_UNSIGNED => i64::from(unsigned_left < unsigned_right),
        _ => return Err(AgentError::Opcode(op)),
    })
}

/// Keeps the low `bits` bits, and copies the highest of them upwards if `signed`.
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

#[cfg(test)]
mod tests {
    use super::opcode::*;
    use super::*;

    struct Fake {
        memory: Vec<u8>,
    }

    impl Machine for Fake {
        fn register(&self, number: u16) -> Option<u64> {
            (number < 17).then(|| u64::from(number) * 0x10)
        }

        fn read(&self, address: u64, buffer: &mut [u8]) -> bool {
            let start = address as usize;
            let part = start
                .checked_add(buffer.len())
                .and_then(|end| self.memory.get(start..end));
            part.map(|bytes| buffer.copy_from_slice(bytes)).is_some()
        }
    }

    fn run(code: &[u8]) -> Result<i64, AgentError> {
        let fake = Fake {
            memory: (0..32).collect(),
        };
        evaluate(code, &fake, &mut Variables::default())
    }

    #[test]
    fn arithmetic_and_comparison() {
        assert_eq!(run(&[CONST8, 7, CONST8, 2, SUB, END]), Ok(5));
        assert_eq!(run(&[CONST8, 0xff, EXT, 8, END]), Ok(-1));
        assert_eq!(run(&[CONST8, 0xff, EXT, 8, ZERO_EXT, 16, END]), Ok(0xffff));
        assert_eq!(
            run(&[CONST8, 1, CONST8, 0, DIV_SIGNED, END]),
            Err(AgentError::DivideByZero)
        );
        assert_eq!(run(&[REG, 0, 2, CONST8, 0x20, EQUAL, END]), Ok(1));
    }

    #[test]
    fn memory_is_little_endian_and_checked() {
        assert_eq!(run(&[CONST8, 4, REF32, END]), Ok(0x0706_0504));
        assert_eq!(
            run(&[CONST8, 30, REF64, END]),
            Err(AgentError::Memory {
                address: 30,
                size: 8
            })
        );
    }

    #[test]
    fn the_stack_can_be_rearranged() {
        let three = [CONST8, 1, CONST8, 2, CONST8, 3];
        let top_after = |operations: &[u8]| run(&[&three, operations, &[END]].concat());
        assert_eq!(top_after(&[SWAP]), Ok(2));
        assert_eq!(top_after(&[ROT]), Ok(2));
        assert_eq!(top_after(&[ROT, POP]), Ok(1));
        assert_eq!(top_after(&[ROT, POP, POP]), Ok(3));
        assert_eq!(top_after(&[PICK, 2]), Ok(1));
        assert_eq!(top_after(&[DUP, ADD]), Ok(6));
    }

    #[test]
    fn counting() {
        // 2 < ++v
        let code = [
            GETV,
            0,
            3,
            CONST8,
            1,
            ADD,
            SETV,
            0,
            3,
            CONST8,
            2,
            SWAP,
            LESS_SIGNED,
            END,
        ];
        let mut variables = Variables::default();
        let fake = Fake { memory: vec![] };
        let values: Vec<_> = (0..4)
            .map(|_| evaluate(&code, &fake, &mut variables).unwrap())
            .collect();
        assert_eq!(values, [0, 0, 1, 1]);
        assert_eq!(variables.get(3), 4);
    }

    #[test]
    fn jumps_and_bounds() {
        const FLOAT: u8 = 0x01;
        assert_eq!(run(&[GOTO, 0, 0, END]), Err(AgentError::StepLimit));
        assert_eq!(run(&[GOTO, 0xff, 0, END]), Err(AgentError::Truncated));
        assert_eq!(run(&[END]), Err(AgentError::Stack));
        assert_eq!(run(&[CONST8, 1, DUP, GOTO, 0, 2]), Err(AgentError::Stack));
        assert_eq!(run(&[FLOAT]), Err(AgentError::Opcode(FLOAT)));
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
                    (seed >> 32) as u8 % (ROT + 3)
                })
                .collect();
            let _ = run(&code);
        }
    }
}
