//! Children that nobody announces, because their parent was killed before.
//!
//! A child of a traced process is traced from its birth, stops at once, and has the parent's
//! traps in its copy of the memory.  Whose child it is, the kernel says in an event of the
//! parent.  Where that one is killed first, only the child's own stop comes, before or after
//! the parent's end.

use log::{debug, warn};

use super::process::{Origin, Process};
use super::tracer::Tracer;
use crate::os::procfs;
use crate::os::ptrace::{self, Tid};

impl Tracer {
    /// Keeps the traps of a process that has ended, for children that it may leave.
    pub(super) fn keep_traps_for_orphans(&mut self, pid: Tid) {
        let process = self.processes.get(&self.address_space_of(pid));
        if let Some(process) = process.filter(|process| process.space.has_sites()) {
            self.traps_of_ended = Some(process.space.copy_traps());
        }
    }

    /// Lets go of the children that a process has left which has ended.
    pub(super) fn release_orphans(&mut self) {
        let children = self.early_stops.keys().copied();
        let orphans: Vec<Tid> = children.filter(|tid| self.is_orphan(*tid)).collect();
        for child in orphans {
            self.release_orphan(child);
        }
    }

    /// Lets go of every child whose creation was never announced.
    pub fn release_unreported_children(&mut self) {
        let children: Vec<Tid> = self.early_stops.keys().copied().collect();
        for child in children {
            self.release_orphan(child);
        }
    }

    /// Whether no parent is left that could announce a child.
    fn is_orphan(&self, child: Tid) -> bool {
        let status = procfs::status(child);
        status.is_ok_and(|status| status.tgid == child && !self.has_process(status.parent))
    }

    fn release_orphan(&mut self, child: Tid) {
        match Process::open(child, child, Origin::Attached) {
            Ok(process) => {
                debug!("{child} has lost its parent");
                self.prepare_child(process, self.traps_of_ended.clone(), false);
            }
            Err(error) => {
                warn!("child {child} cannot be looked into: {error}");
                self.early_stops.remove(&child);
                if let Err(error) = ptrace::detach(child, 0) {
                    debug!("detaching from {child}: {error}");
                }
            }
        }
    }
}
