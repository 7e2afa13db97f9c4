"""Nobody can connect to anything of ours that was not asked to listen."""

from __future__ import annotations

import os
from pathlib import Path

from crabtrap import Session, Stdio
from tests.support.guard_death import tracer_of
from tests.support.inferiors import build, running

_LISTEN = "0A"
_ACCEPTS = 0x10000  # __SO_ACCEPTCON


def listening_sockets() -> set[str]:
    """The inodes of all sockets of this machine that take connections, but for raw ones."""
    found: set[str] = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == _LISTEN:
                found.add(fields[9])
    for table in ("udp", "udp6"):
        rows = Path("/proc/net", table).read_text().splitlines()[1:]
        found |= {row.split()[9] for row in rows}
    for line in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[3], 16) & _ACCEPTS:
            found.add(fields[6])
    return found


def listens(pid: int) -> list[str]:
    """The sockets of a process that take connections."""
    sockets = listening_sockets()
    targets = [os.readlink(each.path) for each in os.scandir(f"/proc/{pid}/fd")]
    return [each for each in targets if each.removeprefix("socket:[").rstrip("]") in sockets]


def test_neither_the_guard_nor_the_engine_listens() -> None:
    before = listens(os.getpid())
    with Session(str(build("basics").path)) as session:
        session.breakpoints.add("norm2")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        session.call("self.norm2()")
        assert listens(tracer_of(session.process.pid)) == []
        assert listens(os.getpid()) == before
    with running(build("attachme")) as program, Session(None) as session:
        session.attach(program.pid)
        session.breakpoints.add("attachme::tick")
        session.continue_()
        assert listens(tracer_of(program.pid)) == []
        assert listens(os.getpid()) == before
