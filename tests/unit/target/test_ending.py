"""Finding out whether a program has ended, from a server that need not know or say."""

from __future__ import annotations

import os
import time

import pytest

from crabtrap.errors import RemoteError, UnsupportedError
from crabtrap.target import ending
from crabtrap.target.interface import ResumeAction
from crabtrap.target.live import LiveTarget
from crabtrap.target.rsp.packets import frame
from crabtrap.target.server import Endpoint
from tests.support.scripted_server import Answer, ScriptedServer, scripted

# One that is on this machine, and would be the program if the auxiliary vectors were the same.
PID = os.getpid()
STOP = b"T05thread:p%x.%x;" % (PID, PID)
AUXV = b"qXfer:auxv"
DYING_SECONDS = 0.3


@pytest.fixture(autouse=True)
def dying_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "DYING_SECONDS", DYING_SECONDS)


def attached(server: ScriptedServer) -> LiveTarget:
    target = LiveTarget(Endpoint("a script", server.channel, lambda: "ended", lambda: None))
    target.attach(PID)
    assert target.control is not None
    target.control.wait(0)  # the thread is known to be held
    return target


def on_another_machine(answers: dict[bytes, Answer]) -> dict[bytes, Answer]:
    return {b"vAttach;": STOP, AUXV: b"l" + b"x" * 16, **answers}


def test_the_end_is_not_looked_for_while_it_is_looked_for() -> None:
    # Whether /proc is that of the program is not known, and cannot be found out.
    with scripted(on_another_machine({AUXV: b"E01"})) as server:
        target = attached(server)
        with pytest.raises(RemoteError, match="refused"):
            target.executable()
        assert not target.is_gone


@pytest.mark.parametrize(
    "answers", [{b"vFile:open": b"F0"}, {b"vFile": b""}], ids=["nonsense", "no-files"]
)
def test_what_cannot_be_read_is_no_end(answers: dict[bytes, Answer]) -> None:
    with scripted(on_another_machine({b"qXfer:siginfo": b"E01", **answers})) as server:
        target = attached(server)
        assert not target.is_local
        began = time.monotonic()
        with pytest.raises((RemoteError, UnsupportedError), match="refused"):
            target.read_siginfo(PID)
        assert time.monotonic() - began < DYING_SECONDS


def test_a_silent_server_is_waited_for_once() -> None:
    with scripted(on_another_machine({b"qXfer:siginfo": lambda _: None})) as server:
        target = attached(server)
        assert not target.is_local
        target.connection.patience = 0.1
        with pytest.raises(RemoteError, match="does not answer"):
            target.read_siginfo(PID)
        assert not any(packet.startswith(b"vFile") for packet in server.requests)


def test_an_end_that_does_not_come_is_waited_for_once() -> None:
    gone: dict[bytes, Answer] = {b"qXfer:siginfo": b"E01", b"vFile:open": b"F-1,2"}
    with scripted(on_another_machine(gone)) as server:
        target = attached(server)
        assert not target.is_local
        began = time.monotonic()
        for _ in range(10):
            with pytest.raises(RemoteError, match="refused"):
                target.read_siginfo(PID)
        assert DYING_SECONDS <= time.monotonic() - began < 5 * DYING_SECONDS


def test_nonsense_is_no_refusal_to_resume() -> None:
    with scripted(on_another_machine({b"vCont;": lambda _: None})) as server:
        target = attached(server)
        control = target.control
        assert control is not None
        assert not target.is_local
        control.resume([ResumeAction(None, "continue")])
        server.send(frame(b"OK")[:-1] + b"0")  # with a wrong checksum
        began = time.monotonic()
        with pytest.raises(RemoteError, match="checksum"):
            control.wait(5)
        assert time.monotonic() - began < DYING_SECONDS
