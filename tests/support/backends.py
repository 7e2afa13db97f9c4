"""Live targets for tests, which run on our guard and on stock gdbserver."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Generator
from pathlib import Path

import pytest

from crabtrap._core import demangle
from crabtrap.address import Address
from crabtrap.errors import LaunchError
from crabtrap.target.interface import Control, LaunchRequest, ResumeAction, SiteRequest, TargetStop
from crabtrap.target.live import LiveTarget, attach, launch
from crabtrap.target.server import ServerKind, find_guard
from tests.support.elf import read_symbols
from tests.support.needs import require

_AT_ENTRY = 9
_SECONDS = 10.0


class Backend:
    """One server for live programs, and the targets that a test has started on it.

    Attributes:
        name: "guard" or "gdbserver".
        path: The server's executable.
    """

    def __init__(self, name: ServerKind, path: str) -> None:
        self.name: ServerKind = name
        self.path = path
        self._targets: list[LiveTarget] = []

    def launch(
        self,
        program: str | Path,
        *arguments: str,
        stdio: tuple[int, int, int] | None = None,
        environment: dict[str, str] | None = None,
        directory: str | None = None,
        randomize: bool = False,
    ) -> LiveTarget:
        """Start a program without waiting for its first stop."""
        variables = os.environ if environment is None else environment
        request = LaunchRequest(
            str(program), arguments, tuple(variables.items()), directory, randomize, stdio
        )
        return self._keep(launch(request, server=self.name, server_path=self.path))

    def started(self, program: str | Path, *arguments: str) -> LiveTarget:
        """Start a program and wait for its first stop."""
        target = self.launch(program, *arguments)
        next_stop(target)
        return target

    def attach(self, pid: int) -> LiveTarget:
        """Attach to a process without waiting for its stops."""
        return self._keep(attach(pid, server=self.name, server_path=self.path))

    def close(self) -> None:
        """Close all targets."""
        while self._targets:
            self._targets.pop().close()

    def _keep(self, target: LiveTarget) -> LiveTarget:
        self._targets.append(target)
        return target


def guard_path() -> str:
    """Return the guard under test: ``CRABTRAP_GUARD``, else the installed one."""
    return find_guard(os.environ.get("CRABTRAP_GUARD"))


@pytest.fixture(params=["guard", "gdbserver"])
def backend(request: pytest.FixtureRequest) -> Generator[Backend]:
    """Each live back end in turn."""
    if request.param == "gdbserver":
        require("gdbserver")
        server = Backend("gdbserver", "gdbserver")
    else:
        server = Backend("guard", guard_path())
    try:
        yield server
    finally:
        server.close()


@pytest.fixture
def guard() -> Generator[Backend]:
    """Our guard alone, for what only it supports."""
    server = Backend("guard", guard_path())
    try:
        yield server
    finally:
        server.close()


def control_of(target: LiveTarget) -> Control:
    """Return the target's control, which every live target has."""
    control = target.control
    assert control is not None
    return control


def next_stop(target: LiveTarget) -> TargetStop:
    """Wait for the next stop, stop all other threads, and return the first stop with a reason."""
    stops = stop_batch(target)
    return next((stop for stop in stops if stop.kind != "interrupt"), stops[0])


def stop_batch(target: LiveTarget) -> list[TargetStop]:
    """Wait for a stop, stop all other threads, and return all stops."""
    control = control_of(target)
    first = control.wait(_SECONDS)
    assert first is not None, "nothing stopped"
    stops = [first]
    ended = first.kind in ("exited", "killed")
    deadline = time.monotonic() + _SECONDS
    while not (ended or target.abilities.stops_all):
        stopped = {stop.thread for stop in stops}
        if all(info.tid in stopped for info in target.threads()):
            break
        assert time.monotonic() < deadline, "a thread does not stop"
        control.interrupt()
        # Short, because a thread may end instead of stopping, which is not reported.
        more = control.wait(0.05)
        if more is not None:
            stops.append(more)
            ended = more.kind in ("exited", "killed")
    while (more := control.wait(0)) is not None:
        stops.append(more)
    return stops


def go(target: LiveTarget) -> TargetStop:
    """Resume all threads and return the next stop."""
    control_of(target).resume([ResumeAction(None)])
    return next_stop(target)


def breakpoint_at(address: int, *conditions: bytes) -> SiteRequest:
    """Make the request for a software breakpoint."""
    return SiteRequest("software", Address(address), conditions=conditions)


def address_of(target: LiveTarget, program: str | Path, name: str) -> Address:
    """Find the run-time address of a symbol by its demangled name without hash."""
    entry = _header_entry(str(program))
    return Address(symbols(str(program))[name] + auxv_value(target, _AT_ENTRY) - entry)


def auxv_value(target: LiveTarget, kind: int) -> int:
    """Read one entry of the auxiliary vector."""
    data = target.auxv()
    pairs = [
        (int.from_bytes(data[at : at + 8], "little"), data[at + 8 : at + 16])
        for at in range(0, len(data), 16)
    ]
    return int.from_bytes(dict(pairs)[kind], "little")


@functools.cache
def symbols(program: str) -> dict[str, int]:
    """Defined symbols of a file: demangled name without hash, to file address."""
    return {demangle(name): address for name, address in read_symbols(program).items()}


def _header_entry(program: str) -> int:
    header = Path(program).read_bytes()[:64]
    if header[:4] != b"\x7fELF":
        raise LaunchError(f"{program} is not an ELF file")
    return int.from_bytes(header[24:32], "little")
