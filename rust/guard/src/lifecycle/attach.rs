//! Attaching to a running process.

use std::collections::HashSet;
use std::{fs, io};

use log::debug;
use nix::errno::Errno;

use super::refusal;
use crate::journal::folder::{self, Found};
use crate::journal::reader::Remains;
use crate::os::procfs;
use crate::os::ptrace::{self, OPTIONS, Tid};
use crate::trace::process::{Origin, Process};
use crate::trace::safety::Mended;
use crate::trace::tracer::Tracer;

impl Tracer {
    /// Attaches to every thread of a process and stops it.
    ///
    /// # Errors
    /// A sentence that names the rule which refused, and what may be done.
    pub fn attach(&mut self, pid: Tid) -> Result<(), String> {
        let Ok(Found::Orphan(entry)) = folder::find(pid) else {
            return self.attach_and_mend(pid, Remains::default()).map(drop);
        };
        // A guard that was killed has been here before.
        let describe = |error: io::Error| error.to_string();
        let remains = Remains::of(pid, &entry).map_err(describe)?;
        let mended = self.attach_and_mend(pid, remains)?;
        debug!("left in {pid} by a dead guard: {mended:?}");
        fs::remove_file(entry.path).map_err(describe)
    }

    /// Attaches to a process and takes out what a dead guard has left in it.
    ///
    /// # Errors
    /// As [`Tracer::attach`].
    pub fn attach_and_mend(&mut self, pid: Tid, remains: Remains) -> Result<Mended, String> {
        if self.has_process(pid) {
            return Err(format!("process {pid} is already being debugged here"));
        }
        check_process(pid)?;
        let start = start_time(pid);
        let seized = self
            .seize_threads(pid)
            .map_err(|error| refusal::explain(pid, error))?;
        let mut process = match Process::open(pid, seized[0], Origin::Attached) {
            // The same process still, not another one that got its number.
            Ok(process) if start_time(pid) == start => process,
            other => {
                self.release_seized(&seized);
                return Err(match other {
                    Err(error) if start_time(pid) == start && !is_of_the_ended(&error) => {
                        format!("process {pid} cannot be looked into: {error}")
                    }
                    _ => ended_meanwhile(pid),
                });
            }
        };
        // Before the first stop is looked at: it may be at one of those traps.
        let (traps, slots) = process.adopt(&remains);
        self.add_process(process);
        self.begin_stop(pid);
        // Threads made between the listing and the seizing of their parent show themselves now.
        while let Ok(more) = self.seize_threads(pid) {
            debug!("late threads of {pid}: {more:?}");
            self.hold_all(pid);
        }
        self.finish_stop(pid);
        if self.threads_of(pid).is_empty() {
            return Err(ended_meanwhile(pid));
        }
        let mended = self.mend(pid, remains);
        Ok(Mended {
            traps,
            slots,
            ..mended
        })
    }

    /// Seizes threads until two passes over their list add nothing; fails when there are none.
    fn seize_threads(&mut self, pid: Tid) -> ptrace::Result<Vec<Tid>> {
        let mut seized = Vec::new();
        let mut refused = HashSet::new();
        let mut first_error = Errno::ESRCH;
        let mut idle_passes = 0;
        while idle_passes < 2 {
            idle_passes += 1;
            for tid in procfs::tasks(pid).unwrap_or_default() {
                if self.process_of(tid).is_some() || refused.contains(&tid) {
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
}

/// Checks that `pid` is a process that can be debugged at all.
fn check_process(pid: Tid) -> Result<(), String> {
    let status = procfs::status(pid).map_err(|_| format!("no process {pid} exists"))?;
    if status.tgid != pid {
        return Err(format!("{pid} is a thread; its process is {}", status.tgid));
    }
    if procfs::is_64_bit(pid) == Some(false) {
        return Err(format!(
            "process {pid} is a 32-bit program, which is not supported"
        ));
    }
    Ok(())
}

fn ended_meanwhile(pid: Tid) -> String {
    format!("process {pid} ended while it was being attached to")
}

/// Whether a file of `/proc` could not be opened because its process is a zombie by now.
fn is_of_the_ended(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::ESRCH as i32)
}

fn start_time(pid: Tid) -> Option<u64> {
    procfs::core_and_start(pid).map(|(_, start)| start)
}

fn is_traced_by_us(tid: Tid) -> bool {
    procfs::status(tid).is_ok_and(|status| status.tracer == std::process::id() as Tid)
}
