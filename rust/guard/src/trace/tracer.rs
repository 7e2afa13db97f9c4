//! What is known of each traced process and thread.
//!
//! Two views are kept apart: whether the *kernel* holds a thread stopped ([`Thread::held`]),
//! and whether the *client* believes it stopped ([`Thread::intent`]).  A thread parked for a
//! moment is held but still meant to go.

use std::collections::{HashMap, VecDeque};
use std::io;

use crate::breakpoints::agent::Variables;
use crate::breakpoints::debug_registers::Watches;
use crate::breakpoints::sites::Sites;
use crate::breakpoints::slots::Slots;
use crate::os::memory::Memory;
use crate::os::ptrace::{self, Tid, WaitStatus};

/// How the client wants a thread to run.
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
    /// It was told that the thread stands, or may conclude it.
    Stopped,
    /// It has set the thread going.
    Running(Action),
}

/// Which kind of ptrace stop holds a thread; it decides how a signal can be passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PtraceStop {
    /// A signal is about to be delivered; 0 when the trap was ours.
    Signal(i32),
    /// An event of ours: interrupt, clone, fork, exec, system call.
    Event,
    /// The process is stopped by job control.
    Group,
}

/// Why a stop is told to the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A signal is about to be delivered.
    Signal(i32),
    /// A trap of ours.
    Breakpoint,
    /// A debug register's execute trap.
    HardwareBreakpoint,
    /// A debug register's data trap.
    Watch(crate::breakpoints::debug_registers::WatchKind, u64),
    /// A step is done.
    Step,
    /// The program's own trap.
    Trap,
    /// The client asked for it.
    Interrupt,
    /// A child process, held at its first stop.
    Fork(Tid),
    /// A child process that borrows the memory.
    Vfork(Tid),
    /// The borrowed memory is back.
    VforkDone,
    /// A new program, by its path.
    Exec(String),
    /// System call entered.
    SyscallEntry(u64),
    /// System call left.
    SyscallReturn(u64),
    /// A new thread.
    ThreadCreated,
    /// A thread ended with this code.
    ThreadExited(i32),
    /// The process ended with this code.
    Exited(i32),
    /// The process was ended by this signal.
    Killed(i32),
    /// Nothing is left that could stop.
    NoResumed,
}

impl Reason {
    /// Whether there is no thread left that this is about.
    pub fn is_end(&self) -> bool {
        matches!(
            self,
            Self::ThreadExited(_) | Self::Exited(_) | Self::Killed(_) | Self::NoResumed
        )
    }
}

/// Something the client has to hear.
#[derive(Clone, Debug)]
pub struct Report {
    /// Process.
    pub pid: Tid,
    /// Thread.
    pub tid: Tid,
    /// What happened.
    pub reason: Reason,
}

/// How a process came to us; it decides how we part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Started by us: it dies with us.
    Launched,
    /// Found running: it outlives us.
    Attached,
}

/// One traced thread.
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent facts, most of them false"
)]
pub struct Thread {
    /// Its kernel id.
    pub tid: Tid,
    /// Its process.
    pub pid: Tid,
    /// The ptrace stop that holds it; `None` while it runs.
    pub ptrace_stop: Option<PtraceStop>,
    /// The client's view.
    pub intent: Intent,
    /// Signal to deliver when it next runs.
    pub deliver: i32,
    /// Pc of the stop that was last told to the client, until it runs again.
    pub stop_pc: Option<u64>,
    /// The number of the stop last told of it.
    pub reported_at: u64,
    /// The address of a trap that it is to get past without hitting it again.
    pub steps_over: Option<u64>,
    /// The last resume was a single step whose end has not been seen.
    pub stepping: bool,
    /// Pc before the last single step.
    pub stepped_from: u64,
    /// The client asked for a stop.
    pub wants_stop: bool,
    /// It has exited, but cannot be reaped before the other threads have.
    pub is_zombie: bool,
    /// The kernel keeps it from user code until its `vfork` child executes or ends.
    pub in_vfork: bool,
    /// The signal it was taken from a delivery stop with, to be delivered later.
    pub saved_siginfo: Option<libc::siginfo_t>,
    /// Its first stop has not been seen.
    pub is_new: bool,
    /// It stands at the event of a `vfork`: once resumed it stays in the kernel.
    pub enters_vfork: bool,
    /// The system call it is in, while calls are watched.
    pub in_syscall: Option<u64>,
    /// A signal we sent in the client's name, to be passed on once without telling.
    pub injected: i32,
    /// Why a condition of the trap being told could not be evaluated.
    pub condition_failure: Option<String>,
    /// Generation of the debug registers it carries.
    pub watch_generation: u32,
    /// Hits in a row whose conditions were false.
    pub unreported_hits: u32,
    /// The affinity to give back once silent hits end.
    pub saved_affinity: Option<libc::cpu_set_t>,
    registers: Option<libc::user_regs_struct>,
    dirty: bool,
}

