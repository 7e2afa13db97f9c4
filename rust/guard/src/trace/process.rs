//! What is known of one traced process.

use std::io;

use crate::breakpoints::address_space::AddressSpace;
use crate::breakpoints::debug_registers::DebugRegisters;
use crate::journal::reader::Remains;
use crate::os::helper::Helper;
use crate::os::ptrace::Tid;

/// The way a process came to be traced; it decides what becomes of it at the end of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Started by the guard: it ends with it.
    Launched,
    /// Found running: it outlives the guard.
    Attached,
}

/// One traced process.
pub struct Process {
    /// Its id.
    pub(super) pid: Tid,
    pub(super) origin: Origin,
    /// Its memory and the traps in it.
    pub(super) space: AddressSpace,
    pub(super) debug_registers: DebugRegisters,
    /// Who repairs it when the guard is dead; posted before anything is written into it.
    pub(super) warden: Option<Helper>,
    /// Set for a `vfork` child until it executes or ends: the process whose memory it shares.
    pub(super) shares_memory_of: Option<Tid>,
    /// The thread that waits for this `vfork` child to leave the memory.
    pub(super) awaited_by: Option<Tid>,
    /// Set while a child that is traced by somebody else runs in this memory, which must have
    /// no traps: the thread that waits for it to leave.
    pub(super) lent_until: Option<Tid>,
    /// The client does not know this process: a child it does not follow, or one being made.
    pub(super) is_hidden: bool,
    /// A stop is to be reported: every thread is to be stopped.
    pub(super) is_stopping: bool,
    /// An instruction is stepped in place: every other thread is held for a moment.
    pub(super) is_stepping_in_place: bool,
    /// System calls to stop at: all when empty, none when `None`.
    pub(super) caught_syscalls: Option<Vec<u64>>,
}

impl Process {
    /// Opens a process through one of its live threads.
    pub fn open(pid: Tid, tid: Tid, origin: Origin) -> io::Result<Self> {
        Ok(Self {
            pid,
            origin,
            space: AddressSpace::open(pid, tid)?,
            debug_registers: DebugRegisters::default(),
            warden: None,
            shares_memory_of: None,
            awaited_by: None,
            lent_until: None,
            is_hidden: false,
            is_stopping: false,
            is_stepping_in_place: false,
            caught_syscalls: None,
        })
    }

    /// Hides it from the client, and keeps its threads from running, until it is ready.
    #[must_use]
    pub fn in_preparation(mut self) -> Self {
        self.is_hidden = true;
        self.is_stopping = true;
        self
    }

    /// Takes over traps and slots; see [`AddressSpace::adopt`].
    pub fn adopt(&mut self, remains: &Remains) -> (usize, usize) {
        self.space.adopt(remains)
    }

    /// Ends what was kept for the guard's own death: nothing of the guard's is left in it.
    pub(super) fn end_precautions(mut self) {
        self.space.close_journal();
        if let Some(warden) = self.warden.take() {
            warden.dismiss();
        }
    }

    /// Whether its threads are not to be resumed now, whatever the client wants.
    pub(super) fn holds_threads(&self) -> bool {
        self.is_stopping || self.is_stepping_in_place || self.lent_until.is_some()
    }

    /// Whether one of its threads is not to be resumed now.
    ///
    /// A thread that waits for a child to leave its memory executes nothing there.
    pub(super) fn holds_thread(&self, tid: Tid) -> bool {
        let waits = self.lent_until == Some(tid);
        self.holds_threads() && !(waits && !self.is_stopping && !self.is_stepping_in_place)
    }

    /// Whether it is a child nobody follows that may ask to be traced by its parent.
    pub(super) fn may_want_a_tracer(&self) -> bool {
        self.is_hidden && self.awaited_by.is_some() && self.shares_memory_of.is_some()
    }
}
