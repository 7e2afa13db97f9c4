"""Recursion in a backtrace: runs of repeated calls, to be shown as one line."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

from crabtrap.records import dataclass

_LONGEST_CYCLE = 24
"""Frames in one round of a recursion at most; closures and iterator adapters count."""
_SHOWN_FRAMES = 12
"""Frames shown of a recursion before the rest is folded, and half as many at its end."""
_WORTH_IT = 24
"""Frames that must go into the fold: a recursion that fits a screen is shown."""


@dataclass(frozen=True, slots=True)
class Repetition:
    """Frames ``[start, stop)`` that repeat the ``cycle`` frames before them."""

    start: int
    stop: int
    cycle: int

    @property
    def rounds(self) -> int:
        """How often the cycle occurs in it."""
        return (self.stop - self.start) // self.cycle


def repetitions(keys: Sequence[Hashable]) -> Iterator[Repetition]:
    """Find the parts of a stack to leave out, outermost last.

    Args:
        keys: One per frame; equal for frames at the same position in the code.

    Example:
        >>> list(repetitions("t" + "d" * 100 + "m"))
        [Repetition(start=13, stop=95, cycle=1)]
    """
    start = 0
    while start < len(keys):
        cycle, end = _longest(keys, start)
        if not cycle:
            start += 1
            continue
        first = start + _whole(_SHOWN_FRAMES, cycle)
        last = end - _whole(_SHOWN_FRAMES // 2, cycle)
        last -= (last - first) % cycle
        if last - first >= _WORTH_IT:
            yield Repetition(first, last, cycle)
        start = end


def _whole(frames: int, cycle: int) -> int:
    """``frames`` rounded up to whole cycles."""
    return -(-frames // cycle) * cycle


def _longest(keys: Sequence[Hashable], start: int) -> tuple[int, int]:
    """The shortest cycle that repeats from ``start`` on, and where it ends; else ``(0, start)``."""
    for cycle in range(1, _LONGEST_CYCLE + 1):
        end = start
        while end + cycle < len(keys) and keys[end] == keys[end + cycle]:
            end += 1
        if end - start >= max(cycle, _WORTH_IT):
            return cycle, end + cycle
    return 0, start
