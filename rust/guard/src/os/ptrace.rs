//! The ptrace requests in use, each checked and named.
//!
//! Every wrapper returns the kernel's error number. `ESRCH` is an answer, not an accident:
//! the thread is running, ending or gone, and callers know which by their own records.

use std::ffi::{c_int, c_long, c_uint, c_void};
use std::mem::{MaybeUninit, size_of};

use nix::errno::Errno;

/// A kernel thread id; a process id is the thread id of its leader.
pub type Tid = i32;

/// The answer of a request.
pub type Result<T> = std::result::Result<T, Errno>;

/// Options of every tracee: children and threads are ours from their first instruction.
pub const OPTIONS: c_int = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_TRACECLONE
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACEVFORKDONE
    | libc::PTRACE_O_TRACEEXEC;

/// `si_code` of an `int3`.
pub const SI_KERNEL: i32 = 0x80;
/// `si_code` of a breakpoint as some paths of the kernel report it.
pub const TRAP_BRKPT: i32 = 1;
/// `si_code` of a finished single step.
pub const TRAP_TRACE: i32 = 2;
/// `si_code` of a debug register's trap.
pub const TRAP_HWBKPT: i32 = 4;

const NT_X86_XSTATE: usize = 0x202;
const PTRACE_GETSIGMASK: c_uint = 0x420a;
const PTRACE_SETSIGMASK: c_uint = 0x420b;
const PTRACE_GET_SYSCALL_INFO: c_uint = 0x420e;

fn request(number: c_uint, tid: Tid, address: usize, data: usize) -> Result<c_long> {
    // SAFETY: each caller passes pointers that are valid for the request it names.
    let answer = unsafe { libc::ptrace(number, tid, address as *mut c_void, data as *mut c_void) };
    if answer == -1 {
        Err(Errno::last())
    } else {
        Ok(answer)
    }
}

/// Begins to trace a thread without stopping it.
pub fn seize(tid: Tid, options: c_int) -> Result<()> {
    request(libc::PTRACE_SEIZE, tid, 0, options as usize).map(drop)
}

/// Asks a thread to stop; the stop is a `PTRACE_EVENT_STOP` unless another comes first.
pub fn interrupt(tid: Tid) -> Result<()> {
    request(libc::PTRACE_INTERRUPT, tid, 0, 0).map(drop)
}

/// Lets a thread of a group-stopped process stay stopped, but notice `SIGCONT`.
pub fn listen(tid: Tid) -> Result<()> {
    request(libc::PTRACE_LISTEN, tid, 0, 0).map(drop)
}

/// Resumes a stopped thread, delivering `signal` unless it is 0.
pub fn cont(tid: Tid, signal: i32) -> Result<()> {
    request(libc::PTRACE_CONT, tid, 0, signal as usize).map(drop)
}

/// Resumes a stopped thread up to its next system call boundary.
pub fn cont_to_syscall(tid: Tid, signal: i32) -> Result<()> {
    request(libc::PTRACE_SYSCALL, tid, 0, signal as usize).map(drop)
}

/// Executes one instruction.
pub fn single_step(tid: Tid, signal: i32) -> Result<()> {
    request(libc::PTRACE_SINGLESTEP, tid, 0, signal as usize).map(drop)
}

/// Detaches from a stopped thread, delivering `signal` unless it is 0.
pub fn detach(tid: Tid, signal: i32) -> Result<()> {
    request(libc::PTRACE_DETACH, tid, 0, signal as usize).map(drop)
}

/// The general registers.
pub fn read_registers(tid: Tid) -> Result<libc::user_regs_struct> {
    let mut value = MaybeUninit::<libc::user_regs_struct>::uninit();
    request(libc::PTRACE_GETREGS, tid, 0, value.as_mut_ptr() as usize)?;
    // SAFETY: the request succeeded, so the kernel filled the structure.
    Ok(unsafe { value.assume_init() })
}

/// Replaces the general registers.
pub fn write_registers(tid: Tid, value: &libc::user_regs_struct) -> Result<()> {
    request(
        libc::PTRACE_SETREGS,
        tid,
        0,
        std::ptr::from_ref(value) as usize,
    )
    .map(drop)
}

/// The XSAVE area, as long as this kernel makes it.
pub fn read_xstate(tid: Tid) -> Result<Vec<u8>> {
    let mut area = vec![0_u8; 16 * 1024];
    let mut vector = libc::iovec {
        iov_base: area.as_mut_ptr().cast(),
        iov_len: area.len(),
    };
    request(
        libc::PTRACE_GETREGSET,
        tid,
        NT_X86_XSTATE,
        &raw mut vector as usize,
    )?;
    area.truncate(vector.iov_len);
    Ok(area)
}

/// Replaces the XSAVE area; it must come from [`read_xstate`].
pub fn write_xstate(tid: Tid, area: &mut [u8]) -> Result<()> {
    let mut vector = libc::iovec {
        iov_base: area.as_mut_ptr().cast(),
        iov_len: area.len(),
    };
    request(
        libc::PTRACE_SETREGSET,
        tid,
        NT_X86_XSTATE,
        &raw mut vector as usize,
    )
    .map(drop)
}

