//! What a reaped status means, and what follows from it.

use log::{debug, warn};
use nix::errno::Errno;

use crate::breakpoints::conditions::{self, Verdict};
use crate::breakpoints::debug_registers::{self, WatchKind};
use crate::breakpoints::sites::TRAP;
use crate::os::ptrace::{self, SyscallStop, Tid, WaitStatus};
use crate::trace::tracer::{Action, Intent, PtraceStop, Reason, Report, Thread, Tracer};

/// `si_code` of a perf event's trap.
const TRAP_PERF: i32 = 6;
/// What the kernel puts into `si_code` when a step ends at a signal handler's entry.
const STEPPED_INTO_HANDLER: i32 = libc::SIGTRAP;
const SYSCALL_STOP: i32 = libc::SIGTRAP | 0x80;
/// The resume flag: an instruction breakpoint does not trigger for one instruction.
pub const RESUME_FLAG: u64 = 1 << 16;

/// What became of a debug register's trap.
enum Triggered {
    /// It was none of ours.
    Nothing,
    /// No condition holds.
    ConditionFalse,
    /// The client wants to hear of it.
    For(Reason),
}

impl Tracer {
    /// Takes in one status of `waitpid`.
    pub fn on_status(&mut self, tid: Tid, status: WaitStatus) {
        debug!("status {status:#x} of {tid}");
        let Some(thread) = self.threads.get_mut(&tid) else {
            // Born already, but its parent's event has not come yet: both orders occur.
            if libc::WIFSTOPPED(status) {
                self.early_stops.insert(tid, status);
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
            libc::PTRACE_EVENT_FORK => self.on_fork(tid, false),
            libc::PTRACE_EVENT_VFORK => self.on_fork(tid, true),
            libc::PTRACE_EVENT_VFORK_DONE => Ok(self.on_vfork_done(tid)),
            libc::PTRACE_EVENT_EXEC => self.on_exec(tid),
            event => {
                warn!("unknown event {event} of {tid}");
                self.hold(tid, PtraceStop::Event);
                Ok(None)
            }
        };
        match outcome {
            Ok(Some(reason)) => self.report(tid, reason),
            Ok(None) => self.resume_unless_stopped(tid),
            // Killed meanwhile; its end is about to be reaped.
            Err(Errno::ESRCH) => debug!("{tid} is going"),
            Err(error) => {
                warn!("handling status {status:#x} of {tid}: {error}");
                self.resume_unless_stopped(tid);
            }
        }
    }

    pub(crate) fn hold(&mut self, tid: Tid, hold: PtraceStop) {
        if let Some(thread) = self.threads.get_mut(&tid) {
            thread.ptrace_stop = Some(hold);
        }
    }

    /// Tells the client, and has the process parked where it wants that.
    pub fn report(&mut self, tid: Tid, reason: Reason) {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return;
        };
        let pid = thread.pid;
        if self
            .processes
            .get(&pid)
            .is_none_or(|process| process.is_hidden)
        {
            self.resume_unless_stopped(tid);
            return;
        }
        debug!("report {tid}: {reason:?}");
        thread.intent = Intent::Stopped;
        self.queue_report(Report { pid, tid, reason });
        self.end_cpu_sharing(tid);
        self.request_process_stop(pid);
    }

    /// Queues a stop of a held thread.
    pub fn queue_report(&mut self, report: Report) {
        self.note_reported(report.tid);
        self.reports.push_back(report);
    }

    /// Notes where the client knows a thread to be.
    pub fn note_reported(&mut self, tid: Tid) {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return;
        };
        self.reported_stops += 1;
        thread.reported_at = self.reported_stops;
        thread.wants_stop = false;
        thread.steps_over = None;
        thread.stop_pc = thread.registers().ok().map(|registers| registers.rip);
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

    /// Lets a thread go on after a stop nobody has to hear of, unless it is to stand.
    pub fn resume_unless_stopped(&mut self, tid: Tid) {
        let Some(thread) = self.threads.get(&tid) else {
            return;
        };
        if thread.intent != Intent::Stopped && !self.holds_threads_of(thread.pid) {
            self.resume_thread(tid);
        }
    }

    // --- signals ---------------------------------------------------------------------

    fn on_signal(&mut self, tid: Tid, signal: i32) -> ptrace::Result<Option<Reason>> {
        self.hold(tid, PtraceStop::Signal(signal));
        if signal == SYSCALL_STOP {
            return self.on_syscall(tid);
        }
        if signal == libc::SIGTRAP {
            return self.on_trap(tid);
        }
        self.leave_slot_for_signal(tid, signal)?;
        let pass = self.choices.pass_signals >> signal & 1 != 0;
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        thread.deliver = signal;
        if thread.injected == signal {
            thread.injected = 0;
            return Ok(None);
        }
        Ok((!pass).then_some(Reason::Signal(signal)))
    }

