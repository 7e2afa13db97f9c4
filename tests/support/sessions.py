"""Sessions on the programs under test, on the guard and on gdbserver."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Literal

import pytest

from crabtrap import Session
from crabtrap.engine.machine import Stopped
from crabtrap.errors import LaunchError
from crabtrap.events import Event, OutputReceived, StopEvent, StopReason
from crabtrap.target.server import find_guard
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import Inferior, build
from tests.support.needs import require

Server = Literal["guard", "gdbserver"]


@dataclass(slots=True)
class Driver:
    """A session, with short forms of what many tests do.

    Attributes:
        session: The session.
        inferior: The program.
        events: The events published so far.
    """

    session: Session
    inferior: Inferior
    server: Server
    events: list[Event] = field(default_factory=list[Event])

    def line(self, marker: str) -> int:
        """Return the line of ``// @marker``."""
        return self.inferior.marker(marker)

    def location(self, marker: str) -> str:
        """Return the linespec of ``// @marker``."""
        return f"{self.inferior.source.name}:{self.line(marker)}"

    def launch(self, *arguments: str) -> Driver:
        """Launch with output relayed as events."""
        self.session.launch(arguments, stdio=Stdio.pipes())
        return self

    def run_to(self, marker: str, *arguments: str) -> StopEvent:
        """Run to a marker, after a launch if the program does not run yet."""
        self.session.breakpoints.add(self.location(marker), temporary=True)
        if not isinstance(self.session.state, Stopped):
            self.launch(*arguments)
        return self.session.continue_()

    @property
    def here(self) -> tuple[str | None, int]:
        """Function (last part of its path) and line of the selected frame."""
        frame = self.session.frame
        function = frame.function
        return (function.rpartition("::")[2] if function else None), frame.line

    @property
    def output(self) -> str:
        """Standard output so far."""
        parts = (e.data for e in self.events if isinstance(e, OutputReceived))
        return b"".join(parts).decode()

    def shown(self, name: str) -> str:
        """Evaluate and render a variable."""
        return self.session.values.render(self.session.evaluate(name))


def kinds(event: StopEvent) -> list[type[StopReason]]:
    """List the types of a stop's reasons."""
    return [type(reason) for reason in event.reasons]


Debug = Callable[..., Driver]


@pytest.fixture(params=["guard", "gdbserver"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each live back end in turn."""
    return _available(request.param)


def _available(name: Server) -> Server:
    if name == "gdbserver":
        require("gdbserver")
    if name == "guard":
        try:
            find_guard(None)
        except LaunchError as error:
            pytest.fail(str(error))
    return name


@pytest.fixture
def debug(server: Server) -> Generator[Debug]:
    """A function that makes sessions, closed after the test: ``debug("threads", "debug")``."""
    drivers: list[Driver] = []

    def make(package: str, profile: str = "debug") -> Driver:
        inferior = build(package, profile)
        session = Session(str(inferior.path), server=server)
        driver = Driver(session, inferior, server)
        session.subscribe(driver.events.append)
        drivers.append(driver)
        return driver

    yield make
    for driver in drivers:
        driver.session.close()