/// The raw `siginfo_t` of a signal-delivery stop.
pub fn read_siginfo(tid: Tid) -> Result<libc::siginfo_t> {
    let mut value = MaybeUninit::<libc::siginfo_t>::zeroed();
    request(libc::PTRACE_GETSIGINFO, tid, 0, value.as_mut_ptr() as usize)?;
    // SAFETY: the request succeeded, so the kernel filled the structure.
    Ok(unsafe { value.assume_init() })
}

/// Replaces the `siginfo_t` the thread will receive.
pub fn write_siginfo(tid: Tid, value: &libc::siginfo_t) -> Result<()> {
    request(
        libc::PTRACE_SETSIGINFO,
        tid,
        0,
        std::ptr::from_ref(value) as usize,
    )
    .map(drop)
}

/// Whether a trap of the thread's own making waits to be delivered to it.
///
/// A thread that is interrupted between an `int3` and its signal shows the interrupt first.
pub fn has_pending_trap(tid: Tid) -> Result<bool> {
    const PEEKSIGINFO: c_uint = 0x4209;
    const COUNT: usize = 16;
    // struct ptrace_peeksiginfo_args: offset, flags (0: this thread's queue), count.
    #[repr(C)]
    struct Arguments {
        offset: u64,
        flags: u32,
        count: i32,
    }
    let mut arguments = Arguments {
        offset: 0,
        flags: 0,
        count: COUNT as i32,
    };
    let mut queue = [MaybeUninit::<libc::siginfo_t>::uninit(); COUNT];
    loop {
        let address = (&raw mut arguments) as usize;
        let count = request(PEEKSIGINFO, tid, address, queue.as_mut_ptr() as usize)?;
        for info in &queue[..count as usize] {
            // SAFETY: the kernel filled this many.
            let info = unsafe { info.assume_init_ref() };
            if info.si_signo == libc::SIGTRAP && info.si_code > 0 {
                return Ok(true);
            }
        }
        if (count as usize) < COUNT {
            return Ok(false);
        }
        arguments.offset += COUNT as u64;
    }
}

/// The message of an event stop: a new thread id, or the former id after an exec.
pub fn read_event_message(tid: Tid) -> Result<u64> {
    let mut value: libc::c_ulong = 0;
    request(libc::PTRACE_GETEVENTMSG, tid, 0, &raw mut value as usize)?;
    Ok(value)
}

/// The blocked signals, bit `n - 1` for signal `n`.
pub fn read_signal_mask(tid: Tid) -> Result<u64> {
    let mut mask = 0_u64;
    request(
        PTRACE_GETSIGMASK,
        tid,
        size_of::<u64>(),
        &raw mut mask as usize,
    )?;
    Ok(mask)
}

/// Replaces the blocked signals.
pub fn write_signal_mask(tid: Tid, mask: u64) -> Result<()> {
    request(
        PTRACE_SETSIGMASK,
        tid,
        size_of::<u64>(),
        &raw const mask as usize,
    )
    .map(drop)
}

fn debug_register_offset(index: usize) -> usize {
    std::mem::offset_of!(libc::user, u_debugreg) + index * size_of::<u64>()
}

/// Reads debug register `index`, 0 to 7.
pub fn read_debug_register(tid: Tid, index: usize) -> Result<u64> {
    // The C library returns the word itself here, so -1 alone says nothing.
    Errno::clear();
    // SAFETY: the offset lies inside `struct user`.
    let value = unsafe {
        libc::ptrace(
            libc::PTRACE_PEEKUSER,
            tid,
            debug_register_offset(index),
            0_usize,
        )
    };
    match Errno::last() {
        Errno::UnknownErrno => Ok(value as u64),
        error if value == -1 => Err(error),
        _ => Ok(value as u64),
    }
}

/// Writes debug register `index`, 0 to 7.
pub fn write_debug_register(tid: Tid, index: usize, value: u64) -> Result<()> {
    request(
        libc::PTRACE_POKEUSER,
        tid,
        debug_register_offset(index),
        value as usize,
    )
    .map(drop)
}

/// Writes one word of memory by the path that ignores page protection.
pub fn poke_word(tid: Tid, address: u64, word: u64) -> Result<()> {
    request(libc::PTRACE_POKEDATA, tid, address as usize, word as usize).map(drop)
}

/// The side of a system call that a thread has stopped at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyscallStop {
    /// Before the call, with its number.
    Entry(u64),
    /// After the call.
    Exit,
    /// Not at a system call boundary.
    None,
}

/// Asks the kernel which side of a system call a thread has stopped at.
pub fn read_syscall_stop(tid: Tid) -> Result<SyscallStop> {
    // struct ptrace_syscall_info: op at byte 0, entry.nr at byte 24.
    let mut area = [0_u64; 16];
    request(
        PTRACE_GET_SYSCALL_INFO,
        tid,
        size_of::<[u64; 16]>(),
        area.as_mut_ptr() as usize,
    )?;
    Ok(match area[0] & 0xff {
        1 | 3 => SyscallStop::Entry(area[3]),
        2 => SyscallStop::Exit,
        _ => SyscallStop::None,
    })
}