impl Thread {
    /// A thread that has not shown its first stop.
    pub fn new(pid: Tid, tid: Tid) -> Self {
        Self {
            tid,
            pid,
            ptrace_stop: None,
            intent: Intent::Running(Action::Continue),
            deliver: 0,
            stop_pc: None,
            reported_at: 0,
            steps_over: None,
            is_zombie: false,
            in_vfork: false,
            saved_siginfo: None,
            stepping: false,
            stepped_from: 0,
            wants_stop: false,
            is_new: true,
            enters_vfork: false,
            in_syscall: None,
            injected: 0,
            condition_failure: None,
            watch_generation: 0,
            unreported_hits: 0,
            saved_affinity: None,
            registers: None,
            dirty: false,
        }
    }

    /// Whether it may be executing instructions of the program.
    pub fn is_running(&self) -> bool {
        self.ptrace_stop.is_none() && !self.is_zombie && !self.in_vfork
    }

    /// The general registers, read once per stop.
    pub fn registers(&mut self) -> ptrace::Result<&mut libc::user_regs_struct> {
        if self.registers.is_none() {
            self.registers = Some(ptrace::read_registers(self.tid)?);
        }
        self.registers.as_mut().ok_or(nix::errno::Errno::ESRCH)
    }

    /// Marks the registers as changed; they are written before the thread runs.
    pub fn touch_registers(&mut self) {
        self.dirty = true;
    }

    /// Changes the pc.  A restartable system call is given up, else the kernel would move
    /// the new pc back by the length of a `syscall` instruction.
    pub fn set_pc(&mut self, pc: u64) -> ptrace::Result<()> {
        let registers = self.registers()?;
        registers.rip = pc;
        registers.orig_rax = u64::MAX;
        self.dirty = true;
        Ok(())
    }

    /// Writes changed registers to the thread.
    pub fn flush(&mut self) -> ptrace::Result<()> {
        if let (true, Some(registers)) = (self.dirty, self.registers.as_ref()) {
            ptrace::write_registers(self.tid, registers)?;
        }
        self.dirty = false;
        Ok(())
    }

    /// Forgets what was read: the thread is about to run or is another program now.
    pub fn forget_registers(&mut self) {
        self.registers = None;
        self.dirty = false;
    }
}

/// One traced process.
pub struct Process {
    /// Its id.
    pub pid: Tid,
    /// How it came to us.
    pub origin: Origin,
    /// Its memory; `None` once it is gone.
    pub memory: Memory,
    /// Its traps.
    pub sites: Sites,
    /// Room for relocated instructions.
    pub slots: Slots,
    /// Its debug registers.
    pub watches: Watches,
    /// Set for a `vfork` child until it executes or ends: whose memory it borrows.
    pub shares_memory_of: Option<Tid>,
    /// The client does not know this process: a child it does not follow.
    pub is_hidden: bool,
    /// A stop is being told: every thread is to be parked.
    pub is_stopping: bool,
    /// An instruction is stepped in place: every other thread is held for a moment.
    pub is_stepping_in_place: bool,
    /// Exec events of a start-up shell still to be passed over.
    pub execs_to_skip: u32,
    /// System calls to stop at: all when empty, none when `None`.
    pub system_calls: Option<Vec<u64>>,
}

