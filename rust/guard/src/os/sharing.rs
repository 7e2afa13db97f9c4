//! Whether processes share memory (kcmp(2)).

use super::ptrace::Tid;

/// `KCMP_VM` of linux/kcmp.h.
const MEMORY: libc::c_int = 1;

/// Whether two processes run in the same memory; `None` where the kernel does not tell.
pub fn shares_memory(one: Tid, other: Tid) -> Option<bool> {
    // SAFETY: the call takes numbers only.
    let order = unsafe { libc::syscall(libc::SYS_kcmp, one, other, MEMORY, 0_u64, 0_u64) };
    (order >= 0).then_some(order == 0)
}

/// Whether a system call asks for a child that shares its caller's memory.
///
/// `read_word` reads the program's memory, where `clone3` has its flags.
pub fn asks_for_shared_memory(
    registers: &libc::user_regs_struct,
    read_word: impl FnOnce(u64) -> Option<u64>,
) -> bool {
    let flags = match registers.orig_rax as libc::c_long {
        libc::SYS_vfork => return true,
        libc::SYS_clone => registers.rdi,
        libc::SYS_clone3 => read_word(registers.rdi).unwrap_or(0),
        _ => 0,
    };
    flags & libc::CLONE_VM as u64 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_of_a_call_tell_too() {
        // SAFETY: a register file of zeros is one.
        let mut registers: libc::user_regs_struct = unsafe { std::mem::zeroed() };
        let vm = libc::CLONE_VM as u64;
        for (call, argument, expected) in [
            (libc::SYS_vfork, 0, true),
            (libc::SYS_fork, vm, false),
            (libc::SYS_clone, vm | libc::SIGCHLD as u64, true),
            (libc::SYS_clone, libc::CLONE_VFORK as u64, false),
            (libc::SYS_clone3, 8, true),
            (libc::SYS_clone3, 16, false),
        ] {
            registers.orig_rax = call as u64;
            registers.rdi = argument;
            let read = |address| (address == 8).then_some(vm);
            assert_eq!(asks_for_shared_memory(&registers, read), expected, "{call}");
        }
    }

    #[test]
    fn a_process_shares_its_own_memory() {
        let own = std::process::id() as Tid;
        assert_ne!(shares_memory(own, own), Some(false));
    }
}
