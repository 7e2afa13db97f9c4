"""Counting hits, for all kinds of stoppoints."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crabtrap.engine.breakpoints.stoppoints import AnyStoppoint, BreakpointTable, Catchpoint


def count_hit(table: BreakpointTable, item: AnyStoppoint) -> bool:
    """Count a hit; ``False`` while hits are to be ignored."""
    item.hits += 1
    if item.hits <= item.ignore:
        return False
    if item.temporary:
        table.remove(item.number)
    return True


def find_caught(
    table: BreakpointTable, kind: str, argument: int | None = None
) -> Catchpoint | None:
    """An enabled catchpoint for the event, its hit counted; ``None`` if nobody wants it.

    Args:
        table: Where to look.
        kind: Of the event, as in ``CatchKind``.
        argument: Signal or system call, ``None`` where there is no such choice.
    """
    for each in table.catchpoints:
        fits = not each.arguments or argument is None or argument in each.arguments
        if each.kind == kind and each.enabled and fits and count_hit(table, each):
            return each
    return None
