//! Reaping: taking in what the kernel reports, at once or until something has come about.

use std::time::{Duration, Instant};

use log::warn;
use nix::errno::Errno;

use super::thread::Thread;
use super::tracer::Tracer;
use crate::os::procfs;
use crate::os::ptrace::Tid;
use crate::os::wait;

/// The time threads may take to stop.  One that takes longer is in an uninterruptible sleep.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// The time after which a thread that does not stop may in fact have exited.
const ZOMBIE_CHECK_AFTER: Duration = Duration::from_millis(10);
/// The time to look at `waitpid` before sleeping: a thread on another CPU stops within
/// microseconds, sooner than a sleeper is woken.  Yielding between looks would not do: where
/// others are ready to run, each yield lasts as long as the time slices of them all.
const SPIN: Duration = Duration::from_micros(50);

impl Tracer {
    /// Takes in everything that has happened, and stops the processes that reports want
    /// stopped.
    pub fn drain(&mut self) {
        self.reap_some();
        self.settle();
    }

    /// Stops the processes that reports want stopped, and takes in what happens meanwhile.
    pub fn settle(&mut self) {
        loop {
            let mut processes = self.processes.values();
            let Some(process) = processes.find(|p| p.is_stopping && !p.is_hidden) else {
                break;
            };
            let pid = process.pid;
            self.stop_process(pid);
            self.reap_some();
        }
        self.clean_idle_memory();
    }

    /// Takes in one status; `true` when there was one.
    ///
    /// It is the turn of whoever has one, again and again; that everybody gets one, and what
    /// has to be done for a report, is left for [`Tracer::drain`].
    pub fn reap_one(&mut self) -> bool {
        self.begin_turn();
        match wait::poll(-1) {
            Ok(Some((tid, status))) => {
                self.on_status(tid, status);
                true
            }
            _ => false,
        }
    }

    /// Whether there is more to take in, or to resume, which no signal will announce.
    pub fn has_unreaped(&self) -> bool {
        self.has_unreaped
    }

    /// Takes in what has happened, but not so much that the client has to wait.
    ///
    /// `waitpid` finds the threads always in the same order.  One that stops as soon as it is
    /// resumed would be found again and again, before others that have waited for longer: hence
    /// each is resumed once, and then when nobody is left to be found.
    fn reap_some(&mut self) {
        const AT_MOST: u32 = 64;
        for _ in 0..AT_MOST {
            match wait::poll(-1) {
                Ok(Some((tid, status))) => self.on_status(tid, status),
                Ok(None) | Err(Errno::ECHILD) => {
                    self.has_unreaped = false;
                    return self.begin_turn();
                }
                Err(error) => {
                    warn!("waitpid: {error}");
                    return;
                }
            }
        }
        self.has_unreaped = true;
    }

    /// Begins the next turn with those that have had theirs and stopped again since.
    fn begin_turn(&mut self) {
        self.turn += 1;
        for tid in std::mem::take(&mut self.waiting_for_turn) {
            self.resume_in_turn(tid);
        }
    }

    /// Lets a thread run on as [`Tracer::resume_unless_stopped`] does, once a turn.
    pub(super) fn resume_in_turn(&mut self, tid: Tid) {
        if !self.may_run(tid) {
            return;
        }
        let turn = self.turn;
        match self.threads.get_mut(&tid) {
            Some(thread) if thread.last_turn == turn => {
                self.waiting_for_turn.push(tid);
                self.has_unreaped = true;
            }
            Some(thread) => {
                thread.last_turn = turn;
                self.resume_unless_stopped(tid);
            }
            None => {}
        }
    }

    /// Takes in one status of each running thread of a process that has one.
    ///
    /// The kernel finds a named thread at once, and goes through all to find any with a status.
    fn reap_running(&mut self, pid: Tid) {
        let mut has_reaped = false;
        for tid in self.running_threads_of(pid) {
            // One that has executed another program goes by another name now.
            if let Ok(Some((tid, status))) = wait::poll(tid) {
                self.on_status(tid, status);
                has_reaped = true;
            }
        }
        if !has_reaped {
            self.reap_some();
        }
    }

    /// Waits until no thread of a process runs, at most for [`STOP_TIMEOUT`].
    pub(super) fn wait_until_none_runs(&mut self, pid: Tid) {
        let reap = |tracer: &mut Self| tracer.reap_running(pid);
        self.reap_until(reap, |tracer| !tracer.is_running(pid), pid);
    }

    /// Waits until a thread is held; `false` when it ended or does not stop.
    pub fn wait_until_held(&mut self, tid: Tid) -> bool {
        let is_settled = |tracer: &Self| tracer.threads.get(&tid).is_none_or(Thread::is_held);
        self.wait_until(is_settled, tid);
        self.threads.get(&tid).is_some_and(Thread::is_held)
    }

    /// Reaps until `is_done`, at most for [`STOP_TIMEOUT`].
    ///
    /// `pid` is the process that is waited for: its leader may have exited without a status.
    pub fn wait_until(&mut self, is_done: impl Fn(&Self) -> bool, pid: Tid) {
        self.reap_until(Self::reap_some, is_done, pid);
    }

    fn reap_until(&mut self, reap: impl Fn(&mut Self), is_done: impl Fn(&Self) -> bool, pid: Tid) {
        let start = Instant::now();
        loop {
            reap(self);
            if is_done(self) {
                return;
            }
            let elapsed = start.elapsed();
            if elapsed < SPIN {
                std::hint::spin_loop();
                continue;
            }
            if elapsed > STOP_TIMEOUT {
                return;
            }
            if elapsed > ZOMBIE_CHECK_AFTER {
                self.mark_zombie_leader(pid);
                if is_done(self) {
                    return;
                }
            }
            wait::sleep_until_child_changes();
            // That took the signal, which may have announced more than is reaped here.
            self.has_unreaped = true;
        }
    }

    /// A leader that has exited before its threads neither stops nor is reaped (ptrace(2),
    /// "Death under ptrace").
    fn mark_zombie_leader(&mut self, pid: Tid) {
        if let Some(leader) = self.threads.get_mut(&pid)
            && leader.is_running()
        {
            leader.is_zombie = procfs::status(pid).is_ok_and(|status| status.state == b'Z');
        }
    }
}
