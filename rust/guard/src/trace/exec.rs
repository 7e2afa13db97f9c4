//! Programs that replace themselves: the exec event of ptrace(2), "execve(2) under ptrace".

use log::warn;

use super::report::Reason;
use super::thread::{PtraceStop, Thread};
use super::tracer::Tracer;
use crate::os::procfs;
use crate::os::ptrace::{self, Tid};

impl Tracer {
    pub(super) fn on_exec(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        let former = ptrace::read_event_message(tid)? as Tid;
        let pid = self.thread_mut(tid)?.pid;
        self.keep_only_exec_thread(pid, tid, former);
        let Some(process) = self.processes.get_mut(&pid) else {
            return Ok(None);
        };
        process.debug_registers.clear();
        process.shares_memory_of = None;
        if let Err(error) = process.space.replace(pid, tid) {
            warn!("memory of {pid} after exec: {error}");
        }
        if process.is_hidden {
            self.release_process(pid)?;
            return Ok(None);
        }
        let path = procfs::executable(tid).unwrap_or_default();
        Ok(Some(if self.choices.exec_events {
            Reason::Exec(path)
        } else {
            Reason::Trap
        }))
    }

    /// The thread that called exec, `former`, has become the leader; the others ended without
    /// a status.
    fn keep_only_exec_thread(&mut self, pid: Tid, leader: Tid, former: Tid) {
        let mut thread = Thread::new(pid, leader);
        if let Some(old) = self.threads.get(&former) {
            thread.intent = old.intent;
            thread.wants_stop = old.wants_stop;
        }
        thread.is_new = false;
        thread.ptrace_stop = Some(PtraceStop::Event);
        self.end_cpu_sharing_at_exec(pid, leader, former);
        self.threads.retain(|_, other| other.pid != pid);
        self.threads.insert(leader, thread);
    }
}
