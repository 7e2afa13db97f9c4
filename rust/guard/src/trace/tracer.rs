//! The tracer: everything that is traced, and what the client has chosen.
//!
//! Its fields belong to this folder.  Its public methods are all that the server and
//! [`crate::lifecycle`] can ask for.

use std::collections::HashMap;

use nix::errno::Errno;

use super::cpu_affinity::CpuSharing;
use super::process::{Origin, Process};
use super::report::Reports;
use super::safety::PostWarden;
use super::thread::{Intent, PtraceStop, Thread};
use crate::breakpoints::address_space::CopiedTraps;
use crate::breakpoints::agent::Variables;
use crate::os::ptrace::{self, Tid};
use crate::os::wait::WaitStatus;

/// The choices of the client.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is one protocol switch")]
pub struct Choices {
    /// Stop the whole process before a stop is reported.
    pub stop_all: bool,
    /// Report only one stop at a time (all-stop mode).
    pub one_report: bool,
    /// Report new threads and their ends.
    pub thread_events: bool,
    /// Report forks, and hold the child.
    pub fork_events: bool,
    /// Report vforks, and hold the child.
    pub vfork_events: bool,
    /// Report exec.
    pub exec_events: bool,
    /// Report when no thread runs any more.
    pub no_resumed: bool,
    /// The signals that are delivered without a report, bit `n` for signal `n`.
    pub pass_signals: u128,
}

/// Everything that is traced, and what is still to be reported.
#[derive(Default)]
pub struct Tracer {
    pub(super) processes: HashMap<Tid, Process>,
    pub(super) threads: HashMap<Tid, Thread>,
    /// First stops of threads whose creation the kernel has not reported yet.
    pub(super) early_stops: HashMap<Tid, WaitStatus>,
    /// What lay in the memory of the process that ended last, and lies in its orphans'.
    pub(super) traps_of_ended: Option<CopiedTraps>,
    pub(super) reports: Reports,
    pub(super) choices: Choices,
    /// Trace state variables.
    pub(super) variables: Variables,
    /// Reaping was broken off, or threads wait for their turn; no signal will announce the rest.
    pub(super) has_unreaped: bool,
    /// Number of the present turn, in which each thread is resumed once.
    pub(super) turn: u64,
    /// Threads that have had their turn and are to run on in the next.
    pub(super) waiting_for_turn: Vec<Tid>,
    /// Set while a thread and the guard are bound to one CPU.
    pub(super) cpu_sharing: Option<CpuSharing>,
    /// Posts the wardens of attached processes, if there are to be any.
    pub(super) post_warden: Option<PostWarden>,
}

impl Tracer {
    // --- processes -------------------------------------------------------------------

    /// Takes in a process.
    pub fn add_process(&mut self, process: Process) {
        self.processes.insert(process.pid, process);
    }

    /// Takes in a process whose only thread is held at an event; the client knows it stopped.
    pub fn add_stopped_process(&mut self, process: Process) {
        let mut thread = Thread::new(process.pid, process.pid);
        thread.ptrace_stop = Some(PtraceStop::Event);
        thread.intent = Intent::Stopped;
        thread.is_new = false;
        self.threads.insert(thread.tid, thread);
        self.add_process(process);
    }

    /// Whether a process is traced, visible to the client or not.
    pub fn has_process(&self, pid: Tid) -> bool {
        self.processes.contains_key(&pid)
    }

    /// Lists every traced process, ascending.
    pub fn all_processes(&self) -> Vec<Tid> {
        let mut pids: Vec<Tid> = self.processes.keys().copied().collect();
        pids.sort_unstable();
        pids
    }

    /// Lists the processes that the client knows, ascending.
    pub fn visible_processes(&self) -> Vec<Tid> {
        let mut pids = self.all_processes();
        pids.retain(|pid| self.is_visible(*pid));
        pids
    }

    /// Whether a process is traced and the client knows it.
    pub fn is_visible(&self, pid: Tid) -> bool {
        let process = self.processes.get(&pid);
        process.is_some_and(|process| !process.is_hidden)
    }

    /// Returns how a process came to be traced.
    pub fn origin_of(&self, pid: Tid) -> Option<Origin> {
        self.processes.get(&pid).map(|process| process.origin)
    }

    /// Sets the system calls that a process stops at: all when the list is empty, none without
    /// one.
    pub fn catch_syscalls(&mut self, pid: Tid, numbers: Option<Vec<u64>>) {
        if let Some(process) = self.processes.get_mut(&pid) {
            process.caught_syscalls = numbers;
        }
    }

    /// Forgets a process and its threads.
    pub fn forget_process(&mut self, pid: Tid) {
        self.threads.retain(|_, thread| thread.pid != pid);
        if let Some(process) = self.processes.remove(&pid) {
            process.end_precautions();
        }
        self.end_cpu_sharing_with_the_gone();
    }

