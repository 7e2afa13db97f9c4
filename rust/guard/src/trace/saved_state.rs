//! Saving everything of a stopped thread that running something else may change, and putting
//! it back.

use nix::errno::Errno;

use super::thread::{PtraceStop, Thread};
use super::tracer::Tracer;
use crate::journal::record::SavedThread;
use crate::os::ptrace::{self, Tid};

/// The saved state of a thread.
pub struct SavedState {
    tid: Tid,
    general: libc::user_regs_struct,
    /// The whole XSAVE area: what `g` does not carry (AVX-512, protection keys) is in it.
    extended: Vec<u8>,
    /// Blocked signals; the kernel unblocks `SIGTRAP` where a blocked one is raised.
    mask: u64,
    stop_pc: Option<u64>,
    /// The `siginfo_t` of the signal it was stopped with, which is delivered only later.
    siginfo: Option<libc::siginfo_t>,
}

impl SavedState {
    /// Returns the thread whose state it is.
    pub fn tid(&self) -> Tid {
        self.tid
    }

    /// Returns what a journal says of it, under a number of its own.
    pub fn record(&self, number: u64) -> SavedThread {
        SavedThread {
            number,
            tid: self.tid,
            mask: self.mask,
            general: self.general,
            extended: self.extended.clone(),
        }
    }
}

impl From<SavedThread> for SavedState {
    fn from(saved: SavedThread) -> Self {
        Self {
            tid: saved.tid,
            general: saved.general,
            extended: saved.extended,
            mask: saved.mask,
            stop_pc: None,
            siginfo: None,
        }
    }
}

impl Tracer {
    /// Saves the state of a held thread.
    ///
    /// # Errors
    /// A sentence that says what cannot be read.
    pub fn save_state(&mut self, tid: Tid) -> Result<SavedState, String> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Err("no thread is selected".into());
        };
        check_held(thread)?;
        let describe = |error: Errno| format!("state of {tid}: {}", error.desc());
        let has_signal =
            matches!(thread.ptrace_stop, Some(PtraceStop::Signal(signal)) if signal != 0);
        let siginfo = match thread.saved_siginfo {
            None if has_signal => Some(ptrace::read_siginfo(tid).map_err(describe)?),
            saved => saved,
        };
        Ok(SavedState {
            tid,
            general: *thread.registers().map_err(describe)?,
            extended: ptrace::read_xstate(tid).map_err(describe)?,
            mask: ptrace::read_signal_mask(tid).map_err(describe)?,
            stop_pc: thread.stop_pc,
            siginfo,
        })
    }

    /// Notes that a thread is about to run something else than it did in this state.
    pub fn note_saved(&mut self, state: &SavedState, number: u64) {
        if let Some(pid) = self.process_of(state.tid) {
            self.keep_journal(pid);
            if let Some(process) = self.processes.get(&pid) {
                process.space.journal().note(&state.record(number));
            }
        }
    }

    /// Notes that a saved state has been put back, or will never be.
    pub fn forget_saved(&self, tid: Tid, number: u64) {
        let pid = self.process_of(tid);
        if let Some(process) = pid.and_then(|pid| self.processes.get(&pid)) {
            process.space.journal().forget::<SavedThread>(number);
        }
    }

    /// Puts a saved state back.
    ///
    /// # Errors
    /// A sentence that says what cannot be written.
    pub fn restore_state(&mut self, mut state: SavedState) -> Result<(), String> {
        let tid = state.tid;
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Err(format!("thread {tid} is gone"));
        };
        check_held(thread)?;
        let describe = |error: Errno| format!("state of {tid}: {}", error.desc());
        ptrace::write_xstate(tid, &mut state.extended).map_err(describe)?;
        ptrace::write_signal_mask(tid, state.mask).map_err(describe)?;
        *thread.registers().map_err(describe)? = state.general;
        thread.mark_registers_changed();
        thread.write_registers().map_err(describe)?;
        thread.steps_over = None;
        thread.stop_pc = state.stop_pc;
        thread.saved_siginfo = state.siginfo;
        Ok(())
    }
}

fn check_held(thread: &Thread) -> Result<(), String> {
    if thread.is_held() {
        Ok(())
    } else {
        Err(format!("thread {} is running", thread.tid))
    }
}
