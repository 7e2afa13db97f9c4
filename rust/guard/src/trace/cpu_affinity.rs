//! CPU affinity: a thread with many unreported hits and the guard share one CPU.
//!
//! A stop and a resume across CPUs cost several wake-ups of idle processors, many times the
//! work itself.  After some hits in a row whose conditions were false, both are bound to the
//! CPU the thread is on, and get their affinities back at the first stop that is reported.
//!
//! Children, new threads and executed programs inherit the affinity of the thread they come
//! from (`sched_setaffinity(2)`).  They get what that thread has without the guard, before they
//! run.  Whoever has an affinity other than the one given here has chosen it, and keeps it.

use log::debug;

use super::tracer::Tracer;
use crate::os::affinity::CpuSet;
use crate::os::procfs;
use crate::os::ptrace::Tid;

/// The hits in a row after which a thread and the guard share a CPU.
const HITS_BEFORE_SHARING: u32 = 50;

/// The guard itself, where a thread id is asked for.
const SELF: Tid = 0;

/// A thread and the guard on one CPU.
pub struct CpuSharing {
    /// The thread.
    tid: Tid,
    /// The CPU that both are bound to.
    shared: CpuSet,
    /// The CPUs that the thread may run on without the guard.
    theirs: CpuSet,
    /// The CPUs that the guard may run on.
    own: CpuSet,
}

impl CpuSharing {
    /// Binds a thread and the guard to the CPU that the thread is on.
    fn begin(tid: Tid) -> Option<Self> {
        let (cpu, _) = procfs::core_and_start(tid)?;
        let sharing = Self {
            tid,
            shared: CpuSet::only(cpu),
            theirs: CpuSet::of(tid)?,
            own: CpuSet::of(SELF)?,
        };
        if !sharing.shared.apply_to(tid) {
            return None;
        }
        if !sharing.shared.apply_to(SELF) {
            sharing.release(tid);
            return None;
        }
        debug!("{tid} and the guard share CPU {cpu}");
        Some(sharing)
    }

    /// Lets the thread, or one that has inherited its affinity, run where it may without the
    /// guard, unless it has chosen an affinity itself.  It must not be running.
    fn release(&self, tid: Tid) {
        if CpuSet::of(tid).as_ref() == Some(&self.shared) {
            self.theirs.apply_to(tid);
        }
    }

    /// Lets the guard run where it may.
    fn release_guard(&self) {
        self.own.apply_to(SELF);
    }
}

impl Tracer {
    /// Whether some thread shares its CPU with the guard.
    pub fn shares_cpu(&self) -> bool {
        self.cpu_sharing.is_some()
    }

    /// Notes a hit that is not reported.
    pub(super) fn count_unreported_hit(&mut self, tid: Tid) {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return;
        };
        thread.unreported_hits += 1;
        if thread.unreported_hits >= HITS_BEFORE_SHARING && self.cpu_sharing.is_none() {
            self.cpu_sharing = CpuSharing::begin(tid);
        }
    }

    /// Ends a held thread's row of unreported hits, and what followed from it.
    pub(super) fn end_cpu_sharing(&mut self, tid: Tid) {
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.unreported_hits = 0;
        }
        if let Some(sharing) = self.cpu_sharing.take_if(|sharing| sharing.tid == tid) {
            sharing.release(tid);
            sharing.release_guard();
        }
    }

    /// Ends the sharing with a thread that is not traced any more.
    pub(super) fn end_cpu_sharing_with_the_gone(&mut self) {
        let threads = &self.threads;
        let is_gone = |sharing: &mut CpuSharing| !threads.contains_key(&sharing.tid);
        if let Some(sharing) = self.cpu_sharing.take_if(is_gone) {
            sharing.release_guard();
        }
    }

    /// Ends the sharing with a thread of a process that has executed a program: the one that
    /// did so, `former`, is the leader now, and the others are gone.
    pub(super) fn end_cpu_sharing_at_exec(&mut self, pid: Tid, leader: Tid, former: Tid) {
        let threads = &self.threads;
        let is_of_process = |sharing: &mut CpuSharing| {
            let thread = threads.get(&sharing.tid);
            thread.is_some_and(|thread| thread.pid == pid)
        };
        if let Some(sharing) = self.cpu_sharing.take_if(is_of_process) {
            if sharing.tid == former {
                sharing.release(leader);
            }
            sharing.release_guard();
        }
    }

    /// Takes from a new thread or child, which has not run yet, what it has inherited of its
    /// parent's sharing.
    pub(super) fn keep_child_from_cpu_sharing(&self, parent: Tid, child: Tid) {
        let sharing = self.cpu_sharing.as_ref();
        if let Some(sharing) = sharing.filter(|sharing| sharing.tid == parent) {
            sharing.release(child);
        }
    }

    /// Takes from a child of the guard's, which is to become a program, what it has inherited
    /// of the guard's sharing.
    pub fn keep_launched_from_cpu_sharing(&self, child: Tid) {
        if let Some(sharing) = &self.cpu_sharing {
            sharing.own.apply_to(child);
        }
    }
}
