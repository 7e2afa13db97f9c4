//! Letting go, with nothing left behind.

use log::{debug, warn};
use nix::errno::Errno;

use crate::os::ptrace::{self, Tid};
use crate::trace::tracer::{Intent, Origin, Tracer};

impl Tracer {
    /// Lets a process run on by itself: threads held, hits undone, bytes restored, debug
    /// registers cleared, and each thread released with the signal it was about to receive.
    pub fn detach(&mut self, pid: Tid) -> ptrace::Result<()> {
        let Some(process) = self.processes.get_mut(&pid) else {
            return Err(Errno::ESRCH);
        };
        if process.shares_memory_of.is_some() {
            // The memory is not its own yet: it would die of its parent's traps.
            process.is_hidden = true;
            for tid in self.threads_of(pid) {
                if let Some(thread) = self.threads.get_mut(&tid) {
                    thread.intent = Intent::Running(crate::trace::tracer::Action::Continue);
                }
                self.resume_unless_stopped(tid);
            }
            return Ok(());
        }
        process.is_stopping = true;
        self.hold_all(pid);
        self.restore_program(pid);
        self.release_process(pid)
    }

    /// Ends a process.
    pub fn kill(&mut self, pid: Tid) {
        // SAFETY: no memory is passed.
        if unsafe { libc::kill(pid, libc::SIGKILL) } == -1 {
            warn!("killing {pid}: {}", Errno::last());
        }
        let gone = |tracer: &Self| !tracer.processes.contains_key(&pid);
        self.wait_until(gone, pid);
        if !gone(self) {
            warn!("{pid} does not end");
        }
    }

    /// The end of a session: lets attached programs run on and ends launched ones.
    pub fn end_session(&mut self) {
        let mut pids: Vec<Tid> = self.processes.keys().copied().collect();
        // Borrowers go with their lender.
        pids.sort_unstable();
        for pid in pids {
            match self
                .processes
                .get(&pid)
                .map(|process| (process.origin, process.is_hidden))
            {
                Some((Origin::Launched, false)) => self.kill(pid),
                Some((Origin::Attached, false)) => {
                    if let Err(error) = self.detach(pid) {
                        warn!("detaching from {pid}: {error}");
                    }
                }
                _ => {}
            }
        }
        // Children whose birth could not be taken in because the parent was killed at it.
        for (tid, _) in std::mem::take(&mut self.early_stops) {
            if let Err(error) = ptrace::detach(tid, 0) {
                debug!("detaching from {tid}: {error}");
            }
        }
        // What borrowed memory is clean now that its lender is.
        let rest: Vec<Tid> = self.processes.keys().copied().collect();
        for pid in rest {
            if let Some(process) = self.processes.get_mut(&pid) {
                process.is_stopping = true;
            }
            self.hold_all(pid);
            if let Err(error) = self.release_process(pid) {
                warn!("letting go of {pid}: {error}");
            }
        }
    }
}
