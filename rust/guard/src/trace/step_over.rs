//! Getting threads past traps while others run, and out of relocated copies.
//!
//! A thread resumed in a slot runs the copied instruction and jumps home unseen.  Wherever a
//! stop finds it in a slot, its pc is put back to where the program believes it to be.

use iced_x86::Instruction;
use log::{debug, warn};
use nix::errno::Errno;

use crate::breakpoints::displaced::{self, SlotCode};
use crate::breakpoints::sites::{Sites, StepOver};
use crate::os::memory::Memory;
use crate::os::ptrace::{self, Tid};
use crate::trace::events::RESUME_FLAG;
use crate::trace::tracer::{PtraceStop, Thread, Tracer};

/// Signals that an instruction itself can raise; blocking those would kill the program.
const FAULTS: [i32; 6] = [
    libc::SIGSEGV,
    libc::SIGBUS,
    libc::SIGFPE,
    libc::SIGILL,
    libc::SIGTRAP,
    libc::SIGSYS,
];

/// Memory as the program sees it, for emulated instructions.
struct Unpatched<'a> {
    memory: &'a Memory,
    sites: &'a mut Sites,
}

impl displaced::Memory for Unpatched<'_> {
    fn read(&mut self, address: u64, buffer: &mut [u8]) -> bool {
        let complete = self.memory.read_exact(address, buffer);
        self.sites.mask(address, buffer);
        complete
    }

    fn write(&mut self, address: u64, bytes: &[u8]) -> bool {
        self.memory.write(address, bytes).is_ok()
    }
}

