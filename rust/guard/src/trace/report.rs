//! Reports to the client: stops and ends, queued until the server sends them.

use std::collections::VecDeque;

use log::debug;

use super::thread::Intent;
use super::tracer::Tracer;
use crate::breakpoints::debug_registers::WatchKind;
use crate::os::ptrace::Tid;

/// The reason why a stop is reported to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A signal is about to be delivered.
    Signal(i32),
    /// A trap byte of ours.
    Breakpoint,
    /// A debug register's execute trap.
    HardwareBreakpoint,
    /// A debug register's data trap, at this address.
    Watch(WatchKind, u64),
    /// A step is done.
    Step,
    /// The program's own trap.
    Trap,
    /// The client asked for it.
    Interrupt,
    /// A child process, held at its first stop.
    Fork(Tid),
    /// A child process that shares the memory, held at its first stop.
    Vfork(Tid),
    /// The memory is shared no more.
    VforkDone,
    /// A new program, by its path.
    Exec(String),
    /// System call entered.
    SyscallEntry(u64),
    /// System call left.
    SyscallReturn(u64),
    /// A new thread.
    ThreadCreated,
    /// A thread ended with this code.
    ThreadExited(i32),
    /// The process ended with this code.
    Exited(i32),
    /// The process was ended by this signal.
    Killed(i32),
    /// No thread is left that runs and could stop.
    NoResumed,
}

impl Reason {
    /// Whether there is no thread left that this is about.
    pub fn is_end(&self) -> bool {
        matches!(
            self,
            Self::ThreadExited(_) | Self::Exited(_) | Self::Killed(_) | Self::NoResumed
        )
    }
}

/// A stop or an end.
#[derive(Clone, Debug)]
pub struct Report {
    /// Process.
    pub pid: Tid,
    /// Thread.
    pub tid: Tid,
    /// What happened.
    pub reason: Reason,
}

/// The reports that the client has not acknowledged yet, oldest first.
#[derive(Default)]
pub struct Reports {
    queue: VecDeque<Report>,
    /// The oldest one was sent.  It may be dropped before it is acknowledged: a process that
    /// ends takes its stops with it.
    is_first_sent: bool,
    /// The number of stops reported so far.
    stops: u64,
}

impl Reports {
    /// Whether there is no report.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether the first report is the only one.
    pub fn has_only_one(&self) -> bool {
        self.queue.len() == 1
    }

    /// Returns the oldest report, which stays until its acknowledgement.
    pub fn send_first(&mut self) -> Option<Report> {
        self.is_first_sent = !self.queue.is_empty();
        self.queue.front().cloned()
    }

    /// Removes the report that was sent, unless it was dropped since.
    pub fn acknowledge_sent(&mut self) {
        if std::mem::take(&mut self.is_first_sent) {
            self.queue.pop_front();
        }
    }

    /// Takes the oldest report.
    pub fn take_first(&mut self) -> Option<Report> {
        self.is_first_sent = false;
        self.queue.pop_front()
    }

    /// Takes the oldest report of a finished step or, without one, the oldest of all.
    pub fn take_step_or_first(&mut self) -> Option<Report> {
        let is_step = |report: &Report| report.reason == Reason::Step;
        let index = self.queue.iter().position(is_step).unwrap_or(0);
        self.is_first_sent = false;
        self.queue.remove(index)
    }

    /// Drops every report but ends: a stop can be reported again, an end cannot.
    pub fn keep_ends(&mut self) {
        self.retain(|report| report.reason.is_end());
    }

    /// Drops what is about a process.
    pub fn drop_process(&mut self, pid: Tid) {
        self.retain(|report| report.pid != pid);
    }

    /// Drops everything.
    pub fn clear(&mut self) {
        self.retain(|_| false);
    }

    pub(super) fn drop_thread(&mut self, tid: Tid) {
        self.retain(|report| report.tid != tid);
    }

    fn retain(&mut self, is_kept: impl Fn(&Report) -> bool) {
        self.is_first_sent &= self.queue.front().is_some_and(&is_kept);
        self.queue.retain(is_kept);
    }

    /// Whether the client is yet to hear of a stop of this thread, be it a parent's stop that
    /// announces the thread.
    pub fn has_stop_of(&self, tid: Tid) -> bool {
        self.queue.iter().any(|report| match report.reason {
            Reason::Fork(child) | Reason::Vfork(child) => report.tid == tid || child == tid,
            _ => report.tid == tid,
        })
    }

    /// Whether the client is yet to hear of a stop of this process.
    pub fn has_stop_in(&self, pid: Tid) -> bool {
        self.queue.iter().any(|report| report.pid == pid)
    }

    /// The processes whose end the client is yet to hear of, each with its last thread.
    pub fn ended_processes(&self) -> impl Iterator<Item = (Tid, Tid)> {
        let is_end =
            |report: &&Report| matches!(report.reason, Reason::Exited(_) | Reason::Killed(_));
        let ends = self.queue.iter().filter(is_end);
        ends.map(|report| (report.pid, report.tid))
    }

    pub(super) fn push(&mut self, report: Report) {
        self.queue.push_back(report);
    }
}

impl Tracer {
    /// Reports a stop to the client, and has the process stopped where the client wants that.
    pub(super) fn report(&mut self, tid: Tid, reason: Reason) {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return;
        };
        let pid = thread.pid;
        if !self.is_visible(pid) {
            self.resume_unless_stopped(tid);
            return;
        }
        debug!("report {tid}: {reason:?}");
        // The client is not to see a slot: where others run on, nothing else gets it out.
        self.leave_slot_or_warn(tid);
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.intent = Intent::Stopped;
        }
        self.queue_report(Report { pid, tid, reason });
        self.end_cpu_sharing(tid);
        self.request_process_stop(pid);
    }

    /// Queues the report of a held thread's stop.
    pub fn queue_report(&mut self, report: Report) {
        self.note_reported(report.tid);
        if let Some(thread) = self.threads.get_mut(&report.tid) {
            thread.has_told_signal = matches!(report.reason, Reason::Signal(_));
        }
        self.reports.push(report);
    }

    /// Notes that the client knows where a held thread is.
    pub fn note_reported(&mut self, tid: Tid) {
        if let Some(thread) = self.threads.get_mut(&tid) {
            self.reports.stops += 1;
            thread.note_reported(self.reports.stops);
        }
    }

    fn request_process_stop(&mut self, pid: Tid) {
        let everyone = self.choices.one_report;
        if everyone || self.choices.stop_all {
            for process in self.processes.values_mut() {
                if (everyone || process.pid == pid) && !process.is_hidden {
                    process.is_stopping = true;
                }
            }
        }
    }
}
