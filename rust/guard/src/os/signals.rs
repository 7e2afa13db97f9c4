//! Sending signals, and the `siginfo_t` that travels with one (sigaction(2)).

use nix::errno::Errno;

use super::ptrace::{Result, Tid};

/// Bytes of a `siginfo_t`.
pub const SIGINFO_SIZE: usize = size_of::<libc::siginfo_t>();

fn check(answer: i64) -> Result<()> {
    if answer == -1 {
        Err(Errno::last())
    } else {
        Ok(())
    }
}

/// Sends a signal to one thread of a process.
pub fn send(pid: Tid, tid: Tid, signal: i32) -> Result<()> {
    // SAFETY: no memory is passed.
    check(unsafe { libc::syscall(libc::SYS_tgkill, pid, tid, signal) })
}

/// Queues a signal with the information it was sent with (`rt_tgsigqueueinfo`).
///
/// # Errors
/// `EPERM` where the information says that the kernel sent it: only the kernel may say so.
pub fn queue(pid: Tid, tid: Tid, info: &libc::siginfo_t) -> Result<()> {
    // SAFETY: `info` is a whole siginfo_t.
    check(unsafe {
        libc::syscall(
            libc::SYS_rt_tgsigqueueinfo,
            pid,
            tid,
            info.si_signo,
            std::ptr::from_ref(info),
        )
    })
}

/// Ends a process.
pub fn kill(pid: Tid) -> Result<()> {
    // SAFETY: no memory is passed.
    check(i64::from(unsafe { libc::kill(pid, libc::SIGKILL) }))
}

/// Returns the address that a fault is about; `info` must be a fault's.
pub fn fault_address(info: &libc::siginfo_t) -> u64 {
    // SAFETY: every byte of the structure is initialised, and any bytes are an address.
    unsafe { info.si_addr() as u64 }
}

/// Replaces the address that a fault is about.
pub fn set_fault_address(info: &mut libc::siginfo_t, address: u64) {
    // si_addr is the first field of the union, at byte 16 on x86-64.
    let mut bytes = to_bytes(info);
    bytes[16..24].copy_from_slice(&address.to_le_bytes());
    *info = from_bytes(&bytes);
}

/// Returns the bytes of a `siginfo_t`, as the kernel has them.
pub fn to_bytes(info: &libc::siginfo_t) -> [u8; SIGINFO_SIZE] {
    // SAFETY: the structure is plain data of this size without uninitialised bytes.
    unsafe { std::mem::transmute(*info) }
}

/// Makes a `siginfo_t` of its bytes.
pub fn from_bytes(bytes: &[u8; SIGINFO_SIZE]) -> libc::siginfo_t {
    // SAFETY: any bytes are a valid siginfo_t.
    unsafe { std::mem::transmute(*bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_can_be_given_another_address() {
        let mut info = from_bytes(&[0; SIGINFO_SIZE]);
        set_fault_address(&mut info, 0x1234_5678_9abc);
        assert_eq!(fault_address(&info), 0x1234_5678_9abc);
    }
}
