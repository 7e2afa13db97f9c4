//! CPU affinity: a thread with many unreported hits and the guard share one CPU.
//!
//! A stop and a resume across CPUs cost several wake-ups of idle processors, many times the
//! work itself.  After some hits in a row whose conditions were false, both are bound to the
//! CPU the thread is on, and get their affinities back at the first stop that is reported.

use log::debug;

use super::thread::Thread;
use super::tracer::Tracer;
use crate::os::affinity::CpuSet;
use crate::os::procfs;
use crate::os::ptrace::Tid;

/// The hits in a row after which a thread and the guard share a CPU.
const HITS_BEFORE_SHARING: u32 = 50;

/// The guard itself, where a thread id is asked for.
const SELF: Tid = 0;

/// A thread's hits without a report, and what they have led to.
#[derive(Default)]
pub struct UnreportedHits {
    /// Hits in a row whose conditions were false.
    count: u32,
    /// The CPUs that the thread may run on, kept while it shares its CPU with the guard.
    affinity: Option<CpuSet>,
}

impl Tracer {
    /// Whether some thread shares its CPU with the guard.
    pub fn shares_cpu(&self) -> bool {
        self.own_affinity.is_some()
    }

    /// Notes a hit that is not reported.
    pub(super) fn count_unreported_hit(&mut self, tid: Tid) {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return;
        };
        thread.unreported_hits.count += 1;
        if thread.unreported_hits.count >= HITS_BEFORE_SHARING && self.own_affinity.is_none() {
            self.share_cpu_with(tid);
        }
    }

    fn share_cpu_with(&mut self, tid: Tid) {
        let Some((cpu, _)) = procfs::core_and_start(tid) else {
            return;
        };
        let (Some(own), Some(theirs)) = (CpuSet::of(SELF), CpuSet::of(tid)) else {
            return;
        };
        let shared = CpuSet::only(cpu);
        if !shared.apply_to(tid) {
            return;
        }
        if !shared.apply_to(SELF) {
            theirs.apply_to(tid);
            return;
        }
        debug!("{tid} and the guard share CPU {cpu}");
        self.own_affinity = Some(own);
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.unreported_hits.affinity = Some(theirs);
        }
    }

    /// Ends a thread's row of unreported hits, and what followed from it.
    pub(super) fn end_cpu_sharing(&mut self, tid: Tid) {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return;
        };
        let hits = std::mem::take(&mut thread.unreported_hits);
        if let Some(theirs) = hits.affinity {
            theirs.apply_to(tid);
            self.restore_own_affinity();
        }
    }

    /// Ends the CPU sharing of a thread that has ended.
    pub(super) fn end_cpu_sharing_after(&mut self, thread: &Thread) {
        if thread.unreported_hits.affinity.is_some() {
            self.restore_own_affinity();
        }
    }

    fn restore_own_affinity(&mut self) {
        if let Some(own) = self.own_affinity.take() {
            own.apply_to(SELF);
        }
    }
}
