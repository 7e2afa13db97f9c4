//! Taking hold of a running process.

use std::collections::HashSet;

use log::debug;
use nix::errno::Errno;

use crate::os::procfs;
use crate::os::ptrace::{self, OPTIONS, Tid};
use crate::trace::tracer::{Intent, Origin, Process, Tracer};

impl Tracer {
    /// Attaches to every thread of a process and holds it.
    ///
    /// # Errors
    /// A sentence that names the rule which refused, and what may be done.
    pub fn attach(&mut self, pid: Tid) -> Result<(), String> {
        if self.processes.contains_key(&pid) {
            return Err(format!("process {pid} is already being debugged here"));
        }
        let status = procfs::status(pid).map_err(|_| format!("no process {pid} exists"))?;
        if status.tgid != pid {
            return Err(format!("{pid} is a thread; its process is {}", status.tgid));
        }
        if procfs::is_64_bit(pid) == Some(false) {
            return Err(format!(
                "process {pid} is a 32-bit program, which is not supported"
            ));
        }
        let start = procfs::core_and_start(pid).map(|(_, start)| start);
        let refused = |error: Errno| procfs::explain_attach_failure(pid, error as i32);
        let seized = self.seize_tasks(pid).map_err(refused)?;
        let result = Process::new(pid, seized[0], Origin::Attached);
        let process = match result {
            Ok(process) if procfs::core_and_start(pid).map(|(_, s)| s) == start => process,
            other => {
                self.release_seized(&seized);
                let reason = other
                    .err()
                    .map_or("it was replaced meanwhile".into(), |e| e.to_string());
                return Err(format!("process {pid} cannot be looked into: {reason}"));
            }
        };
        self.processes.insert(pid, process);
        if let Some(process) = self.processes.get_mut(&pid) {
            process.is_stopping = true;
        }
        self.hold_all(pid);
        // Threads born between the list and the seizing of their parent show themselves now.
        while let Ok(more) = self.seize_tasks(pid) {
            debug!("late threads of {pid}: {more:?}");
            self.hold_all(pid);
        }
        for tid in self.threads_of(pid) {
            if let Some(thread) = self.threads.get_mut(&tid) {
                thread.intent = Intent::Stopped;
                thread.is_new = false;
            }
        }
        if let Some(process) = self.processes.get_mut(&pid) {
            process.is_stopping = false;
        }
        if self.threads_of(pid).is_empty() {
            return Err(format!(
                "process {pid} ended while it was being attached to"
            ));
        }
        Ok(())
    }

    /// Seizes tasks until two passes over the list add nothing; fails when there are none.
    fn seize_tasks(&mut self, pid: Tid) -> ptrace::Result<Vec<Tid>> {
        let mut seized = Vec::new();
        let mut refused = HashSet::new();
        let mut first_error = Errno::ESRCH;
        let mut idle_passes = 0;
        while idle_passes < 2 {
            idle_passes += 1;
            for tid in procfs::tasks(pid).unwrap_or_default() {
                if self.threads.contains_key(&tid) || refused.contains(&tid) {
                    continue;
                }
                match ptrace::seize(tid, OPTIONS) {
                    Ok(()) => {
                        idle_passes = 0;
                        seized.push(tid);
                        self.add_thread(pid, tid);
                    }
                    // Ours already, by its parent's clone event.
                    Err(Errno::EPERM) if is_traced_by_us(tid) => {
                        idle_passes = 0;
                        self.add_thread(pid, tid);
                    }
                    Err(error) => {
                        // Dying threads and kernel workers refuse; so does everything of
                        // a process that is not ours to trace.
                        refused.insert(tid);
                        if tid == pid || seized.is_empty() {
                            first_error = error;
                        }
                    }
                }
            }
        }
        if seized.is_empty() {
            Err(first_error)
        } else {
            Ok(seized)
        }
    }

    fn release_seized(&mut self, seized: &[Tid]) {
        for &tid in seized {
            let mut release = |tid| {
                ptrace::interrupt(tid)?;
                self.wait_for(tid);
                ptrace::detach(tid, 0)
            };
            if let Err(error) = release(tid) {
                debug!("abandoning {tid}: {error}");
            }
            self.threads.remove(&tid);
        }
    }
}

fn is_traced_by_us(tid: Tid) -> bool {
    procfs::status(tid).is_ok_and(|status| status.tracer == std::process::id() as Tid)
}