impl Process {
    /// Takes note of a process through one of its live threads.
    pub fn new(pid: Tid, tid: Tid, origin: Origin) -> io::Result<Self> {
        Ok(Self {
            pid,
            origin,
            memory: Memory::open(pid, tid)?,
            sites: Sites::default(),
            slots: Slots::default(),
            watches: Watches::default(),
            shares_memory_of: None,
            is_hidden: false,
            is_stopping: false,
            is_stepping_in_place: false,
            execs_to_skip: 0,
            system_calls: None,
        })
    }
}

/// What the client has chosen.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is one protocol switch")]
pub struct Choices {
    /// A reported stop parks the whole process first.
    pub stop_all: bool,
    /// Only one stop is told at a time (plain remote protocol).
    pub one_report: bool,
    /// Tell births and deaths of threads.
    pub thread_events: bool,
    /// Tell forks, and hold the child.
    pub fork_events: bool,
    /// Tell vforks, and hold the child.
    pub vfork_events: bool,
    /// Tell exec.
    pub exec_events: bool,
    /// Tell when nothing can stop any more.
    pub no_resumed: bool,
    /// Signals passed on without telling, bit `n` for signal `n`.
    pub pass_signals: u128,
}

/// Everything traced, and what is still to be told.
#[derive(Default)]
pub struct Tracer {
    /// Processes by id.
    pub processes: HashMap<Tid, Process>,
    /// Threads by id.
    pub threads: HashMap<Tid, Thread>,
    /// First stops of threads whose birth has not been told yet.
    pub early_stops: HashMap<Tid, WaitStatus>,
    /// What the client has to hear, oldest first.
    pub reports: VecDeque<Report>,
    /// Reaping was broken off; nothing will announce the rest.
    pub has_unreaped: bool,
    /// Stops told so far.
    pub reported_stops: u64,
    /// What the client has chosen.
    pub choices: Choices,
    /// Trace state variables.
    pub variables: Variables,
    /// Our own affinity before a hot thread drew us to its CPU.
    pub saved_affinity: Option<libc::cpu_set_t>,
}

impl Tracer {
    /// The threads of `pid`, ascending, so that every list is in a stable order.
    pub fn threads_of(&self, pid: Tid) -> Vec<Tid> {
        let mut tids: Vec<Tid> = self
            .threads
            .values()
            .filter(|thread| thread.pid == pid)
            .map(|t| t.tid)
            .collect();
        tids.sort_unstable();
        tids
    }

    /// The process whose memory and traps `pid` uses: itself, or a `vfork` parent.
    pub fn address_space_of(&self, pid: Tid) -> Tid {
        let lender = self
            .processes
            .get(&pid)
            .and_then(|process| process.shares_memory_of);
        lender
            .filter(|parent| self.processes.contains_key(parent))
            .unwrap_or(pid)
    }

    /// Whether threads of this process are being brought to a halt, or stand for a step.
    pub fn holds_threads_of(&self, pid: Tid) -> bool {
        let stands = |process: &Process| process.is_stopping || process.is_stepping_in_place;
        self.processes.get(&pid).is_some_and(stands)
    }

    /// Whether some thread of `pid` runs.
    pub fn is_running(&self, pid: Tid) -> bool {
        self.threads
            .values()
            .any(|thread| thread.pid == pid && thread.is_running())
    }

    /// The thread to speak for a process: its leader while that is alive.
    pub fn representative_of(&self, pid: Tid) -> Option<Tid> {
        let held = |tid: &Tid| {
            self.threads
                .get(tid)
                .is_some_and(|thread| thread.ptrace_stop.is_some())
        };
        let threads = self.threads_of(pid);
        threads
            .iter()
            .copied()
            .find(held)
            .or_else(|| threads.first().copied())
    }

    /// Drops everything known of a process.
    pub fn forget_process(&mut self, pid: Tid) {
        self.threads.retain(|_, thread| thread.pid != pid);
        self.processes.remove(&pid);
    }
}
