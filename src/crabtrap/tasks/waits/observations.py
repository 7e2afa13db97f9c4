"""What was seen of tasks at earlier stops: since when one waits, or a thread is in one poll.

Runtimes note neither.  What is told here is what somebody has looked at before, and only where
what is seen now is surely the same still.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from crabtrap.address import Address


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll that a thread was seen in.

    Attributes:
        task: Where the task is.
        count: The runtime's count of what the thread has done, the same until it is through.
        processor_time: Of the thread, in seconds, when it was seen in this poll first.
    """

    task: Address
    count: int
    processor_time: float


class Observations:
    """Remembers waits and polls of one session from stop to stop."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._waits: dict[Address, dict[Hashable, float]] = {}
        self._polls: dict[int, Poll] = {}

    def seen_since(self, task: Address, waits: Sequence[Hashable], now: float) -> list[float]:
        """Note what a task waits for at a stop.

        Args:
            task: Where the task is.
            waits: What tells each of its waits from any other, earlier ones of the same task too.
            now: When the stop was, in seconds of a clock of ours.

        Returns:
            When each was seen first; ``now`` for those that are new.
        """
        before = self._waits.get(task, {})
        since = [before.get(each, now) for each in waits]
        self._waits[task] = dict(zip(waits, since, strict=True))
        return since

    def keep(self, tasks: Iterable[Address]) -> None:
        """Forget all tasks but these."""
        there = set(tasks)
        for gone in self._waits.keys() - there:
            del self._waits[gone]

    def time_in_poll(self, tid: int, task: Address, count: int, processor_time: float) -> float:
        """Note what a thread polls at a stop.

        Returns:
            The processor time in seconds that it has surely spent in this one poll.
        """
        known = self._polls.get(tid)
        if known is None or (known.task, known.count) != (task, count):
            known = self._polls[tid] = Poll(task, count, processor_time)
        return processor_time - known.processor_time
