//! New threads and child processes: the clone, fork and vfork events of ptrace(2).

use log::{debug, warn};
use nix::errno::Errno;

use super::process::{Origin, Process};
use super::report::Reason;
use super::thread::{Intent, PtraceStop, Thread};
use super::tracer::Tracer;
use crate::breakpoints::address_space::CopiedTraps;
use crate::os::procfs;
use crate::os::ptrace::{self, Tid};
use crate::os::sharing;

impl Tracer {
    pub(super) fn on_clone(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        self.set_held(tid, PtraceStop::Event);
        let child = self.read_child(tid)?;
        let pid = self.thread_mut(tid)?.pid;
        if procfs::has_task(pid, child) {
            self.add_thread(pid, child);
        } else if self.shares_memory_with(tid, child)? {
            // A process of its own, or already gone.
            self.add_memory_sharer(pid, child, false);
        } else {
            self.add_forked_child(pid, child, false);
        }
        Ok(None)
    }

    pub(super) fn on_fork(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        self.set_held(tid, PtraceStop::Event);
        let child = self.read_child(tid)?;
        let pid = self.thread_mut(tid)?.pid;
        if self.shares_memory_with(tid, child)? {
            // The event tells the signal at its end, not what the child shares (ptrace(2)).
            // Nobody could let go of it while the traps are in its memory.
            self.add_memory_sharer(pid, child, false);
            return Ok(None);
        }
        let is_followed = self.choices.fork_events && self.is_visible(pid);
        self.add_forked_child(pid, child, is_followed);
        let is_reported = is_followed && self.wait_for_first_stop(child);
        Ok(is_reported.then_some(Reason::Fork(child)))
    }

