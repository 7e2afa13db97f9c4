"""Signals arrive once, in order, with what they carry."""

import os
import re
import signal

import pytest

from tests.guard.programs import COUNT_IN_ONE, Running
from tests.guard.rsp import GuardError


@pytest.mark.timeout(60)
def test_queued_signals_over_a_hot_trap(guard, build):
    signals = build("signals")
    guard.run(signals.path, "5000")
    assert guard.request("QTDV:1:0:0:") == "OK"
    # SIGRTMIN is 34 here and 46 for GDB.
    assert guard.request("QPassSignals:2e") == "OK"
    guard.stop_at(signals.symbol("trapped"), COUNT_IN_ONE)
    guard.resume()
    stop = guard.wait(50)
    assert (stop.kind, stop.signal) == ("W", 0)


def test_reported_signals_are_delivered_as_the_client_says(guard, build):
    signals = build("signals")
    guard.run(signals.path, "20")
    guard.resume()
    told = 0
    while (stop := guard.wait()).kind == "T":
        assert stop.signal == 46
        told += 1
        guard.resume(f"C2e:p{stop.pid:x}.{stop.tid:x};c")
    assert (stop.kind, stop.signal, told) == ("W", 0, 20)


@pytest.mark.timeout(60)
def test_a_signal_about_to_be_delivered_survives_the_detach(connect, build):
    signals = build("signals")
    for index in range(50):
        with Running(signals.path, "wait") as program:
            guard = connect()
            guard.attach(program.pid)
            guard.stop_at(signals.symbol("trapped"), COUNT_IN_ONE)
            guard.resume()
            os.kill(program.pid, signal.SIGTERM)
            if index % 2:
                assert guard.wait().signal == 15
                guard.detach(program.pid)
            guard.close()
            assert program.process.wait(20) == 42


@pytest.mark.parametrize("passed", ["", "f"], ids=["reported", "passed"])
def test_a_signal_that_comes_while_attaching_is_delivered(connect, build, passed):
    signals = build("signals")
    for _ in range(50):
        with Running(signals.path, "wait") as program:
            guard = connect()
            assert guard.request(f"QPassSignals:{passed}") == "OK"
            guard.send(f"vAttach;{program.pid:x}")
            os.kill(program.pid, signal.SIGTERM)
            try:
                answer = guard.answer()
            except GuardError as error:
                answer = str(error)
            if answer != "OK":
                # The signal was faster than the guard.
                assert re.search("ended|no process", answer)
                assert program.process.wait(20) == 42
                continue
            stop = guard.wait()
            while stop.kind == "T":
                assert not guard.stops
                guard.resume(f"C{stop.signal:02x}" if stop.signal else "c")
                stop = guard.wait()
            assert (stop.kind, stop.signal) == ("W", 42)
            assert guard.close() == 0


def test_a_swallowed_signal_is_not_delivered(guard, build):
    signals = build("signals")
    with Running(signals.path, "wait") as program:
        guard.attach(program.pid)
        guard.resume()
        os.kill(program.pid, signal.SIGTERM)
        assert guard.wait().signal == 15
        guard.resume()
        os.kill(program.pid, signal.SIGTERM)
        assert guard.wait().signal == 15
        guard.resume("Cf")
        stop = guard.wait()
        # Once only: the first was swallowed.
        assert (stop.kind, stop.signal) == ("W", 42)
