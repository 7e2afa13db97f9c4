"""Signal names, actions and where a signal came from."""

import struct

import pytest

from crabtrap.engine.causes.siginfo import parse_siginfo
from crabtrap.engine.causes.signal_table import SignalTable, parse_signal
from crabtrap.engine.causes.syscall_names import parse_syscall, syscall_name
from crabtrap.errors import NotFoundError, UsageError
from crabtrap.signal_names import signal_name


@pytest.mark.parametrize("text", ["SIGSEGV", "segv", "SEGV", "11"])
def test_spellings(text: str) -> None:
    assert parse_signal(text) == 11


def test_names_round_trip() -> None:
    assert [parse_signal(signal_name(n)) for n in range(1, 65)] == list(range(1, 65))
    with pytest.raises(NotFoundError):
        parse_signal("SIGNOTHING")
    with pytest.raises(NotFoundError):
        parse_signal("65")


def test_stopping_implies_showing() -> None:
    table = SignalTable()
    assert table.set("SIGALRM", stop=True).show
    assert not table.set("SIGALRM", show=False).stop
    with pytest.raises(UsageError):
        table.set("SIGALRM", stop=True, show=False)


def test_everyday_signals_are_passed_silently_until_asked_for() -> None:
    table = SignalTable()
    assert parse_signal("SIGCHLD") in table.silent()
    before = table.revision
    table.set("SIGCHLD", stop=True)
    assert parse_signal("SIGCHLD") not in table.silent()
    assert table.revision > before
    assert not table.action(parse_signal("SIGTRAP")).pass_


def test_a_fault_has_an_address_and_a_kill_a_sender() -> None:
    fault = parse_siginfo(struct.pack("<iii4xQ", 11, 0, 1, 0xDEAD) + bytes(104))
    assert (fault.address, fault.sender) == (0xDEAD, None)
    sent = parse_siginfo(struct.pack("<iii4xi", 11, 0, 0, 4711) + bytes(108))
    assert (sent.address, sent.sender) == (None, 4711)
    assert parse_siginfo(b"").number == 0


def test_system_calls() -> None:
    assert (parse_syscall("openat2"), syscall_name(437)) == (437, "openat2")
    assert parse_syscall("sys_exit_group") == 231
    assert syscall_name(9999) == "syscall_9999"
    with pytest.raises(NotFoundError):
        parse_syscall("no_such_call")
