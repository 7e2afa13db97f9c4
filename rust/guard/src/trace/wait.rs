//! Reaping, and bringing a whole process to a halt.

use std::time::{Duration, Instant};

use log::warn;
use nix::errno::Errno;

use crate::os::procfs;
use crate::os::ptrace::{self, Tid};
use crate::trace::tracer::{Intent, Tracer};

/// How long threads may take to stop.  One that does not is in an uninterruptible sleep.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// When to look whether a thread that does not stop has in fact exited.
const ZOMBIE_CHECK_AFTER: Duration = Duration::from_millis(10);
/// Looks at `waitpid` before sleeping: a thread on another CPU stops within microseconds.
const SPINS: u32 = 50;

impl Tracer {
    /// Takes in everything that has happened, and parks what a told stop wants parked.
    pub fn drain(&mut self) {
        loop {
            self.reap_some();
            let is_stopping = |p: &&crate::trace::tracer::Process| p.is_stopping && !p.is_hidden;
            let Some(pid) = self.processes.values().find(is_stopping).map(|p| p.pid) else {
                break;
            };
            self.stop_process(pid);
        }
        self.lift_idle();
    }

    /// Takes in what happened to a hot thread; `true` when there was something.
    ///
    /// Whatever has to be told afterwards is left for [`Tracer::drain`].
    pub fn reap_one(&mut self) -> bool {
        match ptrace::poll_wait(-1) {
            Ok(Some((tid, status))) => {
                self.on_status(tid, status);
                true
            }
            _ => false,
        }
    }

    /// Takes in what has happened, but not so much that the client has to wait.
    fn reap_some(&mut self) {
        const AT_MOST: u32 = 64;
        self.has_unreaped = false;
        for _ in 0..AT_MOST {
            match ptrace::poll_wait(-1) {
                Ok(Some((tid, status))) => self.on_status(tid, status),
                Ok(None) | Err(Errno::ECHILD) => return,
                Err(error) => {
                    warn!("waitpid: {error}");
                    return;
                }
            }
        }
        self.has_unreaped = true;
    }

    /// Parks every thread of a process for the client to see, traps taken out.
    fn stop_process(&mut self, pid: Tid) {
        self.hold_all(pid);
        for tid in self.threads_of(pid) {
            self.leave_slot_or_warn(tid);
            if let Some(thread) = self.threads.get_mut(&tid) {
                thread.intent = Intent::Stopped;
                thread.stepping = false;
                // The stop being told answers for every thread.
                thread.wants_stop = false;
            }
            self.end_cpu_sharing(tid);
        }
        self.lift(pid);
        if let Some(process) = self.processes.get_mut(&pid) {
            process.is_stopping = false;
        }
    }

    /// Holds every thread of a process; their intents stay.  `parking` must be set by then.
    pub fn hold_all(&mut self, pid: Tid) {
        for tid in self.threads_of(pid) {
            let running = self
                .threads
                .get(&tid)
                .is_some_and(crate::trace::tracer::Thread::is_running);
            if running {
                match ptrace::interrupt(tid) {
                    Ok(()) | Err(Errno::ESRCH) => {}
                    Err(error) => warn!("interrupting {tid}: {error}"),
                }
            }
        }
        self.wait_until(|tracer| !tracer.is_running(pid), pid);
        if self.is_running(pid) {
            warn!("some threads of {pid} do not stop");
        }
    }

    /// Waits until a thread is held; `false` when it ended or does not stop.
    pub fn wait_for(&mut self, tid: Tid) -> bool {
        let settled = |tracer: &Self| {
            tracer
                .threads
                .get(&tid)
                .is_none_or(|thread| thread.ptrace_stop.is_some())
        };
        self.wait_until(settled, tid);
        self.threads
            .get(&tid)
            .is_some_and(|thread| thread.ptrace_stop.is_some())
    }

    /// Reaps until `done`, at most for [`PATIENCE`].
    pub fn wait_until(&mut self, done: impl Fn(&Self) -> bool, about: Tid) {
        let start = Instant::now();
        let mut spins = 0;
        loop {
            self.reap_some();
            if done(self) {
                return;
            }
            spins += 1;
            if spins < SPINS {
                std::thread::yield_now();
                continue;
            }
            if start.elapsed() > STOP_TIMEOUT {
                return;
            }
            if start.elapsed() > ZOMBIE_CHECK_AFTER {
                self.mark_zombies(about);
                if done(self) {
                    return;
                }
            }
            sleep_until_child_changes();
        }
    }

    /// A leader that has exited before its threads neither stops nor is reaped.
    fn mark_zombies(&mut self, pid: Tid) {
        if let Some(leader) = self.threads.get_mut(&pid)
            && leader.is_running()
        {
            leader.is_zombie = procfs::status(pid).is_ok_and(|status| status.state == b'Z');
        }
    }

    /// Takes the traps out of processes of which nothing runs or is meant to.
    fn lift_idle(&mut self) {
        let idle: Vec<Tid> = self
            .processes
            .values()
            .filter(|process| process.sites.is_active())
            .map(|process| process.pid)
            .filter(|pid| {
                let moves = |t: &crate::trace::tracer::Thread| {
                    self.address_space_of(t.pid) == *pid
                        && (t.is_running() || t.intent != Intent::Stopped)
                };
                !self.threads.values().any(moves)
            })
            .collect();
        for pid in idle {
            self.lift(pid);
        }
    }

    /// Takes all traps of a process out of its memory.
    pub fn lift(&mut self, pid: Tid) {
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        for address in process.sites.lift_all(&process.memory) {
            warn!("the trap at {address:#x} of {pid} could not be taken out");
        }
        let (slots, sites) = (&mut process.slots, &process.sites);
        if let Err(error) = slots.reclaim(&process.memory, |address| sites.find(address).is_some())
        {
            warn!("reclaiming slots of {pid}: {error}");
        }
    }
}

/// Sleeps until `SIGCHLD`, which is blocked, is pending; a few milliseconds at most.
fn sleep_until_child_changes() {
    let timeout = libc::timespec {
        tv_sec: 0,
        tv_nsec: 5_000_000,
    };
    // SAFETY: the set is initialised before use, and the timeout outlives the call.
    unsafe {
        let mut set = std::mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut set);
        libc::sigaddset(&raw mut set, libc::SIGCHLD);
        libc::sigtimedwait(&raw const set, std::ptr::null_mut(), &raw const timeout);
    }
}
