//! Letting go, with nothing left behind.

use log::{debug, warn};
use nix::errno::Errno;

use crate::debugregs;
use crate::ptrace::{self, Tid};
use crate::tracee::{Hold, Intent, Origin, Tracer};

impl Tracer {
    /// Lets a process run on by itself: threads held, hits undone, bytes restored, debug
    /// registers cleared, and each thread released with the signal it was about to receive.
    pub fn detach(&mut self, pid: Tid) -> ptrace::Result<()> {
        let Some(process) = self.processes.get_mut(&pid) else {
            return Err(Errno::ESRCH);
        };
        if process.borrows_from.is_some() {
            // The memory is not its own yet: it would die of its parent's traps.
            process.is_shadow = true;
            for tid in self.threads_of(pid) {
                if let Some(thread) = self.threads.get_mut(&tid) {
                    thread.intent = Intent::Going(crate::tracee::Action::Continue);
                }
                self.settle(tid);
            }
            return Ok(());
        }
        process.parking = true;
        self.halt(pid);
        self.clean(pid);
        self.let_go(pid)
    }

    /// Takes everything of ours out of a process whose threads are all held.
    pub fn clean(&mut self, pid: Tid) {
        for tid in self.threads_of(pid) {
            self.leave_slot_or_warn(tid);
            self.calm(tid);
        }
        self.lift(pid);
        if let Some(process) = self.processes.get_mut(&pid)
            && let Err(error) = process.slots.remove_all(&process.memory)
        {
            warn!("restoring slots of {pid}: {error}");
        }
    }

    /// Releases the threads of a clean process and forgets it.
    pub fn let_go(&mut self, pid: Tid) -> ptrace::Result<()> {
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
            debugregs::clear(tid)?;
        }
        if let Some(info) = thread.saved_siginfo.take() {
            ptrace::write_siginfo(tid, &info)?;
        }
        let mut signal = thread.deliver;
        if !matches!(thread.held, Some(Hold::Signal(_))) && signal != 0 {
            ptrace::send_signal(thread.pid, tid, signal)?;
            signal = 0;
        }
        ptrace::detach(tid, signal)
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
    pub fn part(&mut self) {
        let mut pids: Vec<Tid> = self.processes.keys().copied().collect();
        // Borrowers go with their lender.
        pids.sort_unstable();
        for pid in pids {
            match self
                .processes
                .get(&pid)
                .map(|process| (process.origin, process.is_shadow))
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
        for (tid, _) in std::mem::take(&mut self.early) {
            if let Err(error) = ptrace::detach(tid, 0) {
                debug!("detaching from {tid}: {error}");
            }
        }
        // What borrowed memory is clean now that its lender is.
        let rest: Vec<Tid> = self.processes.keys().copied().collect();
        for pid in rest {
            if let Some(process) = self.processes.get_mut(&pid) {
                process.parking = true;
            }
            self.halt(pid);
            if let Err(error) = self.let_go(pid) {
                warn!("letting go of {pid}: {error}");
            }
        }
    }
}
