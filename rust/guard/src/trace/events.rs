//! What a reaped status means, and what follows from it (ptrace(2), "Stopped states").

use log::{debug, warn};
use nix::errno::Errno;

use super::process::Process;
use super::report::{Reason, Report};
use super::thread::{PtraceStop, Thread};
use super::tracer::Tracer;
use crate::os::procfs;
use crate::os::ptrace::{self, SyscallStop, Tid};
use crate::os::wait::WaitStatus;

/// Signal of a system call stop, by `PTRACE_O_TRACESYSGOOD`.
const SYSCALL_STOP: i32 = libc::SIGTRAP | 0x80;

impl Tracer {
    /// Takes in one status of `waitpid`.
    pub(super) fn on_status(&mut self, tid: Tid, status: WaitStatus) {
        debug!("status {status:#x} of {tid}");
        let Some(thread) = self.threads.get_mut(&tid) else {
            // Its parent's event has not come yet: both orders occur.
            if libc::WIFSTOPPED(status) {
                self.early_stops.insert(tid, status);
                if self.traps_of_ended.is_some() {
                    self.release_orphans();
                }
            } else {
                self.early_stops.remove(&tid);
            }
            return;
        };
        if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
            self.on_end(tid, status);
            return;
        }
        thread.forget_registers();
        thread.in_vfork = false;
        let signal = libc::WSTOPSIG(status);
        let outcome = match status >> 16 {
            0 => self.on_signal(tid, signal),
            libc::PTRACE_EVENT_STOP => self.on_event_stop(tid, signal),
            libc::PTRACE_EVENT_CLONE => self.on_clone(tid),
            libc::PTRACE_EVENT_FORK => self.on_fork(tid),
            libc::PTRACE_EVENT_VFORK => self.on_vfork(tid),
            libc::PTRACE_EVENT_VFORK_DONE => Ok(self.on_vfork_done(tid)),
            libc::PTRACE_EVENT_EXEC => self.on_exec(tid),
            event => {
                warn!("unknown event {event} of {tid}");
                self.set_held(tid, PtraceStop::Event);
                Ok(None)
            }
        };
        match outcome {
            Ok(Some(reason)) => self.report(tid, reason),
            Ok(None) => self.resume_in_turn(tid),
            // Killed meanwhile; its end is about to be reaped.
            Err(Errno::ESRCH) => debug!("{tid} is ending"),
            Err(error) => {
                warn!("handling status {status:#x} of {tid}: {error}");
                self.resume_in_turn(tid);
            }
        }
    }

    /// Notes that the kernel holds a thread.
    pub(super) fn set_held(&mut self, tid: Tid, stop: PtraceStop) {
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.ptrace_stop = Some(stop);
        }
    }

    // --- signals and system calls ----------------------------------------------------

    fn on_signal(&mut self, tid: Tid, signal: i32) -> ptrace::Result<Option<Reason>> {
        self.set_held(tid, PtraceStop::Signal(signal));
        if signal == SYSCALL_STOP {
            return self.on_syscall(tid);
        }
        if signal == libc::SIGTRAP {
            return self.on_trap(tid);
        }
        self.leave_slot_for_signal(tid, signal)?;
        let is_passed = self.choices.pass_signals >> signal & 1 != 0;
        let thread = self.thread_mut(tid)?;
        thread.deliver = signal;
        if thread.injected == signal {
            thread.injected = 0;
            return Ok(None);
        }
        Ok((!is_passed).then_some(Reason::Signal(signal)))
    }

    fn on_syscall(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        self.set_held(tid, PtraceStop::Event);
        let stop = ptrace::read_syscall_stop(tid)?;
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let process = self.processes.get(&thread.pid);
        if process.is_some_and(Process::may_want_a_tracer)
            && stop == SyscallStop::Entry(libc::SYS_ptrace as u64)
            && thread.registers()?.rdi == u64::from(libc::PTRACE_TRACEME)
        {
            let child = thread.pid;
            self.let_parent_trace(child)?;
            return Ok(None);
        }
        let Some(caught) = process.and_then(|process| process.caught_syscalls.as_ref()) else {
            return Ok(None);
        };
        let is_caught = |number: &u64| caught.is_empty() || caught.contains(number);
        Ok(match stop {
            SyscallStop::Entry(number) => {
                thread.in_syscall = Some(number);
                is_caught(&number).then_some(Reason::SyscallEntry(number))
            }
            SyscallStop::Exit => {
                let number = thread.in_syscall.take();
                number.filter(is_caught).map(Reason::SyscallReturn)
            }
            SyscallStop::None => None,
        })
    }

    /// A `PTRACE_EVENT_STOP`: the first stop of a new thread, a group-stop, or the answer to an
    /// interrupt.
    fn on_event_stop(&mut self, tid: Tid, signal: i32) -> ptrace::Result<Option<Reason>> {
        let reports_threads = self.choices.thread_events;
        let thread = self.thread_mut(tid)?;
        let is_group_stop = matches!(
            signal,
            libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU
        );
        thread.ptrace_stop = Some(if is_group_stop {
            PtraceStop::Group
        } else {
            PtraceStop::Event
        });
        if std::mem::take(&mut thread.is_new) && reports_threads && thread.pid != tid {
            return Ok(Some(Reason::ThreadCreated));
        }
        if ptrace::has_pending_trap(tid)? {
            // It has hit a trap already.  The signal is delivered before it executes anything,
            // and must be taken here: released now, the program would die of it.
            thread.ptrace_stop = None;
            ptrace::cont(tid, 0)?;
            return Ok(None);
        }
        Ok(thread.wants_stop.then_some(Reason::Interrupt))
    }

    // --- ends ------------------------------------------------------------------------

    fn on_end(&mut self, tid: Tid, status: WaitStatus) {
        let Some(thread) = self.threads.remove(&tid) else {
            return;
        };
        self.end_cpu_sharing_with_the_gone();
        let is_last = self.threads.values().all(|other| other.pid != thread.pid);
        if tid == thread.pid || is_last {
            // The leader's status comes last and is the whole process's.  A leader that had
            // exited before the attach could not be seized; then the last thread's counts.
            self.on_process_end(&thread, status);
        } else {
            self.on_thread_end(&thread, status);
        }
    }

    fn on_process_end(&mut self, thread: &Thread, status: WaitStatus) {
        let (pid, tid) = (thread.pid, thread.tid);
        let is_visible = self.is_visible(pid);
        self.keep_traps_for_orphans(pid);
        self.forget_process(pid);
        self.release_orphans();
        self.reports.drop_process(pid);
        if is_visible {
            let reason = if libc::WIFEXITED(status) {
                Reason::Exited(libc::WEXITSTATUS(status))
            } else {
                Reason::Killed(libc::WTERMSIG(status))
            };
            self.reports.push(Report { pid, tid, reason });
        }
    }

    fn on_thread_end(&mut self, thread: &Thread, status: WaitStatus) {
        let (pid, tid) = (thread.pid, thread.tid);
        self.reports.drop_thread(tid);
        if !self.is_visible(pid) {
            return;
        }
        if self.choices.thread_events {
            let reason = Reason::ThreadExited(libc::WEXITSTATUS(status));
            self.reports.push(Report { pid, tid, reason });
        }
        let was_running = !thread.is_stopped() && !self.holds_threads_of(pid);
        if was_running && self.choices.no_resumed && self.all_stay_stopped(pid) {
            let reason = Reason::NoResumed;
            self.reports.push(Report { pid, tid, reason });
        }
    }

    /// Whether no thread of a process runs, or is about to end with the others.
    fn all_stay_stopped(&self, pid: Tid) -> bool {
        let mut threads = self.threads.values().filter(|thread| thread.pid == pid);
        threads.all(|thread| thread.is_stopped() && !procfs::is_dying(thread.tid))
    }
}
