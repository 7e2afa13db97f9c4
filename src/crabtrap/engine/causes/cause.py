"""Who looks at a stop: each cause judges one aspect and knows nothing of the others.

A stop is shown to every cause that such a stop may concern, in a fixed order, so that it
can have several reasons at once.  Causes read the stopped program and update counts; they
never set it going.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, get_args

from crabtrap.engine.machine import Failed
from crabtrap.log import Log
from crabtrap.target.interface import TRAPPED, StopKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.engine.machine import Running, Verdict
    from crabtrap.target.interface import TargetStop

_log = Log("crabtrap.engine")

AT_INSTRUCTION: tuple[StopKind, ...] = (*TRAPPED, "step")
"""The thread was stopped by a trap or a step: anything may begin at its pc."""


class Cause(Protocol):
    """One possible cause of stops."""

    @property
    def kinds(self) -> tuple[StopKind, ...]:
        """The kinds of stops it is shown."""
        ...

    def judge(self, stop: TargetStop, state: Running) -> Verdict:
        """Say what the stop means.

        Args:
            stop: As the target reported it; every thread is stopped.
            state: Before it; not to be kept.
        """
        ...


class CauseTable:
    """All causes in their order, by the kind of stop they are shown."""

    def __init__(self, causes: Sequence[Cause]) -> None:
        self._by_kind: dict[StopKind, tuple[Cause, ...]] = {
            kind: tuple(cause for cause in causes if kind in cause.kinds)
            for kind in get_args(StopKind)
        }

    def verdicts(self, stop: TargetStop, state: Running) -> tuple[Verdict, ...]:
        """The verdict of every cause that such a stop may concern.

        A cause that raises, or is interrupted, costs its own verdict and no other: no stop is
        judged twice.
        """
        return tuple([_verdict(cause, stop, state) for cause in self._by_kind[stop.kind]])


def _verdict(cause: Cause, stop: TargetStop, state: Running) -> Verdict:
    try:
        return cause.judge(stop, state)
    except BaseException as error:
        _log.debug("%s failed at %s: %r", type(cause).__name__, stop, error)
        return Failed(error)