    /// Returns the process whose memory and traps `pid` uses: itself, or a `vfork` parent.
    pub(super) fn address_space_of(&self, pid: Tid) -> Tid {
        let lender = self
            .processes
            .get(&pid)
            .and_then(|process| process.shares_memory_of);
        lender
            .filter(|parent| self.processes.contains_key(parent))
            .unwrap_or(pid)
    }

    // --- threads ---------------------------------------------------------------------

    /// Lists the threads of a process, ascending, so that every list is in a stable order.
    pub fn threads_of(&self, pid: Tid) -> Vec<Tid> {
        self.list_threads(|thread| thread.pid == pid)
    }

    /// Lists the threads of a process that run, ascending.
    pub(super) fn running_threads_of(&self, pid: Tid) -> Vec<Tid> {
        self.list_threads(|thread| thread.pid == pid && thread.is_running())
    }

    fn list_threads(&self, is_meant: impl Fn(&Thread) -> bool) -> Vec<Tid> {
        let threads = self.threads.values();
        let mut tids: Vec<Tid> = threads
            .filter(|thread| is_meant(thread))
            .map(|thread| thread.tid)
            .collect();
        tids.sort_unstable();
        tids
    }

    /// Returns the process of a traced thread.
    pub fn process_of(&self, tid: Tid) -> Option<Tid> {
        self.threads.get(&tid).map(|thread| thread.pid)
    }

    /// Whether some traced thread, by process and thread id, is one of those meant.
    pub fn any_thread(&self, is_meant: impl Fn(Tid, Tid) -> bool) -> bool {
        let mut threads = self.threads.values();
        threads.any(|thread| is_meant(thread.pid, thread.tid))
    }

    /// Whether the client believes a thread stopped.
    pub fn is_stopped(&self, tid: Tid) -> bool {
        self.threads.get(&tid).is_some_and(Thread::is_stopped)
    }

    /// Whether a thread can still make a stop that the client does not know of.
    pub fn can_be_stopped(&self, tid: Tid) -> bool {
        let can = |thread: &Thread| !thread.is_stopped() && !thread.is_zombie;
        self.threads.get(&tid).is_some_and(can)
    }

    /// Returns the thread that represents a process: its leader while that is held.
    pub fn representative_of(&self, pid: Tid) -> Option<Tid> {
        let is_held = |tid: &Tid| self.threads.get(tid).is_some_and(Thread::is_held);
        let threads = self.threads_of(pid);
        let held = threads.iter().copied().find(is_held);
        held.or_else(|| threads.first().copied())
    }

    /// Whether some thread of `pid` runs.
    pub(super) fn is_running(&self, pid: Tid) -> bool {
        let mut threads = self.threads.values();
        threads.any(|thread| thread.pid == pid && thread.is_running())
    }

    /// Whether the threads of `pid` are not to be resumed now, whatever the client wants.
    pub(super) fn holds_threads_of(&self, pid: Tid) -> bool {
        self.processes.get(&pid).is_some_and(Process::holds_threads)
    }

    /// Looks up a thread that is to be changed.
    ///
    /// # Errors
    /// `ESRCH`, as the kernel answers for a thread that is gone.
    pub(super) fn thread_mut(&mut self, tid: Tid) -> ptrace::Result<&mut Thread> {
        self.threads.get_mut(&tid).ok_or(Errno::ESRCH)
    }

    /// Whether there are processes, and no thread of any is meant to run.
    pub fn is_all_stopped(&self) -> bool {
        let mut threads = self.threads.values();
        !self.processes.is_empty() && threads.all(|thread| thread.is_stopped() || thread.is_zombie)
    }

    // --- the client ------------------------------------------------------------------

    /// Forgets what a client has asked for that is gone: its traps, its choices, and what it
    /// was to hear.  Threads stay where they are.
    pub fn forget_client(&mut self) {
        for process in self.processes.values_mut() {
            process.space.remove_sites();
            process.debug_registers.clear();
            process.caught_syscalls = None;
        }
        self.reports.keep_ends();
        self.choices = Choices::default();
    }

    /// Returns what the client has chosen.
    pub fn choices(&self) -> &Choices {
        &self.choices
    }

    /// Returns what the client has chosen, to be changed.
    pub fn choices_mut(&mut self) -> &mut Choices {
        &mut self.choices
    }

    /// Returns the reports that the client has not taken yet.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }

    /// Returns the reports that the client has not taken yet, to be taken or dropped.
    pub fn reports_mut(&mut self) -> &mut Reports {
        &mut self.reports
    }

    /// Returns the value of a trace state variable.
    pub fn variable(&self, number: u16) -> i64 {
        self.variables.get(number)
    }

    /// Sets a trace state variable; `false` when its number is too large.
    pub fn set_variable(&mut self, number: u16, value: i64) -> bool {
        self.variables.set(number, value)
    }
}
