"""A thread that was led elsewhere is put back as a whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.guard.rsp import Guard, GuardError, Stop

RSP, RIP = 7, 16


def write_register(guard: Guard, number: int, value: int) -> None:
    assert guard.request(f"P{number:x}={value.to_bytes(8, 'little').hex()}") == "OK"


def blocked(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("SigBlk")).split()[1], 16)


def lead_through(guard: Guard, stop: Stop, function: int, landing: int) -> None:
    """Let a stopped thread run a function that returns to ``landing``."""
    sp = (stop.register(RSP) - 512) // 16 * 16 - 8
    guard.write(sp, landing.to_bytes(8, "little"))
    guard.stop_at(landing)
    write_register(guard, RSP, sp)
    write_register(guard, RIP, function)
    guard.resume()
    assert guard.wait().pc == landing
    guard.remove(landing)


def test_everything_is_put_back(guard, build):
    state = build("state")
    guard.run(state.path)
    guard.stop_at(state.symbol("stand"))
    guard.resume()
    stop = guard.wait()
    guard.select(stop.pid, stop.tid)
    before, mask = guard.request("g"), blocked(stop.pid)
    number = guard.request("QSaveRegisterState")
    assert number.isdecimal()
    lead_through(guard, stop, state.symbol("clobber"), state.symbol("landing"))
    assert guard.request("g") != before
    assert blocked(stop.pid) == mask | 1 << 9
    assert guard.request(f"QRestoreRegisterState:{number}") == "OK"
    assert guard.request("g") == before
    assert blocked(stop.pid) == mask
    # It has been told to stand at its trap, and does not hit it again.
    guard.resume()
    stop = guard.wait()
    assert (stop.kind, stop.signal) == ("W", 0)


def test_a_state_serves_once_and_has_to_be_known(guard, build):
    state = build("state")
    stop = guard.run(state.path)
    guard.select(stop.pid, stop.tid)
    number = guard.request("QSaveRegisterState")
    assert guard.request(f"QRestoreRegisterState:{number}") == "OK"
    for wrong in (number, "0", "x", ""):
        with pytest.raises(GuardError, match="no saved register state"):
            guard.request(f"QRestoreRegisterState:{wrong}")


def test_a_signal_waits_with_what_it_carries(guard, build):
    signals = build("signals")
    guard.run(signals.path, "1")
    guard.resume()
    stop = guard.wait()
    assert stop.signal == 46
    guard.select(stop.pid, stop.tid)
    info = guard.request("qXfer:siginfo:read::0,100")
    number = guard.request("QSaveRegisterState")
    total = guard.read(signals.symbol("total"), 8)
    lead_through(guard, stop, signals.symbol("trapped"), signals.symbol("main"))
    guard.write(signals.symbol("total"), total)
    assert guard.request(f"QRestoreRegisterState:{number}") == "OK"
    assert guard.request("qXfer:siginfo:read::0,100") == info
    guard.resume(f"C2e:p{stop.pid:x}.{stop.tid:x};c")
    # The program checks what its handler is given.
    stop = guard.wait()
    assert (stop.kind, stop.signal) == ("W", 0)


def test_what_a_waiting_signal_carries_can_be_changed(guard, build):
    signals = build("signals")
    guard.run(signals.path, "1")
    guard.resume()
    stop = guard.wait()
    guard.select(stop.pid, stop.tid)
    number = guard.request("QSaveRegisterState")
    assert guard.request(f"QRestoreRegisterState:{number}") == "OK"
    info = unescaped(guard.request("qXfer:siginfo:read::0,100"))
    # si_value, which is 0 for the first.
    assert guard.request("qXfer:siginfo:write::18:\x05") == "1"
    changed = info[:25] + "\x05" + info[26:]
    assert info != changed
    assert unescaped(guard.request("qXfer:siginfo:read::0,100")) == changed
    guard.resume(f"C2e:p{stop.pid:x}.{stop.tid:x};c")
    # The program complains of it.
    stop = guard.wait()
    assert (stop.kind, stop.signal) == ("W", 1)


def unescaped(reply: str) -> str:
    """Binary data of a reply: the number of a process may have bytes that are escaped."""
    return re.sub("}(.)", lambda match: chr(ord(match[1]) ^ 0x20), reply, flags=re.DOTALL)
