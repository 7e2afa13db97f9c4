//! Releasing a process: nothing of the debugger's is left in it, and its threads run untraced.

use log::debug;
use nix::errno::Errno;

use super::thread::{Action, Intent, PtraceStop};
use super::tracer::Tracer;
use crate::breakpoints::debug_registers;
use crate::os::ptrace::{self, Tid};
use crate::os::signals;

impl Tracer {
    /// Releases the threads of a process and forgets it.
    ///
    /// Its threads must be held, and [`Tracer::clean_memory`] done unless the memory is
    /// new or another process's.
    pub fn release_process(&mut self, pid: Tid) -> ptrace::Result<()> {
        let mut outcome = Ok(());
        for tid in self.threads_of(pid) {
            match self.release_thread(tid) {
                // Gone by itself, or not stopped because it is dying.
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => outcome = Err(error),
            }
        }
        self.reports.drop_process(pid);
        if outcome.is_err() {
            self.leave_to_warden(pid);
        }
        self.forget_process(pid);
        outcome
    }

    /// Releases one thread with the signal it was about to receive.
    fn release_thread(&mut self, tid: Tid) -> ptrace::Result<()> {
        self.end_cpu_sharing(tid);
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(());
        };
        thread.write_registers()?;
        if thread.debug_register_generation != 0 {
            debug_registers::clear(tid)?;
        }
        if let Some(info) = thread.saved_siginfo.take() {
            ptrace::write_siginfo(tid, &info)?;
        }
        let mut signal = thread.deliver;
        if !matches!(thread.ptrace_stop, Some(PtraceStop::Signal(_))) && signal != 0 {
            signals::send(thread.pid, tid, signal)?;
            signal = 0;
        }
        ptrace::detach(tid, signal)
    }

    /// Whether a process runs in another one's memory, as a `vfork` child does.
    pub fn shares_memory(&self, pid: Tid) -> bool {
        let process = self.processes.get(&pid);
        process.is_some_and(|process| process.shares_memory_of.is_some())
    }

    /// Hides a process from the client and lets it run, traced, until it executes or ends.
    pub fn run_hidden(&mut self, pid: Tid) {
        if let Some(process) = self.processes.get_mut(&pid) {
            process.is_hidden = true;
        }
        for tid in self.threads_of(pid) {
            if let Some(thread) = self.threads.get_mut(&tid) {
                thread.intent = Intent::Running(Action::Continue);
            }
            self.resume_unless_stopped(tid);
        }
    }

    /// Stops tracing threads that were just seized and are not to be traced after all.
    pub fn release_seized(&mut self, tids: &[Tid]) {
        for &tid in tids {
            let mut release = |tid| {
                ptrace::interrupt(tid)?;
                self.wait_until_held(tid);
                ptrace::detach(tid, 0)
            };
            if let Err(error) = release(tid) {
                debug!("releasing {tid}: {error}");
            }
            self.threads.remove(&tid);
        }
    }
}
