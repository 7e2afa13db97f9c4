//! Releasing a process: nothing of the debugger's is left in it, then its threads run untraced.

use log::warn;
use nix::errno::Errno;

use crate::breakpoints::debug_registers;
use crate::os::ptrace::{self, Tid};
use crate::trace::tracer::{PtraceStop, Tracer};

impl Tracer {
    /// Takes everything of ours out of a process whose threads are all held.
    pub fn restore_program(&mut self, pid: Tid) {
        for tid in self.threads_of(pid) {
            self.leave_slot_or_warn(tid);
            self.end_cpu_sharing(tid);
        }
        self.lift(pid);
        if let Some(process) = self.processes.get_mut(&pid)
            && let Err(error) = process.slots.remove_all(&process.memory)
        {
            warn!("restoring slots of {pid}: {error}");
        }
    }

    /// Releases the threads of a clean process and forgets it.
    pub fn release_process(&mut self, pid: Tid) -> ptrace::Result<()> {
        let mut outcome = Ok(());
        for tid in self.threads_of(pid) {
            match self.release(tid) {
                // Gone by itself, or not stopped because it is dying.
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => outcome = Err(error),
            }
        }
        self.reports.retain(|report| report.pid != pid);
        self.forget_process(pid);
        outcome
    }

    fn release(&mut self, tid: Tid) -> ptrace::Result<()> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(());
        };
        thread.flush()?;
        if thread.watch_generation != 0 {
            debug_registers::clear(tid)?;
        }
        if let Some(info) = thread.saved_siginfo.take() {
            ptrace::write_siginfo(tid, &info)?;
        }
        let mut signal = thread.deliver;
        if !matches!(thread.ptrace_stop, Some(PtraceStop::Signal(_))) && signal != 0 {
            ptrace::send_signal(thread.pid, tid, signal)?;
            signal = 0;
        }
        ptrace::detach(tid, signal)
    }
}
