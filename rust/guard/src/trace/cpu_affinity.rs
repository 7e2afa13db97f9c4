//! Making silent hits cheap: the hitting thread and the guard share one CPU.
//!
//! A stop and a resume across CPUs cost several wake-ups of idle processors, many times the
//! work itself.  After some hits in a row whose conditions were false, both are pinned to
//! the CPU the thread is on, and let loose again at the first stop somebody hears of.

use std::mem::size_of;

use log::debug;

use crate::os::procfs;
use crate::os::ptrace::Tid;
use crate::trace::tracer::{Thread, Tracer};

/// Hits in a row before a thread counts as hot.
const HOT: u32 = 50;

impl Tracer {
    /// Notes a hit nobody hears of.
    pub fn count_unreported_hit(&mut self, tid: Tid) {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return;
        };
        thread.unreported_hits += 1;
        if thread.unreported_hits >= HOT && self.saved_affinity.is_none() {
            self.pin(tid);
        }
    }

    /// Whether some thread shares our CPU for its silent hits.
    pub fn shares_cpu(&self) -> bool {
        self.saved_affinity.is_some()
    }

    fn pin(&mut self, tid: Tid) {
        let Some((core, _)) = procfs::core_and_start(tid) else {
            return;
        };
        let (Some(own), Some(theirs)) = (affinity(0), affinity(tid)) else {
            return;
        };
        let mut one = empty_set();
        // SAFETY: the set is initialised; the macro's function checks the range.
        unsafe { libc::CPU_SET(core as usize, &mut one) };
        if !set_affinity(tid, &one) {
            return;
        }
        if !set_affinity(0, &one) {
            set_affinity(tid, &theirs);
            return;
        }
        debug!("{tid} is hot: both on CPU {core}");
        self.saved_affinity = Some(own);
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.saved_affinity = Some(theirs);
        }
    }

    /// Ends a thread's run of silent hits.
    pub fn end_cpu_sharing(&mut self, tid: Tid) {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return;
        };
        thread.unreported_hits = 0;
        let Some(theirs) = thread.saved_affinity.take() else {
            return;
        };
        set_affinity(tid, &theirs);
        self.restore_own_affinity();
    }

    /// The same for a thread that has ended.
    pub fn end_cpu_sharing_of(&mut self, thread: &Thread) {
        if thread.saved_affinity.is_some() {
            self.restore_own_affinity();
        }
    }

    fn restore_own_affinity(&mut self) {
        if let Some(own) = self.saved_affinity.take() {
            set_affinity(0, &own);
        }
    }
}

fn empty_set() -> libc::cpu_set_t {
    // SAFETY: all zeroes is the empty set.
    unsafe { std::mem::zeroed() }
}

fn affinity(tid: Tid) -> Option<libc::cpu_set_t> {
    let mut set = empty_set();
    // SAFETY: the set is as large as stated.
    let answer =
        unsafe { libc::sched_getaffinity(tid, size_of::<libc::cpu_set_t>(), &raw mut set) };
    (answer == 0).then_some(set)
}

fn set_affinity(tid: Tid, set: &libc::cpu_set_t) -> bool {
    // SAFETY: the set is as large as stated.
    unsafe {
        libc::sched_setaffinity(tid, size_of::<libc::cpu_set_t>(), std::ptr::from_ref(set)) == 0
    }
}
