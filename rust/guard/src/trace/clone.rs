//! New threads, children, and programs that replace themselves.

use log::{debug, warn};

use crate::os::memory::Memory;
use crate::os::procfs;
use crate::os::ptrace::{self, Tid};
use crate::trace::tracer::{Intent, Origin, Process, PtraceStop, Reason, Thread, Tracer};

impl Tracer {
    pub(crate) fn on_clone(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        self.hold(tid, PtraceStop::Event);
        let child = ptrace::read_event_message(tid)? as Tid;
        let Some(parent) = self.threads.get(&tid) else {
            return Ok(None);
        };
        let pid = parent.pid;
        if std::path::Path::new(&format!("/proc/{pid}/task/{child}")).exists() {
            self.add_thread(pid, child);
        } else {
            // A process of its own that shares our memory, or already gone.
            self.add_memory_sharer(pid, child, true);
        }
        Ok(None)
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

    /// Notes a thread that is known to be held.
    pub fn add_held_thread(&mut self, pid: Tid, tid: Tid, hold: PtraceStop) {
        let mut thread = Thread::new(pid, tid);
        thread.ptrace_stop = Some(hold);
        thread.is_new = false;
        self.threads.insert(tid, thread);
    }

    fn add_memory_sharer(&mut self, parent: Tid, child: Tid, is_hidden: bool) {
        match Process::new(child, child, Origin::Attached) {
            Ok(mut process) => {
                if let Some(parent) = self.processes.get(&parent) {
                    process.origin = parent.origin;
                }
                process.shares_memory_of = Some(self.address_space_of(parent));
                process.is_hidden = is_hidden;
                self.processes.insert(child, process);
                self.add_thread(child, child);
            }
            Err(error) => debug!("child {child} of {parent} is gone: {error}"),
        }
    }

    pub(crate) fn on_fork(&mut self, tid: Tid, is_vfork: bool) -> ptrace::Result<Option<Reason>> {
        self.hold(tid, PtraceStop::Event);
        let child = ptrace::read_event_message(tid)? as Tid;
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let pid = thread.pid;
        let told = if is_vfork {
            self.choices.vfork_events
        } else {
            self.choices.fork_events
        };
        let told = told
            && self
                .processes
                .get(&pid)
                .is_some_and(|process| !process.is_hidden);
        if is_vfork {
            self.add_memory_sharer(pid, child, !told);
            if let Some(thread) = self.threads.get_mut(&tid) {
                thread.enters_vfork = true;
            }
        } else {
            self.add_forked_child(pid, child, told);
        }
        if !told || !self.await_first_stop(child) {
            return Ok(None);
        }
        Ok(Some(if is_vfork {
            Reason::Vfork(child)
        } else {
            Reason::Fork(child)
        }))
    }

    /// Takes in a child with a copy of the memory, and so of our traps, and cleans it.
    fn add_forked_child(&mut self, parent: Tid, child: Tid, told: bool) {
        let mut process = match Process::new(child, child, Origin::Attached) {
            Ok(process) => process,
            Err(error) => {
                debug!("child {child} of {parent} is gone: {error}");
                return;
            }
        };
        let space = self.address_space_of(parent);
        if let Some(parent) = self.processes.get(&space) {
            process.origin = parent.origin;
            process.sites = parent.sites.clone();
            process.slots = parent.slots.clone();
        }
        process.is_hidden = true;
        process.is_stopping = true;
        self.processes.insert(child, process);
        self.add_thread(child, child);
        if !self.await_first_stop(child) {
            return;
        }
        self.restore_program(child);
        if told {
            if let Some(process) = self.processes.get_mut(&child) {
                process.is_hidden = false;
                process.is_stopping = false;
            }
        } else if let Err(error) = self.release_process(child) {
            warn!("letting go of child {child}: {error}");
        }
    }

    /// Waits for the first stop of a child that the kernel has promised us.
    fn await_first_stop(&mut self, child: Tid) -> bool {
        if let Some(thread) = self.threads.get_mut(&child) {
            thread.intent = Intent::Stopped;
        }
        self.wait_for(child)
    }

    pub(crate) fn on_vfork_done(&mut self, tid: Tid) -> Option<Reason> {
        let thread = self.threads.get_mut(&tid)?;
        thread.ptrace_stop = Some(PtraceStop::Event);
        self.choices.vfork_events.then_some(Reason::VforkDone)
    }

    pub(crate) fn on_exec(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        let former = ptrace::read_event_message(tid)? as Tid;
        let Some(pid) = self.threads.get(&tid).map(|thread| thread.pid) else {
            return Ok(None);
        };
        // The thread that called exec has become the leader; the others ended unreported.
        let mut thread = Thread::new(pid, tid);
        if let Some(old) = self.threads.get(&former) {
            thread.intent = old.intent;
            thread.wants_stop = old.wants_stop;
        }
        thread.is_new = false;
        thread.ptrace_stop = Some(PtraceStop::Event);
        self.threads.retain(|_, other| other.pid != pid);
        self.threads.insert(tid, thread);
        let Some(process) = self.processes.get_mut(&pid) else {
            return Ok(None);
        };
        process.sites.forget();
        process.slots.forget();
        process.watches.clear();
        process.shares_memory_of = None;
        match Memory::open(pid, tid) {
            Ok(memory) => process.memory = memory,
            Err(error) => warn!("memory of {pid} after exec: {error}"),
        }
        if process.is_hidden {
            self.release_process(pid)?;
            return Ok(None);
        }
        if process.execs_to_skip > 0 {
            process.execs_to_skip -= 1;
            return Ok(None);
        }
        let path = procfs::executable(tid).unwrap_or_default();
        Ok(Some(if self.choices.exec_events {
            Reason::Exec(path)
        } else {
            Reason::Trap
        }))
    }
}