    fn on_syscall(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        self.hold(tid, PtraceStop::Event);
        let stop = ptrace::read_syscall_stop(tid)?;
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let Some(wanted) = self
            .processes
            .get(&thread.pid)
            .and_then(|process| process.system_calls.as_ref())
        else {
            return Ok(None);
        };
        let is_wanted = |number: u64| wanted.is_empty() || wanted.contains(&number);
        Ok(match stop {
            SyscallStop::Entry(number) => {
                thread.in_syscall = Some(number);
                is_wanted(number).then_some(Reason::SyscallEntry(number))
            }
            SyscallStop::Exit => {
                let number = thread.in_syscall.take();
                number.filter(|n| is_wanted(*n)).map(Reason::SyscallReturn)
            }
            SyscallStop::None => None,
        })
    }

    /// Finds the cause of a `SIGTRAP`: `man ptrace` leaves it to `si_code`.
    fn on_trap(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        let code = ptrace::read_siginfo(tid)?.si_code;
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let was_stepping = std::mem::take(&mut thread.stepping);
        if code <= 0 || code == TRAP_PERF {
            thread.deliver = libc::SIGTRAP;
            return Ok(Some(Reason::Signal(libc::SIGTRAP)));
        }
        thread.ptrace_stop = Some(PtraceStop::Signal(0));
        if code == STEPPED_INTO_HANDLER {
            thread.ptrace_stop = Some(PtraceStop::Event);
        }
        if code == ptrace::SI_KERNEL {
            return self.on_int3(tid);
        }
        match self.on_watch(tid)? {
            Triggered::For(reason) => return Ok(Some(reason)),
            // A step that ended on a watched access is still a step that ended.
            Triggered::ConditionFalse if !was_stepping => return Ok(None),
            Triggered::ConditionFalse | Triggered::Nothing => {}
        }
        if was_stepping {
            if code == ptrace::TRAP_BRKPT && self.has_only_left_the_kernel(tid)? {
                return Ok(None);
            }
            return self.on_step(tid);
        }
        // A step that another stop cut short, and a debug register freed since, may still
        // deliver a trap after the resume.
        let is_late = matches!(code, ptrace::TRAP_TRACE | ptrace::TRAP_HWBKPT);
        Ok((!is_late).then_some(Reason::Trap))
    }

