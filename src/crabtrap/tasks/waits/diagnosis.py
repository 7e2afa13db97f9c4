"""Something that is wrong with who waits for whom, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.tasks.waits.stuck import Stuck
    from crabtrap.tasks.waits.wait import Hold, Wait, Waiter

DiagnosisKind = Literal[
    "deadlock",
    "self-deadlock",
    "futurelock",
    "lost join",
    "guard kept",
    "blocked worker",
    "busy worker",
    "overdue",
]
DEADLOCKS: tuple[DiagnosisKind, ...] = ("deadlock", "self-deadlock", "futurelock")
"""Kinds of which nothing comes any more."""


@dataclass(frozen=True, slots=True)
class Link:
    """One who is stuck, in a diagnosis.

    Attributes:
        who: Who.
        waits: What it waits for in vain.
        holds: What it has that those of the diagnosis wait for, each thing as they call it.
    """

    who: Waiter
    waits: tuple[Wait, ...]
    holds: tuple[Hold, ...]


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Something that is wrong.

    Attributes:
        kind: ``deadlock``: several wait for each other; ``self-deadlock``: one waits for
            itself; ``futurelock``: for a future of its own, which it does not poll;
            ``lost join``: for a task that has ended; ``guard kept``: a lock of threads is kept
            while a task waits, so that a thread that wants it may block the runtime; ``blocked
            worker``: a task waits in a system call, and with it the thread that polls others;
            ``busy worker``: it computes for long, seen at several stops; ``overdue``: its time
            had come long before the stop, and nobody has polled it.
        links: Who is part of it.
        behind: Who else waits for these, directly or not.
        detail: More about it.
    """

    kind: DiagnosisKind
    links: tuple[Link, ...]
    behind: tuple[Stuck, ...] = ()
    detail: str = ""

    @property
    def is_deadlock(self) -> bool:
        """Whether those in it can never go on."""
        return self.kind in DEADLOCKS
