//! What is known of one traced thread.
//!
//! Two views are kept apart: whether the *kernel* holds a thread in a ptrace-stop (ptrace(2),
//! "Stopped states"), and whether the *client* believes it stopped ([`Intent`]).  A thread that
//! is held for a moment only is still meant to run.

use crate::os::ptrace::{self, Tid};

/// The way the client wants a thread to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Run on.
    Continue,
    /// Execute one instruction.
    Step,
    /// Step until the pc leaves `[start, end)`.
    RangeStep {
        /// First address of the range.
        start: u64,
        /// One past its last address.
        end: u64,
    },
}

/// The client's view of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// A stop was reported, or follows from one that was.
    Stopped,
    /// The client has resumed it.
    Running(Action),
}

/// The kind of ptrace-stop that holds a thread; it decides how a signal can be delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PtraceStop {
    /// Signal-delivery-stop for this signal; 0 when it was the trap of a breakpoint or step.
    Signal(i32),
    /// Event stop: interrupt, clone, fork, exec, or a system call.
    Event,
    /// Group-stop: job control has stopped the process.
    Group,
}

/// One traced thread.
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent facts, most of them false"
)]
pub struct Thread {
    /// Its kernel id.
    pub(super) tid: Tid,
    /// Its process.
    pub(super) pid: Tid,
    /// The ptrace-stop that holds it; `None` while it runs.
    pub(super) ptrace_stop: Option<PtraceStop>,
    /// The client's view.
    pub(super) intent: Intent,
    /// Its first stop has not been seen.
    pub(super) is_new: bool,
    /// It has exited, but cannot be reaped before the other threads have.
    pub(super) is_zombie: bool,
    /// An interrupt was requested for the client; its stop is to be reported.
    pub(super) wants_stop: bool,

    /// Signal to deliver when it next runs.
    pub(super) deliver: i32,
    /// The client knows of that signal, and decides what becomes of it.
    pub(super) has_told_signal: bool,
    /// The `siginfo_t` to deliver that signal with, where the kernel no longer has it.
    pub(super) saved_siginfo: Option<libc::siginfo_t>,
    /// A signal sent in the client's name, to be delivered once without a report.
    pub(super) injected: i32,

    /// Pc of its last reported stop, until it runs again.
    pub(super) stop_pc: Option<u64>,
    /// Number of its last reported stop.
    pub(super) stop_number: u64,
    /// Why a condition of the trap being reported could not be evaluated.
    pub(super) condition_failure: Option<String>,

    /// Address of a trap that it is to step over rather than hit.
    pub(super) steps_over: Option<u64>,
    /// The last resume was a single step whose end has not been seen.
    pub(super) is_stepping: bool,
    /// Pc before the last single step.
    pub(super) stepped_from: u64,

    /// It is at the event of a `vfork`: once resumed it stays in the kernel.
    pub(super) enters_vfork: bool,
    /// The kernel keeps it from user code until its `vfork` child executes or ends.
    pub(super) in_vfork: bool,
    /// The system call it is in, while calls are caught.
    pub(super) in_syscall: Option<u64>,

    /// Generation of the debug registers it carries.
    pub(super) debug_register_generation: u32,
    /// They are disabled, until it next runs.
    pub(super) is_disarmed: bool,
    /// Hits in a row whose conditions were false.
    pub(super) unreported_hits: u32,
    /// Turn in which it was last resumed on its own, without the client.
    pub(super) last_turn: u64,
    registers: Option<libc::user_regs_struct>,
    registers_changed: bool,
}

impl Thread {
    /// Makes a thread that has not shown its first stop.
    pub(super) fn new(pid: Tid, tid: Tid) -> Self {
        Self {
            tid,
            pid,
            ptrace_stop: None,
            intent: Intent::Running(Action::Continue),
            is_new: true,
            is_zombie: false,
            wants_stop: false,
            deliver: 0,
            has_told_signal: false,
            saved_siginfo: None,
            injected: 0,
            stop_pc: None,
            stop_number: 0,
            condition_failure: None,
            steps_over: None,
            is_stepping: false,
            stepped_from: 0,
            enters_vfork: false,
            in_vfork: false,
            in_syscall: None,
            debug_register_generation: 0,
            is_disarmed: false,
            unreported_hits: 0,
            last_turn: 0,
            registers: None,
            registers_changed: false,
        }
    }

    /// Whether the kernel holds it in a ptrace-stop.
    pub(super) fn is_held(&self) -> bool {
        self.ptrace_stop.is_some()
    }

    /// Whether it may be executing instructions of the program.
    pub(super) fn is_running(&self) -> bool {
        !self.is_held() && !self.is_zombie && !self.in_vfork
    }

    /// Whether the client believes it stopped.
    pub(super) fn is_stopped(&self) -> bool {
        self.intent == Intent::Stopped
    }

    /// Notes that it is stopped for the client, because of a stop that another thread reports.
    pub(super) fn stop_silently(&mut self) {
        self.intent = Intent::Stopped;
        self.is_stepping = false;
        // The reported stop answers for every thread.
        self.wants_stop = false;
    }

    /// Notes that its stop is reported, as the one with this number.
    pub(super) fn note_reported(&mut self, number: u64) {
        self.stop_number = number;
        self.wants_stop = false;
        self.steps_over = None;
        self.stop_pc = self.registers().ok().map(|registers| registers.rip);
    }

    /// Reads the general registers, once per stop.
    pub(super) fn registers(&mut self) -> ptrace::Result<&mut libc::user_regs_struct> {
        if self.registers.is_none() {
            self.registers = Some(ptrace::read_registers(self.tid)?);
        }
        self.registers.as_mut().ok_or(nix::errno::Errno::ESRCH)
    }

    /// Notes that the registers were changed; they are written before the thread runs.
    pub(super) fn mark_registers_changed(&mut self) {
        self.registers_changed = true;
    }

    /// Changes the pc.  A restartable system call is given up, else the kernel would move
    /// the new pc back by the length of a `syscall` instruction.
    pub(super) fn set_pc(&mut self, pc: u64) -> ptrace::Result<()> {
        let registers = self.registers()?;
        registers.rip = pc;
        registers.orig_rax = u64::MAX;
        self.registers_changed = true;
        Ok(())
    }

    /// Writes changed registers to the thread.
    pub(super) fn write_registers(&mut self) -> ptrace::Result<()> {
        if let (true, Some(registers)) = (self.registers_changed, self.registers.as_ref()) {
            ptrace::write_registers(self.tid, registers)?;
        }
        self.registers_changed = false;
        Ok(())
    }

    /// Forgets what was read: the thread is about to run, or is another program now.
    pub(super) fn forget_registers(&mut self) {
        self.registers = None;
        self.registers_changed = false;
    }
}
