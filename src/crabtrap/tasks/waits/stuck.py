"""Who can never go on: the waits that only those can end who cannot go on either.

This is a greatest fixed point and no search for cycles: of several senders of a channel one that
goes on is enough, so that a cycle through one of them means nothing.  Whatever is unknown is
taken to go on, so that nobody is said to be stuck who is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crabtrap.tasks.waits.graph import WaitGraph
    from crabtrap.tasks.waits.wait import Hold, Wait, Waiter


@dataclass(frozen=True, slots=True)
class Stuck:
    """One who can never go on.

    Attributes:
        who: Who.
        waits: What for, all of it in vain.
        sources: Who would have to end that, all of them stuck as well.
    """

    who: Waiter
    waits: tuple[Wait, ...]
    sources: tuple[Waiter, ...]


def find_stuck(graph: WaitGraph) -> dict[Waiter, Stuck]:
    """Find all who can never go on, in the order of the graph."""
    waits = {
        who: waits
        for who, waits in graph.by_waiter().items()
        if all(wait.is_for_somebody for wait in waits)
    }
    while True:
        stuck = {who: found for who, found in _judged(graph, waits).items() if found is not None}
        if len(stuck) == len(waits):
            return stuck
        waits = {who: waits[who] for who in stuck}


def _judged(
    graph: WaitGraph, waits: Mapping[Waiter, tuple[Wait, ...]]
) -> dict[Waiter, Stuck | None]:
    """Judge everybody, supposing that exactly these are stuck."""
    return {who: _judge(graph, who, each, waits) for who, each in waits.items()}


def _judge(
    graph: WaitGraph,
    who: Waiter,
    waits: Sequence[Wait],
    suspects: Mapping[Waiter, tuple[Wait, ...]],
) -> Stuck | None:
    sources: list[Waiter] = []
    for wait in waits:
        found = _sources(graph, wait, suspects)
        if found is None:
            return None
        sources += found
    return Stuck(who, tuple(waits), tuple(dict.fromkeys(sources)))


def _sources(
    graph: WaitGraph, wait: Wait, suspects: Mapping[Waiter, tuple[Wait, ...]]
) -> list[Waiter] | None:
    """Who could end a wait if they were not stuck; ``None`` where somebody may end it."""
    if wait.never:
        return []
    if wait.tasks or wait.threads:
        joined = wait.joined
        known = len(joined) == len(wait.tasks) + len(wait.threads)
        return list(joined) if known and all(who in suspects for who in joined) else None
    holders = [hold for hold in graph.holders(wait) if hold.certain]
    if wait.needs_all:
        stuck = _who(hold for hold in holders if hold.who in suspects)
        return stuck or None
    # More than there are: some have moved it away, and who has it is not known.
    everybody = wait.total is not None and len(holders) == wait.total > 0
    able = [*holders, *graph.others(wait)]
    if not everybody or any(hold.who not in suspects for hold in able):
        return None
    return _who(holders)


def _who(holds: Iterable[Hold]) -> list[Waiter]:
    return list(dict.fromkeys(hold.who for hold in holds))
