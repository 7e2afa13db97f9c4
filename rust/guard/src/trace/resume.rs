//! Resuming threads.

use log::{debug, warn};
use nix::errno::Errno;

use super::process::Process;
use super::thread::{Action, Intent, PtraceStop};
use super::tracer::Tracer;
use crate::journal::record::HeldSignal;
use crate::os::ptrace::{self, Tid};
use crate::os::signals;

/// A thread to be resumed, and how.
#[derive(Clone, Copy, Debug)]
pub struct ResumeRequest {
    /// Thread.
    pub tid: Tid,
    /// How it is to run.
    pub action: Action,
    /// Signal to deliver, or 0.
    pub signal: i32,
}

impl Tracer {
    /// Resumes threads as the client wants.  Requests for threads that run are ignored, and so
    /// are those for threads whose stop it does not know of yet.
    pub fn resume(&mut self, requests: &[ResumeRequest]) {
        let mut requests: Vec<ResumeRequest> = requests
            .iter()
            .copied()
            .filter(|request| self.is_stopped(request.tid) && !self.has_unknown_stop(request.tid))
            .collect();
        for request in &requests {
            self.accept(request);
        }
        for request in &requests {
            if let Some(pid) = self.process_of(request.tid) {
                self.insert_traps(pid);
            }
        }
        // The thread whose stop was reported last starts last: one that stops at once must not
        // starve the others.
        requests.sort_by_key(|request| {
            let thread = self.threads.get(&request.tid);
            thread.map(|thread| thread.stop_number)
        });
        for request in &requests {
            self.resume_unless_stopped(request.tid);
        }
    }

    /// Whether the client, when it asked to resume a thread, could not know all of its stop.
    /// Where one stop is to stop the whole process, any thread's counts.
    fn has_unknown_stop(&self, tid: Tid) -> bool {
        let pid = self.process_of(tid).filter(|_| self.choices.stop_all);
        self.reports.has_stop_of(tid) || pid.is_some_and(|pid| self.reports.has_stop_in(pid))
    }

    /// Notes what a thread is to do, while all still are stopped.
    fn accept(&mut self, request: &ResumeRequest) {
        let Some(thread) = self.threads.get_mut(&request.tid) else {
            return;
        };
        thread.intent = Intent::Running(request.action);
        thread.is_stepping = false;
        let stop_pc = thread.stop_pc.take();
        if let (Some(stop_pc), Ok(registers)) = (stop_pc, thread.registers()) {
            let pc = registers.rip;
            // The client knows of the stop at this pc and does not want it reported again.  A
            // thread that was stopped for another's sake has no stop pc: its trap is still to
            // be hit.
            if stop_pc == pc {
                thread.steps_over = Some(pc);
            }
        }
        // One that the client has not heard of is still to be delivered.
        if std::mem::take(&mut thread.has_told_signal) {
            thread.deliver = 0;
        }
        if request.signal != 0 {
            // Only a signal-delivery-stop can be left with a signal (ptrace(2)).
            let can_deliver = matches!(thread.ptrace_stop, Some(PtraceStop::Signal(_)));
            if can_deliver && thread.deliver == 0 {
                thread.deliver = request.signal;
            } else if let Err(error) = signals::send(thread.pid, thread.tid, request.signal) {
                debug!("signal {} for {}: {error}", request.signal, thread.tid);
            } else {
                thread.injected = request.signal;
            }
        }
    }

    /// Inserts the traps that a process is to run with.
    pub(super) fn insert_traps(&mut self, pid: Tid) {
        let space_pid = self.address_space_of(pid);
        let has_sites = |process: &Process| process.space.has_sites();
        if self.processes.get(&space_pid).is_some_and(has_sites) {
            self.keep_journal(space_pid);
        }
        if let Some(process) = self.processes.get_mut(&space_pid)
            && !process.space.has_traps_inserted()
            && process.lent_until.is_none()
        {
            for address in process.space.insert_traps() {
                debug!("no trap at {address:#x} of {space_pid} now");
            }
        }
    }

    /// Lets a thread run on, unless the client or its process wants it stopped.
    pub(super) fn resume_unless_stopped(&mut self, tid: Tid) {
        if !self.may_run(tid) {
            return;
        }
        match self.resume_held(tid) {
            Ok(()) => {}
            // It was killed; its end will be reaped.
            Err(Errno::ESRCH) => {
                if let Some(thread) = self.threads.get_mut(&tid) {
                    thread.ptrace_stop = None;
                }
            }
            Err(error) => warn!("resuming {tid}: {error}"),
        }
    }

    /// Whether neither the client nor its process wants a thread stopped.
    pub(super) fn may_run(&self, tid: Tid) -> bool {
        let Some(thread) = self.threads.get(&tid) else {
            return false;
        };
        let process = self.processes.get(&thread.pid);
        !thread.is_stopped() && !process.is_some_and(|process| process.holds_thread(tid))
    }

    /// Resumes a held thread, past a trap that it is to step over.
    fn resume_held(&mut self, tid: Tid) -> ptrace::Result<()> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(());
        };
        if !thread.is_held() {
            return Ok(());
        }
        if let Some(address) = thread.steps_over {
            if thread.registers()?.rip != address || self.handler_comes_first(tid) {
                self.thread_mut(tid)?.steps_over = None;
            } else if !self.step_over(tid, address)? {
                return Ok(());
            }
        }
        self.hand_to_kernel(tid)
    }

    /// Brings a held thread up to date and makes the kernel resume it.
    fn hand_to_kernel(&mut self, tid: Tid) -> ptrace::Result<()> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(());
        };
        let Some(process) = self.processes.get(&thread.pid) else {
            return Ok(());
        };
        let generation = process.debug_registers.generation();
        if thread.debug_register_generation != generation {
            process.debug_registers.write(tid)?;
            thread.debug_register_generation = generation;
        } else if thread.is_disarmed {
            process.debug_registers.arm(tid)?;
        }
        thread.is_disarmed = false;
        if thread.intent != Intent::Running(Action::Continue) {
            thread.stepped_from = thread.registers()?.rip;
        }
        thread.write_registers()?;
        thread.forget_registers();
        let signal = std::mem::take(&mut thread.deliver);
        process.space.journal().forget::<HeldSignal>(tid as u64);
        if let Some(info) = thread.saved_siginfo.take()
            && info.si_signo == signal
        {
            ptrace::write_siginfo(tid, &info)?;
        }
        let action = match thread.intent {
            Intent::Running(action) => action,
            Intent::Stopped => Action::Continue,
        };
        let stop = thread.ptrace_stop.take();
        thread.in_vfork = std::mem::take(&mut thread.enters_vfork);
        thread.is_stepping = action != Action::Continue;
        match action {
            Action::Step | Action::RangeStep { .. } => ptrace::single_step(tid, signal),
            Action::Continue if stop == Some(PtraceStop::Group) => ptrace::listen(tid),
            Action::Continue
                if process.caught_syscalls.is_some() || process.may_want_a_tracer() =>
            {
                ptrace::cont_to_syscall(tid, signal)
            }
            Action::Continue => ptrace::cont(tid, signal),
        }
    }
}
