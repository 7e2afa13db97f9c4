//! Signals for threads that are to step over the trap at their pc.
//!
//! A handler's frame remembers the pc, which must be one of the program's own code: no copy of
//! an instruction, which may be gone when the handler returns.

use log::warn;

use super::leave_slot::may_block;
use super::step_over::{FAULTS, Stepped};
use super::thread::{Action, Intent, PtraceStop, Thread};
use super::tracer::Tracer;
use crate::os::procfs;
use crate::os::ptrace::{self, Tid};
use crate::os::signals;

impl Tracer {
    /// Whether a held thread is to receive a signal that the program handles.
    pub(super) fn enters_handler(&self, tid: Tid) -> bool {
        let signal = self.threads.get(&tid).map_or(0, |thread| thread.deliver);
        signal != 0 && procfs::status(tid).is_ok_and(|status| status.catches(signal))
    }

    /// Whether a held thread receives its signal before it executes the instruction at its pc:
    /// a step leads into the handler, and an instruction that has raised a signal does so again.
    pub(super) fn handler_comes_first(&self, tid: Tid) -> bool {
        let is_first = |thread: &Thread| {
            thread.intent != Intent::Running(Action::Continue) || FAULTS.contains(&thread.deliver)
        };
        self.threads.get(&tid).is_some_and(is_first) && self.enters_handler(tid)
    }

    /// Executes the copy of an instruction before a handler runs; `false` when the thread need
    /// not be resumed after.
    pub(super) fn step_in_slot(&mut self, tid: Tid, slot: u64) -> ptrace::Result<bool> {
        let process = self.process_of(tid).map(|pid| self.address_space_of(pid));
        let space = process.and_then(|pid| self.processes.get(&pid));
        let code = space.and_then(|process| process.space.slot_at(slot));
        if code.is_none_or(may_block) {
            // It cannot be waited for: the handler comes first, and the trap is hit once more.
            return Ok(true);
        }
        self.thread_mut(tid)?.set_pc(slot)?;
        match self.step_alone(tid)? {
            Stepped::Done => {
                self.leave_slot(tid)?;
                Ok(true)
            }
            Stepped::Other(status) => {
                self.put_back_signal(tid);
                self.on_status(tid, status);
                Ok(false)
            }
        }
    }

    /// Keeps what a signal was sent with, which the kernel forgets when the thread runs.
    pub(super) fn keep_siginfo(&mut self, tid: Tid) {
        if let Some(thread) = self.threads.get_mut(&tid)
            && thread.deliver != 0
            && thread.saved_siginfo.is_none()
            && matches!(thread.ptrace_stop, Some(PtraceStop::Signal(_)))
        {
            thread.saved_siginfo = ptrace::read_siginfo(tid).ok();
        }
    }

    /// Gives a signal that a thread was to receive back to the kernel, because a stop comes
    /// before; it is not reported a second time.
    pub(super) fn put_back_signal(&mut self, tid: Tid) {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return;
        };
        let signal = std::mem::take(&mut thread.deliver);
        let info = thread.saved_siginfo.take();
        if signal == 0 {
            return;
        }
        thread.injected = signal;
        let pid = thread.pid;
        match info.filter(|info| info.si_signo == signal) {
            Some(info) => requeue_signal(pid, tid, &info),
            None => send_again(pid, tid, signal),
        }
    }
}

/// Gives a signal that was taken for delivery back to the thread's queue.
pub(super) fn requeue_signal(pid: Tid, tid: Tid, info: &libc::siginfo_t) {
    // Only the sender itself may claim a kernel origin; the signal matters more.
    if signals::queue(pid, tid, info).is_err() {
        send_again(pid, tid, info.si_signo);
    }
}

fn send_again(pid: Tid, tid: Tid, signal: i32) {
    if let Err(error) = signals::send(pid, tid, signal) {
        warn!("signal {signal} of {tid} is lost: {error}");
    }
}
