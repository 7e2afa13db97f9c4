"""The interface of causes: each one examines one aspect of a stop, unaware of the others.

A stop is shown to every cause that such a stop may concern, in a fixed order, so that it
can have several reasons at once.  Causes read the stopped program and update counts; they
never resume it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, get_args

from crabtrap.engine.machine import Failed, Verdict
from crabtrap.log import Log
from crabtrap.target.interface import TRAPPED, StopKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from crabtrap.engine.machine import Running
    from crabtrap.target.interface import TargetStop

_log = Log("crabtrap.engine")

AT_INSTRUCTION: tuple[StopKind, ...] = (*TRAPPED, "step", "watch")
"""Kinds of stops by a trap, or after an instruction: any site may be at the thread's pc.

No trap will be hit there any more when the thread is resumed.
"""


Judgement = Verdict | tuple[Verdict, ...]
"""The verdict of a cause; one for each where the stop is that of several owners."""


class Cause(Protocol):
    """One possible cause of a stop."""

    @property
    def kinds(self) -> tuple[StopKind, ...]:
        """Kinds of stops that it is shown."""
        ...

    def judge(self, stop: TargetStop, state: Running) -> Judgement:
        """Determine what the stop means.

        Args:
            stop: The stop as the target reported it; every thread is stopped.
            state: The state before it; must not be kept.
        """
        ...


class CauseTable:
    """All causes in their order, by the kinds of stops they are shown."""

    def __init__(self, causes: Sequence[Cause]) -> None:
        self._by_kind: dict[StopKind, tuple[Cause, ...]] = {
            kind: tuple(cause for cause in causes if kind in cause.kinds)
            for kind in get_args(StopKind)
        }

    def verdicts(self, stop: TargetStop, state: Running) -> tuple[Verdict, ...]:
        """Return the verdict of every cause that such a stop may concern.

        The verdict of a cause that raises, or is interrupted, is ``Failed``; the others are
        not affected, and no stop is shown to a cause twice.
        """
        verdicts: list[Verdict] = []
        for cause in self._by_kind[stop.kind]:
            try:
                judgement = cause.judge(stop, state)
            except BaseException as error:
                _log.debug("%s failed at %s: %r", type(cause).__name__, stop, error)
                judgement = Failed(error)
            if isinstance(judgement, tuple):
                verdicts += judgement
            else:
                verdicts.append(judgement)
        return tuple(verdicts)


def judge_each(judgements: Iterable[Callable[[], Verdict]]) -> tuple[Verdict, ...]:
    """Serve every owner of a stop, also when the judgement of one of them raises."""
    verdicts: list[Verdict] = []
    for judge in judgements:
        try:
            verdicts.append(judge())
        except BaseException as error:
            _log.debug("an owner's judgement failed: %r", error)
            verdicts.append(Failed(error))
    return tuple(verdicts)
