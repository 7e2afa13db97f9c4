"""A signal that is delivered to a thread which stands at a trap: both happen, once."""

from __future__ import annotations

import os
import signal

import pytest

from tests.guard.programs import COUNT_IN_ONE
from tests.guard.rsp import Guard, Stop

# As GDB numbers them.
SIGUSR1, SIGUSR2, SIGURG = 30, 31, 16


def signalled_at(guard: Guard, program, place: str, number: signal.Signals) -> Stop:
    """A stop for a signal, the pc being the address of a trap."""
    spot = program.symbol("spot")
    stop = guard.run(program.path, "3")
    guard.stop_at(spot)
    guard.resume()
    stop = guard.wait()
    assert stop.pc == spot
    guard.remove(spot)
    while stop.pc != program.symbol(place):
        stop = guard.step(stop)
    os.kill(stop.pid, number)
    # The thread takes the signal before it executes anything.
    guard.resume()
    stop = guard.wait()
    assert stop.pc == program.symbol(place)
    assert stop.signal in (SIGUSR1, SIGUSR2, SIGURG)
    guard.stop_at(stop.pc)
    return stop


def end_of(guard: Guard) -> Stop:
    stop = guard.wait()
    while stop.kind == "T":
        guard.resume()
        stop = guard.wait()
    return stop


@pytest.mark.parametrize("place", ["spot_second", "spot_third"])
def test_the_handler_returns_to_the_program(guard, build, place: str) -> None:
    """Not to a copy of the instruction, which is gone since a stop within the handler."""
    handled = build("handled")
    stop = signalled_at(guard, handled, place, signal.SIGUSR1)
    guard.stop_at(handled.symbol("on_signal"))
    guard.resume(f"C{SIGUSR1:x}:p{stop.pid:x}.{stop.tid:x};c")
    stop = guard.wait()
    assert stop.pc == handled.symbol("on_signal")
    guard.remove(handled.symbol(place))
    guard.resume()
    end = end_of(guard)
    assert (end.kind, end.signal) == ("W", 1)


@pytest.mark.parametrize("place", ["spot_second", "spot_third"])
def test_a_step_with_a_signal_goes_into_its_handler(guard, build, place: str) -> None:
    handled = build("handled")
    stop = signalled_at(guard, handled, place, signal.SIGUSR1)
    guard.resume(f"S{SIGUSR1:x}:p{stop.pid:x}.{stop.tid:x}")
    stop = guard.wait()
    assert stop.pc == handled.symbol("on_signal")
    guard.resume()
    end = end_of(guard)
    assert (end.kind, end.signal) == ("W", 1)


@pytest.mark.parametrize("place", ["spot_second", "spot_third"])
@pytest.mark.parametrize(
    ("number", "name"), [(SIGUSR2, signal.SIGUSR2), (SIGURG, signal.SIGURG)], ids=["usr2", "urg"]
)
def test_a_step_with_a_signal_that_nobody_handles_is_a_step(
    guard, build, place: str, number: int, name: signal.Signals
) -> None:
    handled = build("handled")
    stop = signalled_at(guard, handled, place, name)
    guard.resume(f"S{number:x}:p{stop.pid:x}.{stop.tid:x}")
    after = guard.wait()
    assert (after.signal, after.pc > stop.pc) == (5, True)
    guard.remove(stop.pc)
    guard.resume()
    end = guard.wait()
    assert (end.kind, end.signal) == ("W", 0)


@pytest.mark.parametrize("place", ["spot_second", "spot_third"])
def test_a_hit_is_counted_once(guard, build, place: str) -> None:
    handled = build("handled")
    assert guard.request("QTDV:1:0:0:") == "OK"
    stop = signalled_at(guard, handled, place, signal.SIGUSR1)
    guard.stop_at(handled.symbol(place), COUNT_IN_ONE)
    guard.resume(f"C{SIGUSR1:x}:p{stop.pid:x}.{stop.tid:x};c")
    end = guard.wait()
    assert (end.kind, end.signal) == ("W", 1)
    # The one that it stands at is known.
    assert guard.variable(1) == 2
