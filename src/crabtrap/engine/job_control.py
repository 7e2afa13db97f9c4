"""Signals that stop a process for its shell: it is not gone, and nothing happens until SIGCONT."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.causes.signal_table import signal_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap.target.interface import ResumeAction

_SIGSTOP = 19
_STOPPING = (_SIGSTOP, 20, 21, 22)
"""SIGSTOP, SIGTSTP, SIGTTIN and SIGTTOU, see ``signal(7)``."""


def told_stops(actions: Iterable[ResumeAction]) -> tuple[str, ...]:
    """Tell why a program that is resumed with these actions waits, where nobody would see it."""
    numbers = dict.fromkeys(each.signal for each in actions if each.signal in _STOPPING)
    return tuple(map(_tell, numbers))


def told_at_attach(pid: int) -> tuple[str, ...]:
    """Tell that a process of this machine is stopped already, see ``proc(5)``."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            state = file.read().rpartition(b")")[2].split()[:1]
    except OSError:
        return ()
    return (_tell(_SIGSTOP),) if state == [b"T"] else ()


def _tell(number: int) -> str:
    goes_on = "it goes on at SIGCONT (from outside, or `signal SIGCONT`)"
    if number == _SIGSTOP:
        return f"the process is stopped; {goes_on}"
    # The kernel drops them where no shell could continue the process, see setpgid(2).
    name = signal_name(number)
    return f"{name} stops the process unless it handles that or has no shell; then {goes_on}"
