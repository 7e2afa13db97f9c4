//! The causes of a `SIGTRAP`: trap bytes, debug registers, steps, and the program's own traps.

use super::report::Reason;
use super::thread::{Action, Intent, PtraceStop};
use super::tracer::Tracer;
use crate::breakpoints::conditions::{self, Verdict};
use crate::breakpoints::debug_registers::{self, WatchKind};
use crate::breakpoints::sites::TRAP;
use crate::os::ptrace::{self, Tid};

/// `si_code` of a perf event's trap.
const TRAP_PERF: i32 = 6;
/// `si_code` of a step that ends at a signal handler's entry.
const STEPPED_INTO_HANDLER: i32 = libc::SIGTRAP;
/// EFLAGS.RF: an instruction breakpoint does not trigger for one instruction.
pub(super) const RESUME_FLAG: u64 = 1 << 16;

/// The outcome of a debug register's trap.
enum Triggered {
    /// No debug register in use has triggered.
    Nothing,
    /// Those that triggered have conditions that are false.
    ConditionsFalse,
    /// It is to be reported.
    For(Reason),
}

impl Tracer {
    /// Finds the cause of a `SIGTRAP`, which is in `si_code` (sigaction(2)).
    pub(super) fn on_trap(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        let code = ptrace::read_siginfo(tid)?.si_code;
        let thread = self.thread_mut(tid)?;
        let was_stepping = std::mem::take(&mut thread.is_stepping);
        if code <= 0 || code == TRAP_PERF {
            thread.deliver = libc::SIGTRAP;
            return Ok(Some(Reason::Signal(libc::SIGTRAP)));
        }
        thread.ptrace_stop = Some(if code == STEPPED_INTO_HANDLER {
            PtraceStop::Event
        } else {
            PtraceStop::Signal(0)
        });
        if code == ptrace::SI_KERNEL {
            return self.on_int3(tid);
        }
        if was_stepping {
            self.hide_trap_flag(tid)?;
        }
        match self.on_debug_register(tid)? {
            Triggered::For(reason) => return Ok(Some(reason)),
            // A step that ended on a watched access is still a step that ended.
            Triggered::ConditionsFalse if !was_stepping => {
                self.count_unreported_hit(tid);
                return Ok(None);
            }
            Triggered::ConditionsFalse | Triggered::Nothing => {}
        }
        if was_stepping {
            if code == ptrace::TRAP_BRKPT && self.has_only_left_the_kernel(tid)? {
                return Ok(None);
            }
            return self.on_step(tid);
        }
        // A step that another stop cut short, and a debug register freed since, may still
        // deliver a trap after the resume.
        let is_late = matches!(code, ptrace::TRAP_TRACE | ptrace::TRAP_HWBKPT);
        Ok((!is_late).then_some(Reason::Trap))
    }

    /// Whether a step has executed nothing of the program yet.
    ///
    /// A step out of a system call (an exec, a fork, a call that was interrupted) traps at its
    /// end: the step proper is still to come.
    fn has_only_left_the_kernel(&mut self, tid: Tid) -> ptrace::Result<bool> {
        let thread = self.thread_mut(tid)?;
        Ok(thread.registers()?.rip == thread.stepped_from)
    }

    fn on_int3(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        let thread = self.thread_mut(tid)?;
        let pid = thread.pid;
        let address = thread.registers()?.rip.wrapping_sub(1);
        let space_pid = self.address_space_of(pid);
        let Some(process) = self.processes.get(&space_pid) else {
            return Ok(None);
        };
        let Some(site) = process.space.site_at(address) else {
            return self.on_foreign_int3(tid, address);
        };
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        thread.set_pc(address)?;
        let is_stopped = process.holds_threads() || thread.is_stopped();
        if is_stopped && !site.hides_program_trap() {
            // Not reported, so not counted: it hits again when it next runs.
            return Ok(None);
        }
        if pid != space_pid {
            thread.steps_over = Some(address);
            return Ok(None);
        }
        let (registers, variables) = (thread.registers()?, &mut self.variables);
        match conditions::evaluate(site.conditions(), registers, &process.space, variables) {
            Verdict::True => Ok(Some(Reason::Breakpoint)),
            Verdict::Failed(text) => {
                thread.condition_failure = Some(text);
                Ok(Some(Reason::Breakpoint))
            }
            Verdict::False => {
                thread.steps_over = Some(address);
                self.count_unreported_hit(tid);
                Ok(None)
            }
        }
    }

    /// An `int3` where no trap of ours is: the program's own, or one just removed.
    fn on_foreign_int3(&mut self, tid: Tid, address: u64) -> ptrace::Result<Option<Reason>> {
        /// `int 3` in its two-byte form, which compilers do not use but people do.
        const INT_3: [u8; 2] = [0xcd, 0x03];
        let thread = self.threads.get_mut(&tid);
        let Some(thread) = thread else {
            return Ok(None);
        };
        let Some(process) = self.processes.get(&thread.pid) else {
            return Ok(None);
        };
        let mut bytes = [0; 2];
        let is_read = process
            .space
            .read_with_traps(address.wrapping_sub(1), &mut bytes);
        if is_read && bytes[1] != TRAP && bytes != INT_3 {
            thread.set_pc(address)?;
            return Ok(None);
        }
        Ok(Some(Reason::Trap))
    }

    /// Finds what the debug registers that triggered amount to; all their conditions are
    /// evaluated.
    fn on_debug_register(&mut self, tid: Tid) -> ptrace::Result<Triggered> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(Triggered::Nothing);
        };
        let Some(process) = self.processes.get(&thread.pid) else {
            return Ok(Triggered::Nothing);
        };
        if process.debug_registers.is_empty() {
            return Ok(Triggered::Nothing);
        }
        let triggered = debug_registers::take_triggered(tid)?;
        let mut outcome = Triggered::Nothing;
        for index in (0..4).filter(|index| triggered >> index & 1 != 0) {
            let Some(watch) = process.debug_registers.find(index) else {
                continue;
            };
            let (registers, variables) = (thread.registers()?, &mut self.variables);
            match conditions::evaluate(&watch.conditions, registers, &process.space, variables) {
                Verdict::False => {
                    if watch.kind == WatchKind::Execute {
                        registers.eflags |= RESUME_FLAG;
                        thread.mark_registers_changed();
                    }
                    if matches!(outcome, Triggered::Nothing) {
                        outcome = Triggered::ConditionsFalse;
                    }
                    continue;
                }
                Verdict::Failed(text) => thread.condition_failure = Some(text),
                Verdict::True => {}
            }
            outcome = Triggered::For(match watch.kind {
                WatchKind::Execute => Reason::HardwareBreakpoint,
                kind => Reason::Watch(kind, watch.address),
            });
        }
        Ok(outcome)
    }

    /// Decides what the end of a single step means: a range step may need another.
    pub(super) fn on_step(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        self.leave_slot(tid)?;
        let thread = self.thread_mut(tid)?;
        let pc = thread.registers()?.rip;
        Ok(match thread.intent {
            Intent::Running(Action::Step) => Some(Reason::Step),
            Intent::Running(Action::RangeStep { start, end }) => {
                (!(start..end).contains(&pc)).then_some(Reason::Step)
            }
            Intent::Running(Action::Continue) | Intent::Stopped => None,
        })
    }
}