impl Tracer {
    /// Gets a thread past the trap at its pc; `false` when it need not be resumed after.
    pub fn step_over_site(&mut self, tid: Tid, address: u64) -> ptrace::Result<bool> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(false);
        };
        let Some(watches) = self
            .processes
            .get(&thread.pid)
            .map(|process| &process.watches)
        else {
            return Ok(true);
        };
        if watches.executes_at(address) {
            thread.registers()?.eflags |= RESUME_FLAG;
            thread.touch_registers();
        }
        if is_restarting(thread.registers()?) {
            // The kernel will move the pc back to the call; the trap is reached after it.
            thread.steps_over = None;
            return Ok(true);
        }
        match self.step_over_method(tid, address) {
            None => Ok(true),
            Some(StepOver::Emulate(instruction)) => self.emulate(tid, address, &instruction),
            Some(StepOver::Slot(slot)) => {
                if let Some(thread) = self.threads.get_mut(&tid) {
                    thread.set_pc(slot)?;
                    // From here on its pc alone tells; see `leave_slot`.
                    thread.steps_over = None;
                }
                Ok(true)
            }
            Some(StepOver::Unknown | StepOver::InPlace) => self.step_in_place(tid, address),
        }
    }

    /// The way past a trap, found once; `None` when there is no trap.
    fn step_over_method(&mut self, tid: Tid, address: u64) -> Option<StepOver> {
        let pid = self.threads.get(&tid)?.pid;
        let space = self.address_space_of(pid);
        let process = self.processes.get_mut(&space)?;
        let known = process
            .sites
            .find(address)
            .filter(|site| site.inserted)?
            .step_over;
        if !matches!(known, StepOver::Unknown) {
            return Some(known);
        }
        let mut bytes = [0; 15];
        let count = process.memory.read(address, &mut bytes);
        process.sites.mask(address, &mut bytes[..count]);
        let step_over = process.slots.prepare(tid, &process.memory, address, bytes);
        debug!("past {address:#x}: {step_over:?}");
        process.sites.find_mut(address)?.step_over = step_over;
        Some(step_over)
    }

    fn emulate(
        &mut self,
        tid: Tid,
        address: u64,
        instruction: &Instruction,
    ) -> ptrace::Result<bool> {
        let Some(pid) = self.threads.get(&tid).map(|thread| thread.pid) else {
            return Ok(false);
        };
        let space = self.address_space_of(pid);
        let Some(process) = self.processes.get_mut(&space) else {
            return Ok(false);
        };
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(false);
        };
        let mut memory = Unpatched {
            memory: &process.memory,
            sites: &mut process.sites,
        };
        if !displaced::emulate(instruction, thread.registers()?, &mut memory) {
            return self.step_in_place(tid, address);
        }
        thread.touch_registers();
        thread.steps_over = None;
        self.finish_step(tid)
    }

    /// After one instruction was executed for a thread: a step is done, anything else goes on.
    fn finish_step(&mut self, tid: Tid) -> ptrace::Result<bool> {
        match self.on_step(tid)? {
            Some(reason) => {
                self.report(tid, reason);
                Ok(false)
            }
            None => Ok(true),
        }
    }

    /// Steps with the trap lifted and every other thread held.
    fn step_in_place(&mut self, tid: Tid, address: u64) -> ptrace::Result<bool> {
        let Some(pid) = self.threads.get(&tid).map(|thread| thread.pid) else {
            return Ok(false);
        };
        let space = self.address_space_of(pid);
        let was_stepping_in_place = self.set_stepping_in_place(space, true);
        self.hold_all(space);
        let outcome = self.step_lifted(tid, space, address);
        self.set_stepping_in_place(space, was_stepping_in_place);
        for other in self.threads_of(space) {
            let goes_by_caller = other == tid && outcome == Ok(true);
            if !goes_by_caller
                && self
                    .threads
                    .get(&other)
                    .is_some_and(|t| t.ptrace_stop.is_some())
            {
                self.resume_unless_stopped(other);
            }
        }
        outcome
    }

    fn set_stepping_in_place(&mut self, pid: Tid, is_stepping_in_place: bool) -> bool {
        let process = self.processes.get_mut(&pid);
        process.is_some_and(|process| {
            std::mem::replace(&mut process.is_stepping_in_place, is_stepping_in_place)
        })
    }

    fn step_lifted(&mut self, tid: Tid, space: Tid, address: u64) -> ptrace::Result<bool> {
        self.change_trap(space, address, Sites::lift_one);
        let stepped = self.step_alone(tid);
        self.change_trap(space, address, Sites::put_back);
        match stepped? {
            Stepped::Done => {
                if let Some(thread) = self.threads.get_mut(&tid) {
                    thread.steps_over = None;
                }
                self.finish_step(tid)
            }
            Stepped::Other(status) => {
                if let Some(thread) = self.threads.get_mut(&tid) {
                    thread.steps_over = None;
                }
                self.on_status(tid, status);
                Ok(false)
            }
        }
    }

    fn change_trap(
        &mut self,
        space: Tid,
        address: u64,
        change: fn(&mut Sites, &Memory, u64) -> std::io::Result<()>,
    ) {
        if let Some(process) = self.processes.get_mut(&space)
            && let Err(error) = change(&mut process.sites, &process.memory, address)
        {
            warn!("the trap at {address:#x} of {space}: {error}");
        }
    }

    /// Executes one instruction of a held thread with asynchronous signals kept away.
    fn step_alone(&mut self, tid: Tid) -> ptrace::Result<Stepped> {
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Err(Errno::ESRCH);
        };
        thread.flush()?;
        thread.forget_registers();
        let mask = ptrace::read_signal_mask(tid)?;
        let faults = FAULTS
            .iter()
            .fold(0_u64, |bits, signal| bits | 1 << (signal - 1));
        ptrace::write_signal_mask(tid, mask | !faults)?;
        ptrace::single_step(tid, 0)?;
        let status = wait_for_step(tid)?;
        if libc::WIFSTOPPED(status) {
            ptrace::write_signal_mask(tid, mask)?;
            if status >> 8 == libc::SIGTRAP {
                let code = ptrace::read_siginfo(tid)?.si_code;
                if matches!(code, ptrace::TRAP_TRACE | ptrace::TRAP_BRKPT) {
                    if let Some(thread) = self.threads.get_mut(&tid) {
                        thread.ptrace_stop = Some(PtraceStop::Signal(0));
                    }
                    return Ok(Stepped::Done);
                }
            }
        }
        Ok(Stepped::Other(status))
    }

    /// The slot a thread's pc lies in, and that pc.  Registers are read only where there are slots.
    fn slot_of(&mut self, tid: Tid) -> ptrace::Result<Option<(&mut Thread, &SlotCode, u64)>> {
        let Some(pid) = self.threads.get(&tid).map(|thread| thread.pid) else {
            return Ok(None);
        };
        let space = self.address_space_of(pid);
        let Some(process) = self.processes.get(&space) else {
            return Ok(None);
        };
        if process.slots.is_empty() {
            return Ok(None);
        }
        let Some(thread) = self.threads.get_mut(&tid) else {
            return Ok(None);
        };
        let pc = thread.registers()?.rip;
        Ok(process.slots.find(pc).map(|code| (thread, code, pc)))
    }

    /// Puts the pc of a held thread that lies in a slot back to the program's own code.
    pub fn leave_slot(&mut self, tid: Tid) -> ptrace::Result<()> {
        if (self.threads.get(&tid)).is_none_or(|thread| thread.ptrace_stop.is_none()) {
            return Ok(());
        }
        let Some((thread, code, pc)) = self.slot_of(tid)? else {
            return Ok(());
        };
        let Some(home) = code.original_rip(pc) else {
            return Ok(());
        };
        // Before the copied instruction ran, its trap must still be passed.
        thread.steps_over = (home == code.original).then_some(home);
        if is_restarting(thread.registers()?) {
            thread.registers()?.rip = home;
            thread.touch_registers();
            return Ok(());
        }
        thread.set_pc(home)
    }

    /// [`Tracer::leave_slot`] where nobody can be told of a failure.
    pub fn leave_slot_or_warn(&mut self, tid: Tid) {
        match self.leave_slot(tid) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => warn!("moving {tid} out of its slot: {error}"),
        }
    }

    /// Before a signal is delivered: a handler's frame must not remember a slot.
    pub fn leave_slot_for_signal(&mut self, tid: Tid, signal: i32) -> ptrace::Result<()> {
        let Some((thread, code, pc)) = self.slot_of(tid)? else {
            return Ok(());
        };
        let pid = thread.pid;
        let (slot, original) = (code.slot, code.original);
        let may_block = code.bytes.starts_with(&[0x0f, 0x05]);
        if code.original_rip(pc) != Some(original) {
            return self.leave_slot(tid);
        }
        let mut info = ptrace::read_siginfo(tid)?;
        if info.si_code > 0 && FAULTS.contains(&signal) {
            // The copied instruction itself faults: so would the original.
            self.leave_slot(tid)?;
            return readdress_fault(tid, &mut info, slot, original);
        }
        if may_block {
            // A system call cannot be waited for: the handler runs first, then the trap is hit
            // once more.
            return self.leave_slot(tid);
        }
        // The hit was counted; finish the instruction, then deliver.
        match self.step_alone(tid)? {
            Stepped::Done => {
                self.leave_slot(tid)?;
                if let Some(thread) = self.threads.get_mut(&tid) {
                    thread.saved_siginfo = Some(info);
                }
                Ok(())
            }
            Stepped::Other(status) => {
                requeue_signal(pid, tid, &info);
                self.on_status(tid, status);
                Err(Errno::ESRCH)
            }
        }
    }
}

