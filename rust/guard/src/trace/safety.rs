//! Precautions for the guard's own death, and taking over what a dead guard has left.

use log::warn;

use super::process::Origin;
use super::saved_state::SavedState;
use super::step_over::FAULTS;
use super::tracer::Tracer;
use crate::breakpoints::debug_registers;
use crate::journal::Journal;
use crate::journal::reader::Remains;
use crate::journal::record::{HeldSignal, Record};
use crate::os::helper::Helper;
use crate::os::ptrace::Tid;
use crate::os::signals;

/// Posts somebody who repairs a process as soon as the guard is dead.
pub type PostWarden = fn(Tid, &Journal) -> std::io::Result<Helper>;

/// What was left in a process, and is not any more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Trap bytes lifted.
    pub traps: usize,
    /// Relocated instructions removed.
    pub slots: usize,
    /// Threads moved from a relocated instruction to where they belong.
    pub moved: usize,
    /// Threads whose debug registers were in use.
    pub watched: usize,
    /// Threads that were put back from where they had been made to run.
    pub calls: usize,
    /// Signals given back.
    pub signals: usize,
}

impl Tracer {
    /// Sets who is posted beside each attached process before anything is written into it.
    pub fn set_warden(&mut self, post: PostWarden) {
        self.post_warden = Some(post);
    }

    /// Begins the journal of an attached process, before anything is written into it.
    /// Launched ones end with the guard, and need none.
    pub(super) fn keep_journal(&mut self, pid: Tid) {
        let Some(process) = self.processes.get_mut(&pid) else {
            return;
        };
        if process.origin != Origin::Attached || process.space.journal().is_kept() {
            return;
        }
        let journal = match Journal::create(pid) {
            Ok(journal) => journal,
            Err(error) => {
                warn!("process {pid} has no journal: {error}");
                return;
            }
        };
        process.space.keep_journal(&journal);
        if let Some(post) = self.post_warden {
            match post(pid, &journal) {
                Ok(warden) => process.warden = Some(warden),
                Err(error) => warn!("process {pid} has no warden: {error}"),
            }
        }
    }

    /// Notes the signals that the threads of a stopped process are still to receive: the kernel
    /// has given them up, and they would be lost with the guard.
    pub(super) fn note_held_signals(&mut self, pid: Tid) {
        for tid in self.threads_of(pid) {
            let Some(thread) = self.threads.get(&tid) else {
                continue;
            };
            if thread.deliver == 0 {
                continue;
            }
            // One that the instruction has raised will be raised again.
            let is_own =
                |info: &libc::siginfo_t| !(info.si_code > 0 && FAULTS.contains(&info.si_signo));
            let info = self.read_siginfo(tid).ok().filter(is_own);
            if let Some(info) = info {
                self.keep_journal(pid);
                self.note(pid, &HeldSignal { tid, info });
            }
        }
    }

    fn note(&self, pid: Tid, record: &impl Record) {
        if let Some(process) = self.processes.get(&pid) {
            process.space.journal().note(record);
        }
    }

    /// Leaves a process that could not be released to those who repair: the journal stays, and
    /// the warden acts at the guard's end.
    pub(super) fn leave_to_warden(&mut self, pid: Tid) {
        if let Some(process) = self.processes.get_mut(&pid) {
            process.space.keep_journal(&Journal::default());
            process.warden = None;
        }
    }

    /// Takes everything that a dead guard has left out of a process whose threads are held and
    /// whose traps and slots were adopted.
    pub fn mend(&mut self, pid: Tid, remains: Remains) -> Mended {
        let mut mended = Mended::default();
        for tid in self.threads_of(pid) {
            mended.moved += usize::from(self.is_in_slot(tid));
            mended.watched += usize::from(self.has_debug_registers(tid));
        }
        self.clean_memory(pid);
        if let Some(process) = self.processes.get_mut(&pid) {
            process.space.forget_sites();
        }
        for thread in remains.threads {
            match self.restore_state(SavedState::from(thread)) {
                Ok(()) => mended.calls += 1,
                Err(text) => warn!("putting back a thread of {pid}: {text}"),
            }
        }
        for held in remains.signals {
            let queued = signals::queue(pid, held.tid, &held.info);
            let sent = queued.or_else(|_| signals::send(pid, held.tid, held.info.si_signo));
            mended.signals += usize::from(sent.is_ok());
        }
        mended
    }

    /// Whether a held thread has debug registers in use; they are brought up to date before it
    /// runs.
    fn has_debug_registers(&mut self, tid: Tid) -> bool {
        let is_watched = debug_registers::are_in_use(tid).unwrap_or(false);
        if let Some(thread) = self.threads.get_mut(&tid)
            && is_watched
        {
            thread.debug_register_generation = u32::MAX;
        }
        is_watched
    }
}
