"""Counting the hits of watchpoints and catchpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crabtrap.engine.breakpoints.stoppoints import AnyStoppoint, BreakpointTable, Catchpoint


def count_hit(table: BreakpointTable, item: AnyStoppoint) -> bool:
    """Count a hit and return whether it stops, which it does not while hits are ignored."""
    item.hits += 1
    item.judged = item.hits
    if item.hits <= item.ignore:
        return False
    if item.temporary:
        table.remove(item.number)
    return True


def find_caught(
    table: BreakpointTable, kind: str, argument: int | None = None
) -> Catchpoint | None:
    """Count the hit of an event and return the first enabled catchpoint that stops for it.

    The hit is counted by every catchpoint that the event fits.

    Args:
        table: All stoppoints.
        kind: Kind of the event, as in ``CatchKind``.
        argument: Number of the signal or system call, ``None`` for other events.
    """
    found: Catchpoint | None = None
    for each in table.catchpoints:
        fits = not each.arguments or argument is None or argument in each.arguments
        if each.kind == kind and each.enabled and fits and count_hit(table, each):
            found = found or each
    return found
