"""Deadlines of many tasks at once, which wait for their timers in the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.tasks.groups import read_at
from crabtrap.tasks.waits.leaves import NANOSECOND

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.tasks.groups import Alike
    from crabtrap.tasks.waits.wait import Timer


def deadlines_of(process: Process, group: Alike, timer: Timer) -> list[float | None] | None:
    """Read the deadline that each task of a group has where its sample has a timer's.

    Returns:
        Seconds of ``CLOCK_MONOTONIC``, ``None`` where one cannot be read; ``None`` for all if it
        is not known where they are.
    """
    columns: list[list[int | None]] = []
    for address, size in timer.words:
        places = group.places_of(process, address)
        if places is None:
            return None
        columns.append(read_at(process, places, size))
    if len(columns) != 2:
        return None
    return [
        None if whole is None or fraction is None else whole + fraction * NANOSECOND
        for whole, fraction in zip(*columns, strict=True)
    ]
