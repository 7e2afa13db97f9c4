"""What is wrong with who waits for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import replace
from crabtrap.tasks.waits.cycles import find_cycles
from crabtrap.tasks.waits.diagnosis import Diagnosis, DiagnosisKind, Link
from crabtrap.tasks.waits.stuck import find_stuck
from crabtrap.tasks.waits.workers import kept_workers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crabtrap.tasks.waits.graph import WaitGraph
    from crabtrap.tasks.waits.stuck import Stuck
    from crabtrap.tasks.waits.wait import Wait, Waiter

_LONG_OVERDUE = 1.0
"""Seconds after which a timer is said to be late: runtimes are a few milliseconds late."""


def diagnose(graph: WaitGraph) -> tuple[Diagnosis, ...]:
    """Find all that is wrong, deadlocks first."""
    return (
        *_deadlocks(graph),
        *_lost_joins(graph),
        *_guards_kept(graph),
        *kept_workers(graph),
        *_overdue(graph),
    )


def _deadlocks(graph: WaitGraph) -> Iterator[Diagnosis]:
    stuck = find_stuck(graph)
    edges = {who: found.sources for who, found in stuck.items()}
    for group in find_cycles(edges):
        members = frozenset(group)
        behind = _behind(edges, members)
        links = tuple(_link(graph, stuck[who], stuck, members) for who in group)
        others = tuple(stuck[who] for who in stuck if who in behind)
        yield Diagnosis(_kind(links), links, others)


def _link(
    graph: WaitGraph,
    found: Stuck,
    stuck: Mapping[Waiter, Stuck],
    members: frozenset[Waiter],
) -> Link:
    """What one of a group waits for within it, and what it has that others of it want."""
    within = tuple(wait for wait in found.waits if _involves(graph, wait, members))
    wanted = [
        replace(hold, resource=wait.resource or hold.resource)
        for other in members
        for wait in stuck[other].waits
        for hold in graph.holders(wait)
        if hold.who == found.who
    ]
    return Link(found.who, within, tuple({hold.resource: hold for hold in wanted}.values()))


def _involves(graph: WaitGraph, wait: Wait, members: frozenset[Waiter]) -> bool:
    sources: set[Waiter] = {hold.who for hold in graph.holders(wait)}
    return not sources.isdisjoint(members) or not members.isdisjoint(wait.joined)


def _kind(links: tuple[Link, ...]) -> DiagnosisKind:
    if any(hold.unpolled for link in links for hold in link.holds):
        return "futurelock"
    return "deadlock" if len(links) > 1 else "self-deadlock"


def _behind(edges: Mapping[Waiter, tuple[Waiter, ...]], members: frozenset[Waiter]) -> set[Waiter]:
    """Who waits for members of a group, directly or through others, and is none itself."""
    waiting: dict[Waiter, list[Waiter]] = {}
    for who, sources in edges.items():
        for source in sources:
            waiting.setdefault(source, []).append(who)
    found: set[Waiter] = set()
    todo = list(members)
    while todo:
        for who in waiting.get(todo.pop(), ()):
            if who not in found and who not in members:
                found.add(who)
                todo.append(who)
    return found


def _lost_joins(graph: WaitGraph) -> Iterator[Diagnosis]:
    """Tasks that wait for others that have ended, although nobody will wake them."""
    for wait in graph.relevant:
        joined = graph.joined(wait)
        if joined and all(task.state in ("complete", "cancelled") for task in joined):
            yield Diagnosis("lost join", (Link(wait.who, (wait,), ()),))


def _guards_kept(graph: WaitGraph) -> Iterator[Diagnosis]:
    """Tasks that wait and keep what others block threads for."""
    for who in graph.holding:
        waits = graph.waits_by(who)
        kept = tuple(hold for hold in graph.held_by(who) if hold.blocks and hold.certain)
        if kept and any(wait.levels for wait in waits):
            yield Diagnosis("guard kept", (Link(who, waits, kept),))


def _overdue(graph: WaitGraph) -> Iterator[Diagnosis]:
    """Tasks whose timers were due long before the stop: whoever should notice is kept from it."""
    late = graph.late(_LONG_OVERDUE)
    if late:
        links = tuple(Link(wait.who, (wait,), ()) for wait in late)
        detail = "or it was stopped for long before, and has not caught up"
        yield Diagnosis("overdue", links, detail=detail)