    /// A step out of a system call (an exec, a fork, a call that was interrupted) traps before
    /// the program has executed anything: the step proper is still to come.
    fn has_only_left_the_kernel(&mut self, tid: Tid) -> ptrace::Result<bool> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(false);
        };
        Ok(thread.registers()?.rip == thread.stepped_from)
    }

    fn on_int3(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let space = thread.pid;
        let address = thread.registers()?.rip.wrapping_sub(1);
        let space = self.address_space_of(space);
        let Some(process) = self.processes.get(&space) else {
            return Ok(None);
        };
        let Some(site) = process.sites.find(address) else {
            return self.on_foreign_int3(tid, address);
        };
        let is_foreign = site.inserted && site.original == TRAP;
        let (conditions, memory, sites) = (&site.conditions, &process.memory, &process.sites);
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let standing =
            process.is_stopping || process.is_stepping_in_place || thread.intent == Intent::Stopped;
        thread.set_pc(address)?;
        if standing && !is_foreign {
            // Not told, so not counted: it hits again when it next runs.
            return Ok(None);
        }
        if thread.pid != space {
            thread.steps_over = Some(address);
            return Ok(None);
        }
        let (registers, variables) = (thread.registers()?, &mut self.variables);
        match conditions::evaluate(conditions, registers, memory, sites, variables) {
            Verdict::True => Ok(Some(Reason::Breakpoint)),
            Verdict::Failed(text) => {
                thread.condition_failure = Some(text);
                Ok(Some(Reason::Breakpoint))
            }
            Verdict::False => {
                thread.steps_over = Some(address);
                self.count_unreported_hit(tid);
                Ok(None)
            }
        }
    }

    /// An `int3` where no trap of ours is: the program's own, or one just removed.
    fn on_foreign_int3(&mut self, tid: Tid, address: u64) -> ptrace::Result<Option<Reason>> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let Some(process) = self.processes.get(&thread.pid) else {
            return Ok(None);
        };
        let mut bytes = [0; 2];
        let readable = process
            .memory
            .read_exact(address.wrapping_sub(1), &mut bytes);
        if readable && bytes[1] != TRAP && bytes != [0xcd, 0x03] {
            thread.set_pc(address)?;
            return Ok(None);
        }
        Ok(Some(Reason::Trap))
    }

    /// What the debug registers that triggered amount to; all their conditions are evaluated.
    fn on_watch(&mut self, tid: Tid) -> ptrace::Result<Triggered> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(Triggered::Nothing);
        };
        let Some(process) = self.processes.get(&thread.pid) else {
            return Ok(Triggered::Nothing);
        };
        if process.watches.is_empty() {
            return Ok(Triggered::Nothing);
        }
        let triggered = debug_registers::take_triggered(tid)?;
        let mut outcome = Triggered::Nothing;
        for slot in (0..4).filter(|slot| triggered >> slot & 1 != 0) {
            let Some(watch) = process.watches.find(slot) else {
                continue;
            };
            let (memory, sites) = (&process.memory, &process.sites);
            let registers = thread.registers()?;
            let (conditions, variables) = (&watch.conditions, &mut self.variables);
            match conditions::evaluate(conditions, registers, memory, sites, variables) {
                Verdict::False => {
                    if watch.kind == WatchKind::Execute {
                        registers.eflags |= RESUME_FLAG;
                        thread.touch_registers();
                    }
                    if matches!(outcome, Triggered::Nothing) {
                        outcome = Triggered::ConditionFalse;
                    }
                    continue;
                }
                Verdict::Failed(text) => thread.condition_failure = Some(text),
                Verdict::True => {}
            }
            outcome = Triggered::For(match watch.kind {
                WatchKind::Execute => Reason::HardwareBreakpoint,
                kind => Reason::Watch(kind, watch.address),
            });
        }
        Ok(outcome)
    }

    /// A single step is done; a range step may go on.
    pub fn on_step(&mut self, tid: Tid) -> ptrace::Result<Option<Reason>> {
        self.leave_slot(tid)?;
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let pc = thread.registers()?.rip;
        Ok(match thread.intent {
            Intent::Running(Action::Step) => Some(Reason::Step),
            Intent::Running(Action::RangeStep { start, end }) => {
                (!(start..end).contains(&pc)).then_some(Reason::Step)
            }
            Intent::Running(Action::Continue) | Intent::Stopped => None,
        })
    }

    // --- events ----------------------------------------------------------------------

    fn on_event_stop(&mut self, tid: Tid, signal: i32) -> ptrace::Result<Option<Reason>> {
        let thread_events = self.choices.thread_events;
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let is_group = matches!(
            signal,
            libc::SIGSTOP | libc::SIGTSTP | libc::SIGTTIN | libc::SIGTTOU
        );
        thread.ptrace_stop = Some(if is_group {
            PtraceStop::Group
        } else {
            PtraceStop::Event
        });
        if std::mem::take(&mut thread.is_new) && thread_events && thread.pid != tid {
            return Ok(Some(Reason::ThreadCreated));
        }
        if ptrace::has_pending_trap(tid)? {
            // It has hit a trap already.  Its signal is delivered before it executes anything,
            // and must be taken here: let go now, the program would die of it.
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
        self.end_cpu_sharing_of(&thread);
        let pid = thread.pid;
        let told = self
            .processes
            .get(&pid)
            .is_some_and(|process| !process.is_hidden);
        let code = libc::WEXITSTATUS(status);
        let is_last = self.threads.values().all(|other| other.pid != pid);
        if tid == pid || is_last {
            // The leader's status comes last and is the whole process's.  A leader that had
            // exited before we came could not be seized; then the last thread speaks for it.
            self.forget_process(pid);
            let reason = if libc::WIFEXITED(status) {
                Reason::Exited(code)
            } else {
                Reason::Killed(libc::WTERMSIG(status))
            };
            self.reports.retain(|report| report.pid != pid);
            if told {
                self.reports.push_back(Report { pid, tid, reason });
            }
            return;
        }
        self.reports.retain(|report| report.tid != tid);
        if told && self.choices.thread_events {
            self.reports.push_back(Report {
                pid,
                tid,
                reason: Reason::ThreadExited(code),
            });
        }
        let goes_on = |other: &Thread| other.pid == pid && other.intent != Intent::Stopped;
        let was_going = thread.intent != Intent::Stopped && !self.holds_threads_of(pid);
        if told && was_going && self.choices.no_resumed && !self.threads.values().any(goes_on) {
            self.reports.push_back(Report {
                pid,
                tid,
                reason: Reason::NoResumed,
            });
        }
    }
}
