"""Children, and programs that replace themselves: nobody dies of traps that are not for him."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable

from crabtrap import Session, Stdio
from crabtrap.errors import StateError
from crabtrap.events import Exited, OutputReceived, StopEvent
from tests.support.c_programs import build_c

_NEVER = 1 << 60

Verb = Callable[[Session], StopEvent]
_VERBS: tuple[Verb, ...] = (
    lambda session: session.continue_(),
    lambda session: session.next(),
    lambda session: session.step(),
    lambda session: session.step_instruction(10),
    lambda session: session.finish(),
)


def spawn(count: int, chance: random.Random) -> str:
    """R10: children by fork, vfork and posix_spawn that run into what is trapped."""
    program = str(build_c("spawner"))
    output = bytearray()
    with Session(program) as session:
        session.subscribe(
            lambda event: output.extend(event.data) if isinstance(event, OutputReceived) else None
        )
        point = session.breakpoints.add("trapped", ignore=_NEVER)
        session.launch([str(count)], stdio=Stdio.pipes())
        event = session.continue_()
        assert _code(event) == 0, (event.reasons, output)
        assert point.hits == count
    assert output.decode().startswith(f"{3 * count} ")
    return f"{3 * count} children, {count} hits of the parent"


def replace(count: int, chance: random.Random) -> str:
    """R11: exec by a thread that is not the leader, with 8 siblings and a step in flight."""
    verbs = 0
    with Session(str(build_c("execer"))) as session:
        catch = session.breakpoints.catch("exec")
        session.breakpoints.add("trapped", ignore=_NEVER)
        stops = session.breakpoints.add("trapped")
        session.launch([str(count)], stdio=Stdio.pipes())
        event = session.continue_()
        while _code(event) is None:
            # Now and then it has to get on.
            session.breakpoints.enable(stops.number, chance.random() < 0.8)
            with contextlib.suppress(StateError):  # finish, in the outermost frame
                event = chance.choice(_VERBS)(session)
            verbs += 1
        assert _code(event) == 7, event.reasons
        assert session.breakpoints[catch.number].hits == count
    return f"{count} replaced in {verbs} verbs"


def _code(event: StopEvent) -> int | None:
    return next((each.code for each in event.reasons if isinstance(each, Exited)), None)
