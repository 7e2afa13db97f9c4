//! Stopping threads: for the client, for a report, or for a moment.

use log::warn;
use nix::errno::Errno;

use super::report::Reason;
use super::thread::Thread;
use super::tracer::Tracer;
use crate::breakpoints::debug_registers;
use crate::os::ptrace::{self, Tid};

impl Tracer {
    /// Asks threads to stop, and reports each; with `stop_all` one stop per process.
    pub fn stop(&mut self, tids: &[Tid]) {
        let mut asked = Vec::new();
        for &tid in tids {
            let Some(thread) = self.threads.get_mut(&tid) else {
                continue;
            };
            if thread.is_stopped() || asked.contains(&thread.pid) {
                continue;
            }
            if thread.is_held() {
                self.report(tid, Reason::Interrupt);
                continue;
            }
            thread.wants_stop = true;
            if self.choices.stop_all && thread.is_running() {
                asked.push(thread.pid);
            }
            interrupt(tid);
        }
    }

    /// Holds every thread of a process until it is released, or until [`Tracer::finish_stop`].
    pub fn begin_stop(&mut self, pid: Tid) {
        if let Some(process) = self.processes.get_mut(&pid) {
            process.is_stopping = true;
        }
        self.hold_all(pid);
    }

    /// Ends what [`Tracer::begin_stop`] began: the client knows the threads to be stopped now.
    pub fn finish_stop(&mut self, pid: Tid) {
        for tid in self.threads_of(pid) {
            if let Some(thread) = self.threads.get_mut(&tid) {
                thread.stop_silently();
                thread.is_new = false;
            }
        }
        if let Some(process) = self.processes.get_mut(&pid) {
            process.is_stopping = false;
        }
    }

    /// Stops every thread of a process for the client to see, traps lifted.
    pub(super) fn stop_process(&mut self, pid: Tid) {
        self.hold_all(pid);
        for tid in self.threads_of(pid) {
            if let Some(thread) = self.threads.get_mut(&tid) {
                thread.stop_silently();
            }
            self.end_cpu_sharing(tid);
        }
        self.clean_memory(pid);
        self.disarm_threads(pid);
        self.note_held_signals(pid);
        if let Some(process) = self.processes.get_mut(&pid) {
            process.is_stopping = false;
        }
    }

    /// Disables the debug registers of a stopped process: should the guard be killed now, they
    /// would outlive it and kill the threads that reach them.
    fn disarm_threads(&mut self, pid: Tid) {
        for thread in self.threads.values_mut() {
            let has_any = thread.debug_register_generation != 0;
            if thread.pid != pid || !has_any || !thread.is_held() {
                continue;
            }
            match debug_registers::disarm(thread.tid) {
                Ok(()) => thread.is_disarmed = true,
                Err(Errno::ESRCH) => {}
                Err(error) => warn!("debug registers of {}: {error}", thread.tid),
            }
        }
    }

    /// Holds every thread of a process; what the client wants of them stays.
    ///
    /// The process must be marked as stopping or stepping in place by then, else each thread
    /// would be resumed as soon as it stops.
    pub fn hold_all(&mut self, pid: Tid) {
        self.interrupt_running(pid);
        self.wait_until_none_runs(pid);
        if self.is_running(pid) {
            warn!("some threads of {pid} do not stop");
        }
    }

    /// Interrupts the running threads of a process.  They stay held only while the process is
    /// marked as stopping or stepping in place.
    pub(super) fn interrupt_running(&self, pid: Tid) {
        for tid in self.running_threads_of(pid) {
            interrupt(tid);
        }
    }

    /// Cleans the memory of processes of which no thread runs or is meant to.
    pub(super) fn clean_idle_memory(&mut self) {
        let processes = self.processes.values();
        let idle: Vec<Tid> = processes
            .filter(|process| process.space.has_traps_inserted() || process.space.has_slots())
            .map(|process| process.pid)
            .filter(|pid| {
                let uses = |thread: &Thread| self.address_space_of(thread.pid) == *pid;
                let runs = |thread: &Thread| thread.is_running() || !thread.is_stopped();
                !self.threads.values().any(|t| uses(t) && runs(t))
            })
            .collect();
        for pid in idle {
            self.clean_memory(pid);
        }
    }

    /// Takes everything of ours out of an address space of which no thread runs.
    ///
    /// Threads go first: should the guard be killed in between, one that the kernel still has
    /// in a slot, or behind a trap that is lifted, would go on with wrong results.
    pub fn clean_memory(&mut self, pid: Tid) {
        let mut is_anyone_elsewhere = false;
        for tid in self.threads_in_space(pid) {
            self.leave_slot_or_warn(tid);
            let Some(thread) = self.threads.get_mut(&tid) else {
                continue;
            };
            // In a `vfork` it may be in a slot, and cannot be moved.
            is_anyone_elsewhere |= !thread.is_held() && !thread.is_zombie;
            match thread.write_registers() {
                Ok(()) | Err(Errno::ESRCH) => {}
                Err(error) => warn!("writing registers of {tid}: {error}"),
            }
        }
        if !is_anyone_elsewhere
            && let Some(process) = self.processes.get_mut(&pid)
            && let Err(error) = process.space.remove_slots()
        {
            warn!("restoring slots of {pid}: {error}");
        }
        self.lift_traps(pid);
    }

    /// Returns the threads that run in the memory of a process, be they of others.
    fn threads_in_space(&self, pid: Tid) -> Vec<Tid> {
        let threads = self.threads.values();
        threads
            .filter(|thread| thread.pid == pid || self.address_space_of(thread.pid) == pid)
            .map(|thread| thread.tid)
            .collect()
    }

    /// Lifts all traps of a process.
    pub(super) fn lift_traps(&mut self, pid: Tid) {
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        for address in process.space.lift_traps() {
            warn!("the trap at {address:#x} of {pid} could not be lifted");
        }
    }
}

/// Asks one thread to stop; one that is gone is fine.
fn interrupt(tid: Tid) {
    match ptrace::interrupt(tid) {
        Ok(()) | Err(Errno::ESRCH) => {}
        Err(error) => warn!("interrupting {tid}: {error}"),
    }
}
