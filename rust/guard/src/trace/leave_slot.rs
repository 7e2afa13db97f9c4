//! Threads found in a slot of displaced stepping.
//!
//! A thread resumed in a slot runs the copied instruction and jumps back unseen.  Wherever a
//! stop finds it in a slot, its pc is put back to where the program believes it to be.

use log::warn;
use nix::errno::Errno;

use super::signal_at_trap::requeue_signal;
use super::step_over::{FAULTS, Stepped, is_restarting};
use super::thread::Thread;
use super::tracer::Tracer;
use crate::breakpoints::displaced::SlotCode;
use crate::os::ptrace::{self, Tid};
use crate::os::signals;

/// Machine code of `syscall`.
const SYSCALL: [u8; 2] = [0x0f, 0x05];

impl Tracer {
    /// Puts the pc of a held thread that lies in a slot back to the program's own code.
    pub(super) fn leave_slot(&mut self, tid: Tid) -> ptrace::Result<()> {
        if !self.threads.get(&tid).is_some_and(Thread::is_held) {
            return Ok(());
        }
        let Some((thread, code, pc)) = self.slot_of(tid)? else {
            return Ok(());
        };
        let Some(home) = code.original_rip(pc) else {
            return Ok(());
        };
        // Before the copied instruction has run, its trap is still to be stepped over.
        thread.steps_over = (home == code.original).then_some(home);
        if is_restarting(thread.registers()?) {
            thread.registers()?.rip = home;
            thread.mark_registers_changed();
            return Ok(());
        }
        thread.set_pc(home)
    }

    /// Whether a held thread's pc lies in a slot.
    pub(super) fn is_in_slot(&mut self, tid: Tid) -> bool {
        self.slot_of(tid).is_ok_and(|found| found.is_some())
    }

    /// Does as [`Tracer::leave_slot`], for callers that cannot answer a failure.
    pub(super) fn leave_slot_or_warn(&mut self, tid: Tid) {
        match self.leave_slot(tid) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => warn!("moving {tid} out of its slot: {error}"),
        }
    }

    /// Gets a thread out of its slot before a signal is delivered: a handler's frame must not
    /// remember a slot.
    pub(super) fn leave_slot_for_signal(&mut self, tid: Tid, signal: i32) -> ptrace::Result<()> {
        let Some((thread, code, pc)) = self.slot_of(tid)? else {
            return Ok(());
        };
        let pid = thread.pid;
        let (slot, original) = (code.slot, code.original);
        let may_block = may_block(code);
        if code.original_rip(pc) != Some(original) {
            return self.leave_slot(tid);
        }
        let mut info = ptrace::read_siginfo(tid)?;
        if info.si_code > 0 && FAULTS.contains(&signal) {
            // The copied instruction itself faults: so would the original.
            self.leave_slot(tid)?;
            if signals::fault_address(&info) == slot {
                signals::set_fault_address(&mut info, original);
                ptrace::write_siginfo(tid, &info)?;
            }
            return Ok(());
        }
        if may_block {
            // A system call cannot be waited for: the handler runs first, then the trap is hit
            // once more.
            return self.leave_slot(tid);
        }
        // The hit was counted; finish the instruction, then deliver.
        match self.step_alone(tid)? {
            Stepped::Done => {
                self.leave_slot(tid)?;
                if let Some(thread) = self.threads.get_mut(&tid) {
                    thread.saved_siginfo = Some(info);
                }
                Ok(())
            }
            Stepped::Other(status) => {
                requeue_signal(pid, tid, &info);
                self.on_status(tid, status);
                Err(Errno::ESRCH)
            }
        }
    }

    /// Finds the slot a thread's pc lies in, and that pc.  Registers are read only where there
    /// are slots.
    fn slot_of(&mut self, tid: Tid) -> ptrace::Result<Option<(&mut Thread, &SlotCode, u64)>> {
        let Some(pid) = self.process_of(tid) else {
            return Ok(None);
        };
        let Some(process) = self.processes.get(&self.address_space_of(pid)) else {
            return Ok(None);
        };
        if !process.space.has_slots() {
            return Ok(None);
        }
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let pc = thread.registers()?.rip;
        Ok(process.space.slot_at(pc).map(|code| (thread, code, pc)))
    }
}

/// Whether the instruction in a slot is a system call, which may take any time.
pub(super) fn may_block(code: &SlotCode) -> bool {
    code.bytes.starts_with(&SYSCALL)
}
