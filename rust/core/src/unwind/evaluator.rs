//! Evaluation of rules that need more than adding and loading: expressions, odd registers,
//! trampolines.

use gimli::{CfaRule, RegisterRule, UnwindExpression};

use super::backtrace::Stop;
use super::caller::Caller;
use super::modules::Module;
use super::rule::{CALLEE_SAVED, column};
use super::stack::Stack;
use super::table::Row;
use crate::location::{Absent, Surroundings, evaluate_address};
use crate::registers::{RIP, RSP, Registers};

/// Evaluates a row that has no compact form.
pub(super) struct RowEvaluator<'w, 'a, 'c> {
    pub(super) row: Row<'w, 'c>,
    pub(super) module: &'w Module,
    pub(super) registers: &'w Registers,
    pub(super) stack: &'w mut Stack<'a>,
}

impl RowEvaluator<'_, '_, '_> {
    /// The caller of the frame; `address` is what the row was looked up with.
    pub(super) fn caller(&mut self, address: u64) -> Result<Caller, Stop> {
        let cfa = self.cfa(address)?;
        let is_signal = self.row.is_signal;
        let return_column = usize::from(self.row.return_column);
        let return_rule = self.row.rules.register(column(return_column));
        if return_rule == Some(RegisterRule::Undefined) {
            return Ok(Caller {
                cfa,
                registers: Err(Stop::Outermost),
                is_signal,
            });
        }
        let mut caller = Registers::UNKNOWN;
        for number in 0..RIP {
            let value = match self.row.rules.register(column(number)) {
                Some(rule) => self.restore(number, &rule, cfa),
                None if number == RSP => Some(cfa),
                None if CALLEE_SAVED.contains(&number) => self.registers.value(number),
                None => None,
            };
            caller.set(number, value);
        }
        let return_address = return_rule.and_then(|rule| self.restore(RIP, &rule, cfa));
        caller.set(RIP, return_address);
        Ok(Caller {
            cfa,
            registers: return_address
                .map(|_| caller)
                .ok_or(Stop::ReturnAddress(cfa.wrapping_sub(8))),
            is_signal,
        })
    }

    fn cfa(&mut self, address: u64) -> Result<u64, Stop> {
        match self.row.rules.cfa().clone() {
            CfaRule::RegisterAndOffset { register, offset } => {
                let base = self.registers.value(usize::from(register.0));
                let base = base.ok_or(Stop::Register(register.0))?;
                Ok(base.wrapping_add_signed(offset))
            }
            CfaRule::Expression(expression) => self
                .evaluate(expression, None)
                .map_err(|reason| Stop::Damaged(address, reason.to_string())),
        }
    }

    /// Value of one register in the caller; `None` where it is not known.
    fn restore(&mut self, number: usize, rule: &RegisterRule<usize>, cfa: u64) -> Option<u64> {
        match *rule {
            RegisterRule::SameValue => self.registers.value(number),
            RegisterRule::Offset(offset) => self.stack.word(cfa.wrapping_add_signed(offset)),
            RegisterRule::ValOffset(offset) => Some(cfa.wrapping_add_signed(offset)),
            RegisterRule::Register(register) => self.registers.value(usize::from(register.0)),
            RegisterRule::Expression(expression) => {
                let address = self.evaluate(expression, Some(cfa)).ok()?;
                self.stack.word(address)
            }
            RegisterRule::ValExpression(expression) => self.evaluate(expression, Some(cfa)).ok(),
            RegisterRule::Constant(value) => Some(value),
            RegisterRule::Undefined | RegisterRule::Architectural => None,
        }
    }

    fn evaluate(
        &mut self,
        expression: UnwindExpression<usize>,
        initial: Option<u64>,
    ) -> Result<u64, Absent> {
        let expression = self.row.expression(expression)?;
        let encoding = self.row.encoding;
        let mut surroundings = FrameSurroundings {
            bias: self.module.bias,
            registers: self.registers,
            stack: self.stack,
        };
        evaluate_address(expression, encoding, initial, &mut surroundings)
    }
}

/// Registers and memory of a frame, for the expressions of unwind tables.
struct FrameSurroundings<'w, 'a> {
    bias: u64,
    registers: &'w Registers,
    stack: &'w mut Stack<'a>,
}

impl Surroundings<'_> for FrameSurroundings<'_, '_> {
    fn register(&mut self, number: u16) -> Result<u64, Absent> {
        self.registers
            .value(usize::from(number))
            .ok_or(Absent::Register(number))
    }

    fn read(&mut self, address: u64, buffer: &mut [u8]) -> Result<(), Absent> {
        let size = buffer.len();
        let word = self.stack.word(address).map(u64::to_le_bytes);
        match word.as_ref().and_then(|bytes| bytes.get(..size)) {
            Some(bytes) => buffer.copy_from_slice(bytes),
            None => self.stack.memory().read(address, buffer)?,
        }
        Ok(())
    }

    fn relocate(&mut self, address: u64) -> Result<u64, Absent> {
        Ok(address.wrapping_add(self.bias))
    }
}
