"""Functions of the program called where it stands: afterwards everything is as before."""

from __future__ import annotations

import random

import pytest

from crabtrap import Session, Stdio
from crabtrap.errors import CallError
from tests.support.inferiors import build
from tests.support.sessions import Server
from tests.support.survivor import survivor

_RED_ZONE = 256


def call_anywhere(count: int, chance: random.Random, server: Server = "guard") -> str:
    """R15: calls at random instructions of leaf functions, vector code and library code."""
    places: set[int] = set()
    done = 0
    while done < count:
        profile = ("debug", "release-debug")[done // 50 % 2]
        with Session(str(build("calls", profile).path), server=server) as session:
            session.breakpoints.add("calls::total", temporary=True)
            session.launch((), stdio=Stdio.pipes())
            session.continue_()
            for _ in range(min(50, count - done)):
                session.step_instruction(chance.randrange(1, 8))
                places.add(session.thread.pc)
                call_and_compare(session, "calls::total(&[1, 2, 3])", "6")
                done += 1
    return f"{done} calls at {len(places)} addresses"


def call_and_compare(session: Session, text: str, expected: str) -> None:
    """Call a function; all registers and what lies below the stack pointer stay as they are.

    Raises:
        AssertionError: Something differs.
    """
    registers, below = _state(session)
    assert session.values.render(session.call(text)) == expected
    compare(session, registers, below)


def compare(session: Session, registers: dict[str, bytes], below: bytes) -> None:
    """Compare the registers of the selected thread, and what is below its stack pointer."""
    after, still_below = _state(session)
    changed = {
        name: (value.hex(), after[name].hex())
        for name, value in registers.items()
        if value != after[name]
    }
    assert not changed
    assert below == still_below


def _state(session: Session) -> tuple[dict[str, bytes], bytes]:
    """All registers, and what lies right below the stack pointer."""
    registers = {name: session.registers.read(name) for name, _ in session.registers.names()}
    sp = int.from_bytes(registers["rsp"], "little")
    return registers, session.memory.read(sp - _RED_ZONE, _RED_ZONE)


def abandon_calls(count: int, chance: random.Random) -> str:
    """R15: calls that do not return in time are undone."""
    with survivor() as program, Session(None) as session:
        session.attach(program.pid)
        session.breakpoints.add("survivor::hot", temporary=True)
        session.continue_()
        for _ in range(count):
            session.step_instruction(chance.randrange(1, 8))
            registers, below = _state(session)
            with pytest.raises(CallError, match="did not return within"):
                session.call("survivor::slow()", timeout=0.1)
            compare(session, registers, below)
        session.detach()
        assert program.end().is_right
    return f"{count} calls abandoned"
