//! The walk up the stack, from frame to frame.

use std::collections::HashSet;
use std::sync::TryLockError;

use gimli::UnwindContext;

use super::backtrace::{Backtrace, Stop};
use super::caller::Caller;
use super::evaluator::RowEvaluator;
use super::fallback;
use super::modules::ModuleMap;
use super::rule::{CALLEE_SAVED, Compact, RuleCache, Saved};
use super::scratch::Scratch;
use super::stack::Stack;
use crate::memory::Memory;
use crate::registers::{RBP, RIP, RSP, Registers};

/// Most switches of stacks in one walk: programs that grow their stack on the heap switch now
/// and then, not all the time.
const MOST_SWITCHES: usize = 64;

/// Walks the stack of one thread, innermost frame first, up to `limit` frames.
///
/// Every frame has the registers that are known in it: the callee-saved ones, rsp and rip as
/// far as they were saved, and all of them in code that a signal interrupted.
pub fn unwind(
    modules: &ModuleMap,
    registers: &Registers,
    memory: &dyn Memory,
    limit: usize,
) -> Backtrace {
    match modules.scratch.try_lock() {
        Ok(mut scratch) => Walk::new(modules, &mut scratch, memory).run(registers, limit),
        Err(TryLockError::Poisoned(poisoned)) => {
            Walk::new(modules, &mut poisoned.into_inner(), memory).run(registers, limit)
        }
        // Another thread is unwinding over the same modules: do without what it remembers.
        Err(TryLockError::WouldBlock) => {
            Walk::new(modules, &mut Scratch::new(), memory).run(registers, limit)
        }
    }
}

/// One walk up one stack.
struct Walk<'a> {
    modules: &'a ModuleMap,
    cache: &'a mut RuleCache,
    context: &'a mut UnwindContext<usize>,
    stack: Stack<'a>,
    frames: Backtrace,
    /// Frame address that the next one has to exceed.
    floor: u64,
    /// The pc and frame address of each frame that was not above the floor; one that comes
    /// again is a cycle.
    crossings: HashSet<(u64, u64)>,
    switches: usize,
}

impl<'a> Walk<'a> {
    fn new(modules: &'a ModuleMap, scratch: &'a mut Scratch, memory: &'a dyn Memory) -> Self {
        Self {
            modules,
            cache: &mut scratch.cache,
            context: &mut scratch.context,
            stack: Stack::new(memory, &mut scratch.buffer),
            frames: Backtrace::new(),
            floor: 0,
            crossings: HashSet::new(),
            switches: 0,
        }
    }

    /// Walks up from `registers` until there is nothing more, or `limit` frames are found.
    fn run(mut self, registers: &Registers, limit: usize) -> Backtrace {
        let stop = self.walk(*registers, limit);
        self.frames.finish(stop)
    }

    fn walk(&mut self, mut registers: Registers, limit: usize) -> Stop {
        let mut is_exact = true;
        let mut after_signal = false;
        loop {
            let Some(pc) = registers.pc() else {
                return Stop::Register(RIP as u16);
            };
            if self.frames.len() >= limit {
                return Stop::Limit(limit);
            }
            self.frames.push(&registers);
            let caller = match self.find_caller(pc, &registers, is_exact) {
                Ok(caller) => caller,
                Err(stop) => return stop,
            };
            let is_crossing = caller.is_signal || after_signal;
            if let Err(stop) = self.check_progress(pc, &registers, &caller, is_crossing) {
                return stop;
            }
            self.frames.describe_last(caller.cfa, caller.is_signal);
            let next = match caller.registers {
                Ok(next) => next,
                Err(stop) => return stop,
            };
            // Interrupted code may have called address 0; a return address of 0 ends the stack.
            if next.pc() == Some(0) && !caller.is_signal {
                return Stop::Outermost;
            }
            registers = next;
            is_exact = caller.is_signal;
            after_signal = caller.is_signal;
        }
    }

    /// Checks that frames lie one above the other.
    ///
    /// Exceptions are signal handlers with a stack of their own, and functions that move to
    /// another stack by way of rbp.
    fn check_progress(
        &mut self,
        pc: u64,
        registers: &Registers,
        caller: &Caller,
        is_crossing: bool,
    ) -> Result<(), Stop> {
        let is_above = caller.cfa > self.floor;
        let previous = std::mem::replace(&mut self.floor, caller.cfa);
        if is_crossing {
            if !self.crossings.insert((pc, caller.cfa)) {
                return Err(Stop::Cycle(pc));
            }
            return Ok(());
        }
        if is_above {
            return Ok(());
        }
        let not_rising = Stop::NotRising {
            cfa: caller.cfa,
            previous,
        };
        if !self.is_stack_switch(registers, caller) {
            return Err(not_rising);
        }
        self.switches += 1;
        if self.switches > MOST_SWITCHES {
            return Err(not_rising);
        }
        if self.crossings.insert((pc, caller.cfa)) {
            Ok(())
        } else {
            Err(Stop::Cycle(pc))
        }
    }