enum Stepped {
    Done,
    Other(ptrace::WaitStatus),
}

/// Waits for the end of one instruction; only death or a page fault's I/O can delay it.
fn wait_for_step(tid: Tid) -> ptrace::Result<ptrace::WaitStatus> {
    let mut status = 0;
    loop {
        // SAFETY: `status` is a valid place for the answer.
        match unsafe { libc::waitpid(tid, &raw mut status, libc::__WALL) } {
            -1 if Errno::last() == Errno::EINTR => {}
            -1 => return Err(Errno::last()),
            _ => return Ok(status),
        }
    }
}

/// Whether the kernel is about to restart an interrupted system call.
fn is_restarting(registers: &libc::user_regs_struct) -> bool {
    let result = registers.rax as i64;
    registers.orig_rax as i64 >= 0 && (-516..=-512).contains(&result)
}

fn readdress_fault(
    tid: Tid,
    info: &mut libc::siginfo_t,
    slot: u64,
    original: u64,
) -> ptrace::Result<()> {
    // SAFETY: the signals in FAULTS carry an address.
    if unsafe { info.si_addr() } as u64 != slot {
        return Ok(());
    }
    // si_addr is the first field of the union, at byte 16 on x86-64.
    // SAFETY: the structure is 128 bytes long.
    unsafe {
        std::ptr::from_mut(info)
            .cast::<u64>()
            .add(2)
            .write(original);
    };
    ptrace::write_siginfo(tid, info)
}

/// Gives a signal that was taken for delivery back to the thread's queue.
fn requeue_signal(pid: Tid, tid: Tid, info: &libc::siginfo_t) {
    // SAFETY: `info` is a whole siginfo_t.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_rt_tgsigqueueinfo,
            pid,
            tid,
            info.si_signo,
            std::ptr::from_ref(info),
        )
    };
    if answer == -1 {
        // Only the sender itself may claim a kernel origin; the signal matters more.
        if let Err(error) = ptrace::send_signal(pid, tid, info.si_signo) {
            warn!("signal {} of {tid} is lost: {error}", info.si_signo);
        }
    }
}
