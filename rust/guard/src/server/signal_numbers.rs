//! Signal numbers: the remote protocol has GDB's, which agree with Linux's only in part.

/// Signals that differ, by Linux's number and GDB's (include/gdb/signals.def), and those that
/// must not be taken for another.
const GDB_SIGNALS: [(i32, i32); 22] = [
    (libc::SIGBUS, 10),
    (libc::SIGUSR1, 30),
    (libc::SIGUSR2, 31),
    (libc::SIGSTKFLT, 143),
    (libc::SIGCHLD, 20),
    (libc::SIGCONT, 19),
    (libc::SIGSTOP, 17),
    (libc::SIGTSTP, 18),
    (libc::SIGURG, 16),
    (libc::SIGIO, 23),
    (libc::SIGPWR, 32),
    (libc::SIGSYS, 12),
    (32, 77),
    (33, 45),
    (34, 46),
    (libc::SIGILL, 4),
    (libc::SIGTRAP, 5),
    (libc::SIGABRT, 6),
    (libc::SIGFPE, 8),
    (libc::SIGKILL, 9),
    (libc::SIGSEGV, 11),
    (libc::SIGALRM, 14),
];

/// Converts Linux's number to the protocol's.
pub fn to_gdb(signal: i32) -> i32 {
    match GDB_SIGNALS.iter().find(|(linux, _)| *linux == signal) {
        Some((_, gdb)) => *gdb,
        None if (35..=63).contains(&signal) => signal + 12,
        None if signal == 64 => 78,
        None => signal,
    }
}

/// Converts the protocol's number to Linux's; 0 for a signal that Linux does not have.
pub fn from_gdb(signal: i32) -> i32 {
    (1..=64).find(|linux| to_gdb(*linux) == signal).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signal_numbers_make_the_round_trip() {
        for linux in 1..=64 {
            assert_eq!(from_gdb(to_gdb(linux)), linux, "signal {linux}");
        }
        assert_eq!(from_gdb(0), 0);
    }
}