    /// Whether the frame begins on one stack and calls on another.
    ///
    /// It keeps the first stack in rbp then, and what it returns to is code behind a call.
    fn is_stack_switch(&mut self, registers: &Registers, caller: &Caller) -> bool {
        let frame = registers.value(RBP);
        let pc = registers.pc().unwrap_or(0);
        let return_address = caller.registers.as_ref().ok().and_then(Registers::pc);
        frame.is_some_and(|frame| caller.cfa == frame.wrapping_add(16))
            && return_address.is_some_and(|address| {
                fallback::is_return_address(self.modules, pc, address, self.stack.memory())
            })
    }

    /// Unwinds one frame: by what is known of its pc, by tables, by convention.
    fn find_caller(
        &mut self,
        pc: u64,
        registers: &Registers,
        is_exact: bool,
    ) -> Result<Caller, Stop> {
        // A return address may be the first byte of the next function, or of other rules.
        let address = if is_exact { pc } else { pc.wrapping_sub(1) };
        if let Some(&rule) = self.cache.find(address) {
            return self.apply_compact(&rule, registers);
        }
        let by_tables = self.find_by_tables(address, registers);
        match by_tables {
            Ok(Some(caller)) => return Ok(caller),
            // Some trampolines are covered from their first byte on only, although they are
            // entered by a return.
            Ok(None) if !is_exact => {
                if let Ok(Some(caller)) = self.find_by_tables(pc, registers)
                    && caller.is_signal
                {
                    return Ok(caller);
                }
            }
            Ok(None) | Err(Stop::Damaged(..)) => {}
            Err(stop) => return Err(stop),
        }
        let by_convention =
            fallback::find_caller(self.modules, registers, is_exact, &mut self.stack);
        match (by_convention, by_tables) {
            (Err(Stop::NoRules(_)), Err(damage)) => Err(damage),
            (result, _) => result,
        }
    }

    /// The caller according to the tables of the module; `None` where they say nothing.
    fn find_by_tables(
        &mut self,
        address: u64,
        registers: &Registers,
    ) -> Result<Option<Caller>, Stop> {
        let Some(module) = self.modules.find(address) else {
            return Ok(None);
        };
        let file_address = address.wrapping_sub(module.bias);
        let tables = module.source.frame_tables();
        let damaged = |error: gimli::Error| Stop::Damaged(address, error.to_string());
        let Some(row) = tables.row(file_address, self.context).map_err(damaged)? else {
            return Ok(None);
        };
        if let Some(rule) = Compact::from_row(&row) {
            self.cache.insert(address, rule);
            return self.apply_compact(&rule, registers).map(Some);
        }
        let mut evaluator = RowEvaluator {
            row,
            module,
            registers,
            stack: &mut self.stack,
        };
        evaluator.caller(address).map(Some)
    }

    /// Unwinds one frame by rules that only add and load.
    #[inline]
    fn apply_compact(&mut self, rule: &Compact, registers: &Registers) -> Result<Caller, Stop> {
        let base = registers
            .value(usize::from(rule.cfa_register))
            .ok_or(Stop::Register(u16::from(rule.cfa_register)))?;
        let cfa = base.wrapping_add_signed(i64::from(rule.cfa_offset));
        if rule.return_address == Saved::UNDEFINED {
            return Ok(Caller {
                cfa,
                registers: Err(Stop::Outermost),
                is_signal: false,
            });
        }
        let mut caller = Registers::UNKNOWN;
        for (saved, column) in rule.saved.into_iter().zip(CALLEE_SAVED) {
            let value = match saved {
                Saved::SAME => registers.value(column),
                Saved::UNDEFINED => None,
                at => self.stack.word(at.address(cfa)),
            };
            caller.set(column, value);
        }
        let saved_at = rule.return_address.address(cfa);
        let return_address = self.stack.word(saved_at);
        caller.set(RSP, Some(cfa));
        caller.set(RIP, return_address);
        Ok(Caller {
            cfa,
            registers: return_address
                .map(|_| caller)
                .ok_or(Stop::ReturnAddress(saved_at)),
            is_signal: false,
        })
    }
}
