//! Detaching from programs, and killing them.

use log::warn;
use nix::errno::Errno;

use crate::os::ptrace::{self, Tid};
use crate::os::signals;
use crate::trace::process::Origin;
use crate::trace::tracer::Tracer;

impl Tracer {
    /// Lets a process run on by itself: threads held, hits undone, bytes restored, debug
    /// registers cleared, and each thread released with the signal it was about to receive.
    pub fn detach(&mut self, pid: Tid) -> ptrace::Result<()> {
        if !self.has_process(pid) {
            return Err(Errno::ESRCH);
        }
        if self.shares_memory(pid) {
            // The memory is not its own yet: it would die of its parent's traps.
            self.run_hidden(pid);
            return Ok(());
        }
        self.begin_stop(pid);
        self.clean_memory(pid);
        self.release_process(pid)
    }

    /// Ends a process.
    pub fn kill(&mut self, pid: Tid) {
        if let Err(error) = signals::kill(pid) {
            warn!("killing {pid}: {error}");
        }
        self.wait_until(|tracer| !tracer.has_process(pid), pid);
        if self.has_process(pid) {
            warn!("{pid} does not end");
        }
    }

    /// Ends the session: attached programs run on, launched ones end.
    pub fn end_session(&mut self) {
        for pid in self.visible_processes() {
            match self.origin_of(pid) {
                Some(Origin::Launched) => self.kill(pid),
                Some(Origin::Attached) => {
                    if let Err(error) = self.detach(pid) {
                        warn!("detaching from {pid}: {error}");
                    }
                }
                None => {}
            }
        }
        self.release_unreported_children();
        // The shared memory is clean now that its owner is.
        for pid in self.all_processes() {
            self.begin_stop(pid);
            if let Err(error) = self.release_process(pid) {
                warn!("releasing {pid}: {error}");
            }
        }
    }
}
