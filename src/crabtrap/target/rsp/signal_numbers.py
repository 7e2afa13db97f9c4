"""Signal numbers of the protocol (gdb's ``include/gdb/signals.def``) and of Linux."""

from __future__ import annotations

_TO_LINUX = {
    1: 1,  # SIGHUP
    2: 2,  # SIGINT
    3: 3,  # SIGQUIT
    4: 4,  # SIGILL
    5: 5,  # SIGTRAP
    6: 6,  # SIGABRT
    8: 8,  # SIGFPE
    9: 9,  # SIGKILL
    10: 7,  # SIGBUS
    11: 11,  # SIGSEGV
    12: 31,  # SIGSYS
    13: 13,  # SIGPIPE
    14: 14,  # SIGALRM
    15: 15,  # SIGTERM
    16: 23,  # SIGURG
    17: 19,  # SIGSTOP
    18: 20,  # SIGTSTP
    19: 18,  # SIGCONT
    20: 17,  # SIGCHLD
    21: 21,  # SIGTTIN
    22: 22,  # SIGTTOU
    23: 29,  # SIGIO
    24: 24,  # SIGXCPU
    25: 25,  # SIGXFSZ
    26: 26,  # SIGVTALRM
    27: 27,  # SIGPROF
    28: 28,  # SIGWINCH
    30: 10,  # SIGUSR1
    31: 12,  # SIGUSR2
    32: 30,  # SIGPWR
    33: 29,  # SIGPOLL
    77: 32,
    78: 64,
    143: 16,  # SIGSTKFLT, which the protocol only knows as "unknown"
} | {45 + number - 33: number for number in range(33, 64)}

_FROM_LINUX = {linux: remote for remote, linux in reversed(_TO_LINUX.items())}


def to_linux(remote: int) -> int:
    """Convert a signal number of the protocol to Linux's; 0 is no signal in both.

    Raises:
        ValueError: Linux has no such signal.

    Example:
        >>> to_linux(30)
        10
    """
    if remote == 0:
        return 0
    if remote not in _TO_LINUX:
        raise ValueError(f"no signal has the remote number {remote}")
    return _TO_LINUX[remote]


def from_linux(number: int) -> int:
    """Convert a Linux signal number to the protocol's.

    Raises:
        ValueError: There is no such signal.

    Example:
        >>> from_linux(10)
        30
    """
    if number not in _FROM_LINUX:
        raise ValueError(f"no signal has the number {number}")
    return _FROM_LINUX[number]