    pub(super) fn on_vfork(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        self.set_held(tid, PtraceStop::Event);
        let child = self.read_child(tid)?;
        let pid = self.thread_mut(tid)?.pid;
        let is_followed = self.choices.vfork_events && self.is_visible(pid);
        if self.shares_memory_with(tid, child)? {
            self.add_memory_sharer(pid, child, is_followed);
        } else {
            self.add_forked_child(pid, child, is_followed);
        }
        if let Some(process) = self.processes.get_mut(&child) {
            process.awaited_by = Some(tid);
        }
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.enters_vfork = true;
        }
        let is_reported = is_followed && self.wait_for_first_stop(child);
        Ok(is_reported.then_some(Reason::Vfork(child)))
    }

    pub(super) fn on_vfork_done(&mut self, tid: Tid) -> Option<Reason> {
        let thread = self.threads.get_mut(&tid)?;
        thread.ptrace_stop = Some(PtraceStop::Event);
        self.take_back_memory(tid);
        self.choices.vfork_events.then_some(Reason::VforkDone)
    }

    /// Whether a child that a thread has just made runs in the thread's memory.
    fn shares_memory_with(&mut self, tid: Tid, child: Tid) -> ptrace::Result<bool> {
        if let Some(shares) = sharing::shares_memory(tid, child) {
            return Ok(shares);
        }
        let thread = self.threads.get_mut(&tid).ok_or(Errno::ESRCH)?;
        let process = self.processes.get(&thread.pid);
        let read_word = |address| {
            let mut bytes = [0; 8];
            let is_read = process?.space.read_exact(address, &mut bytes);
            is_read.then_some(u64::from_ne_bytes(bytes))
        };
        Ok(sharing::asks_for_shared_memory(
            thread.registers()?,
            read_word,
        ))
    }

    /// Lets a child be traced by its parent, for which it is about to ask.
    ///
    /// Until it leaves the memory that the two share, no trap can be there, and no thread runs
    /// there that would miss one.
    pub(super) fn let_parent_trace(&mut self, child: Tid) -> ptrace::Result<()> {
        let Some((lender, waiter)) = self.processes.get(&child).and_then(|process| {
            let lender = process.shares_memory_of?;
            Some((lender, process.awaited_by?))
        }) else {
            return Ok(());
        };
        if let Some(process) = self.processes.get_mut(&lender) {
            process.lent_until = Some(waiter);
        }
        self.hold_all(lender);
        for tid in self.threads_of(lender) {
            self.leave_slot_or_warn(tid);
        }
        self.lift_traps(lender);
        self.release_process(child)
    }

    /// Lets the threads of a process run again, with traps, once a child that was lent its
    /// memory has left that.
    fn take_back_memory(&mut self, waiter: Tid) {
        let Some(pid) = self.process_of(waiter) else {
            return;
        };
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        if process.lent_until != Some(waiter) {
            return;
        }
        process.lent_until = None;
        let tids = self.threads_of(pid);
        let runs = |tid: &Tid| self.threads.get(tid).is_some_and(|t| !t.is_stopped());
        if tids.iter().any(runs) {
            self.insert_traps(pid);
        }
        for tid in tids.into_iter().filter(|tid| *tid != waiter) {
            self.resume_unless_stopped(tid);
        }
    }

    /// Reads which thread or child the event of its parent is about; it has not run yet.
    fn read_child(&self, parent: Tid) -> ptrace::Result<Tid> {
        let child = ptrace::read_event_message(parent)? as Tid;
        self.keep_child_from_cpu_sharing(parent, child);
        Ok(child)
    }

    /// Takes in a new thread, whose first stop may have come before.
    pub fn add_thread(&mut self, pid: Tid, tid: Tid) {
        self.threads
            .entry(tid)
            .or_insert_with(|| Thread::new(pid, tid));
        if let Some(status) = self.early_stops.remove(&tid) {
            self.on_status(tid, status);
        }
    }

    /// Takes in a child that runs in its parent's memory, and so through its traps.
    fn add_memory_sharer(&mut self, parent: Tid, child: Tid, is_followed: bool) {
        let Some(mut process) = self.open_child(parent, child) else {
            return;
        };
        process.shares_memory_of = Some(self.address_space_of(parent));
        process.is_hidden = !is_followed;
        self.add_process(process);
        self.add_thread(child, child);
    }

    /// Takes in a child with a copy of the memory, and so of the traps, and restores the copy.
    fn add_forked_child(&mut self, parent: Tid, child: Tid, is_followed: bool) {
        let Some(process) = self.open_child(parent, child) else {
            return;
        };
        let parent = self.processes.get(&self.address_space_of(parent));
        let traps = parent.map(|parent| parent.space.copy_traps());
        self.prepare_child(process, traps, is_followed);
    }

    /// Takes in a child and the traps in its copy of the memory, restores that, and lets it go
    /// unless it is followed.
    pub(super) fn prepare_child(
        &mut self,
        process: Process,
        traps: Option<CopiedTraps>,
        is_followed: bool,
    ) {
        let child = process.pid;
        let mut process = process.in_preparation();
        if let Some(traps) = traps {
            process.space.inherit_traps(traps);
        }
        self.add_process(process);
        self.add_thread(child, child);
        if !self.wait_for_first_stop(child) {
            return;
        }
        self.clean_memory(child);
        if is_followed {
            if let Some(process) = self.processes.get_mut(&child) {
                process.is_hidden = false;
                process.is_stopping = false;
            }
        } else if let Err(error) = self.release_process(child) {
            warn!("releasing child {child}: {error}");
        }
    }

    /// Opens a child process, which at the end of the session is treated as its parent.
    fn open_child(&self, parent: Tid, child: Tid) -> Option<Process> {
        let origin = self.origin_of(parent).unwrap_or(Origin::Attached);
        match Process::open(child, child, origin) {
            Ok(process) => Some(process),
            Err(error) => {
                debug!("child {child} of {parent} is gone: {error}");
                None
            }
        }
    }

    /// Waits for the first stop of a child, which the kernel has announced; `false` when the
    /// child ended instead.
    fn wait_for_first_stop(&mut self, child: Tid) -> bool {
        if let Some(thread) = self.threads.get_mut(&child) {
            thread.intent = Intent::Stopped;
        }
        self.wait_until_held(child)
    }
}
