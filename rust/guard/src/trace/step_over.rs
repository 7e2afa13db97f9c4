//! Stepping over a breakpoint: a thread executes the instruction under a trap without hitting
//! it, while other threads run.

use iced_x86::Instruction;
use log::warn;

use super::sigtrap::RESUME_FLAG;
use super::thread::{PtraceStop, Thread};
use super::tracer::Tracer;
use crate::breakpoints::address_space::AddressSpace;
use crate::breakpoints::sites::StepOver;
use crate::os::ptrace::{self, Tid};
use crate::os::wait::{self, WaitStatus};

/// Signals that an instruction itself can raise; blocking those would kill the program.
pub(super) const FAULTS: [i32; 6] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGSYS,
];

/// The end of one thread's single step.
pub(super) enum Stepped {
    /// The instruction is executed.
    Done,
    /// Something else came first.
    Other(WaitStatus),
}

impl Tracer {
    /// Gets a thread over the trap at its pc; `false` when it need not be resumed after.
    pub(super) fn step_over(&mut self, tid: Tid, address: u64) -> ptrace::Result<bool> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(false);
        };
        let pid = thread.pid;
        let Some(process) = self.processes.get(&pid) else {
            return Ok(true);
        };
        if process.debug_registers.executes_at(address) {
            thread.registers()?.eflags |= RESUME_FLAG;
            thread.mark_registers_changed();
        }
        if is_restarting(thread.registers()?) {
            // The kernel will move the pc back to the call; the trap is reached after it.
            thread.steps_over = None;
            return Ok(true);
        }
        self.keep_siginfo(tid);
        let space_pid = self.address_space_of(pid);
        let process = self.processes.get_mut(&space_pid);
        match process.and_then(|process| process.space.step_over_at(tid, address)) {
            None => Ok(true),
            Some(StepOver::Emulate(instruction)) => self.emulate(tid, address, &instruction),
            Some(StepOver::Slot(slot)) => {
                // From here on its pc alone says so; see `leave_slot`.
                self.thread_mut(tid)?.steps_over = None;
                if self.enters_handler(tid) {
                    return self.step_in_slot(tid, slot);
                }
                self.thread_mut(tid)?.set_pc(slot)?;
                Ok(true)
            }
            Some(StepOver::Unknown | StepOver::InPlace) => self.step_in_place(tid, address),
        }
    }

    fn emulate(
        &mut self,
        tid: Tid,
        address: u64,
        instruction: &Instruction,
    ) -> ptrace::Result<bool> {
        let Some(pid) = self.process_of(tid) else {
            return Ok(false);
        };
        let space_pid = self.address_space_of(pid);
        let Some(process) = self.processes.get_mut(&space_pid) else {
            return Ok(false);
        };
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(false);
        };
        if !process.space.emulate(instruction, thread.registers()?) {
            return self.step_in_place(tid, address);
        }
        thread.mark_registers_changed();
        thread.steps_over = None;
        self.finish_step(tid)
    }

    /// Reports the step of a thread for which one instruction was executed, if it is done;
    /// `false` when it need not be resumed after.
    fn finish_step(&mut self, tid: Tid) -> ptrace::Result<bool> {
        match self.on_step(tid)? {
            Some(reason) => {
                self.put_back_signal(tid);
                self.report(tid, reason);
                Ok(false)
            }
            None => Ok(true),
        }
    }

    /// Steps with the trap lifted and every other thread held.
    fn step_in_place(&mut self, tid: Tid, address: u64) -> ptrace::Result<bool> {
        let Some(pid) = self.process_of(tid) else {
            return Ok(false);
        };
        let space_pid = self.address_space_of(pid);
        let before = self.mark_stepping_in_place(space_pid, true);
        self.hold_all(space_pid);
        let outcome = self.step_lifted(tid, space_pid, address);
        self.mark_stepping_in_place(space_pid, before);
        for other in self.threads_of(space_pid) {
            let caller_resumes = other == tid && outcome == Ok(true);
            if !caller_resumes && self.threads.get(&other).is_some_and(Thread::is_held) {
                self.resume_unless_stopped(other);
            }
        }
        outcome
    }

    /// Marks whether an instruction of a process is stepped in place; returns what was so
    /// before.
    fn mark_stepping_in_place(&mut self, pid: Tid, is_stepping: bool) -> bool {
        let process = self.processes.get_mut(&pid);
        process.is_some_and(|p| std::mem::replace(&mut p.is_stepping_in_place, is_stepping))
    }

    fn step_lifted(&mut self, tid: Tid, space_pid: Tid, address: u64) -> ptrace::Result<bool> {
        self.change_trap(space_pid, address, AddressSpace::lift_trap);
        let stepped = self.step_alone(tid);
        self.change_trap(space_pid, address, AddressSpace::put_back_trap);
        let stepped = stepped?;
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.steps_over = None;
        }
        match stepped {
            Stepped::Done => self.finish_step(tid),
            Stepped::Other(status) => {
                self.put_back_signal(tid);
                self.on_status(tid, status);
                Ok(false)
            }
        }
    }

    fn change_trap(
        &mut self,
        space_pid: Tid,
        address: u64,
        change: fn(&mut AddressSpace, u64) -> std::io::Result<()>,
    ) {
        if let Some(process) = self.processes.get_mut(&space_pid)
            && let Err(error) = change(&mut process.space, address)
        {
            warn!("the trap at {address:#x} of {space_pid}: {error}");
        }
    }

    /// Executes one instruction of a held thread with asynchronous signals kept away.
    pub(super) fn step_alone(&mut self, tid: Tid) -> ptrace::Result<Stepped> {
        let thread = self.thread_mut(tid)?;
        thread.stepped_from = thread.registers()?.rip;
        thread.write_registers()?;
        thread.forget_registers();
        let mask = ptrace::read_signal_mask(tid)?;
        let faults = FAULTS
            .iter()
            .fold(0_u64, |bits, signal| bits | 1 << (signal - 1));
        ptrace::write_signal_mask(tid, mask | !faults)?;
        ptrace::single_step(tid, 0)?;
        // Only death or a page fault's I/O can delay this.
        let status = wait::wait(tid)?;
        if libc::WIFSTOPPED(status) {
            ptrace::write_signal_mask(tid, mask)?;
            if status >> 8 == libc::SIGTRAP {
                let code = ptrace::read_siginfo(tid)?.si_code;
                if matches!(code, ptrace::TRAP_TRACE | ptrace::TRAP_BRKPT) {
                    self.set_held(tid, PtraceStop::Signal(0));
                    self.hide_trap_flag(tid)?;
                    return Ok(Stepped::Done);
                }
            }
        }
        Ok(Stepped::Other(status))
    }
}

/// Whether the kernel is about to restart an interrupted system call.
pub(super) fn is_restarting(registers: &libc::user_regs_struct) -> bool {
    /// `ERESTARTSYS` to `ERESTART_RESTARTBLOCK` of linux/errno.h, negative.
    const RESTART_ERRORS: std::ops::RangeInclusive<i64> = -516..=-512;
    let result = registers.rax as i64;
    registers.orig_rax as i64 >= 0 && RESTART_ERRORS.contains(&result)
}
