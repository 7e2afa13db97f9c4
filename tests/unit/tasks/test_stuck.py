"""Who is stuck, on graphs made up."""

from __future__ import annotations

from typing import cast

import pytest

from crabtrap import Hold, Resource, Timer, Wait
from crabtrap.address import Address
from crabtrap.records import replace
from crabtrap.tasks.futures import Await
from crabtrap.tasks.waits.cycles import find_cycles
from crabtrap.tasks.waits.diagnoses import diagnose
from crabtrap.tasks.waits.graph import WaitGraph
from crabtrap.tasks.waits.stuck import find_stuck

NOWHERE = cast("Await", None)


class Graph:
    """Waits and holds of tasks that are texts: ``a waits for what is at address 1``."""

    tasks = ()

    def __init__(self, waits: list[Wait], holds: list[Hold]) -> None:
        self.waits, self.holds = waits, holds

    def held_by(self, who: str) -> tuple[Hold, ...]:
        return tuple(hold for hold in self.holds if cast("str", hold.who) == who)

    @property
    def relevant(self) -> list[Wait]:
        return self.waits

    @property
    def holding(self) -> list[str]:
        return list(dict.fromkeys(cast("str", hold.who) for hold in self.holds))

    def waits_by(self, who: str) -> tuple[Wait, ...]:
        return self.by_waiter().get(who, ())

    def late(self, seconds: float) -> list[Wait]:
        timers = [(wait, wait.timer.left) for wait in self.waits if wait.timer is not None]
        return [wait for wait, left in timers if left is not None and left < -seconds]

    def joined(self, _: Wait) -> tuple[str, ...]:
        return ()

    def by_waiter(self) -> dict[str, tuple[Wait, ...]]:
        found: dict[str, tuple[Wait, ...]] = {}
        for wait in self.waits:
            who = cast("str", wait.who)
            found[who] = (*found.get(who, ()), wait)
        return found

    def holders(self, wait: Wait) -> tuple[Hold, ...]:
        return tuple(
            hold
            for hold in self.holds
            if wait.resource and hold.resource.meets(wait.resource) and hold.role in wait.by
        )

    def others(self, wait: Wait) -> tuple[Hold, ...]:
        return tuple(
            hold
            for hold in self.holds
            if wait.resource and hold.resource.meets(wait.resource) and hold.role in wait.also_by
        )


def lock(who: str, address: int, **fields: object) -> Wait:
    resource = Resource("Mutex", Address(address), 1)
    wait = Wait(cast("object", who), (), "lock", "Mutex", resource=resource)  # type: ignore[arg-type]

    return replace(wait, **({"by": ("guard",), "total": 1} | fields))


def has(who: str, address: int, role: str = "guard", *, certain: bool = True) -> Hold:
    resource = Resource("Mutex", Address(address), 1)
    return Hold(cast("object", who), role, resource, "g", NOWHERE, certain)  # type: ignore[arg-type]


def stuck(waits: list[Wait], holds: list[Hold]) -> set[object]:
    return set(find_stuck(cast("WaitGraph", Graph(waits, holds))))


def test_crosswise_is_stuck_with_those_behind():
    waits = [lock("a", 1), lock("b", 2), lock("c", 1)]
    assert stuck(waits, [has("b", 1), has("a", 2)]) == {"a", "b", "c"}


def test_one_source_that_goes_on_is_enough():
    waits = [lock("a", 1, total=2), lock("b", 2)]
    senders = [has("b", 1), has("free", 1), has("a", 2)]
    assert stuck(waits, senders) == set()


def test_an_unknown_source_may_come():
    waits = [lock("a", 1, total=2), lock("b", 2)]
    assert stuck(waits, [has("b", 1), has("a", 2)]) == set()
    assert stuck([lock("a", 1)], []) == set()


def test_what_may_have_been_moved_away_proves_nothing():
    waits = [lock("a", 1), lock("b", 2)]
    assert stuck(waits, [has("b", 1), has("a", 2, certain=False)]) == set()


def test_another_way_out_of_a_wait_saves_it():
    waits = [lock("a", 1), lock("a", 5, by=(), total=None), lock("b", 2)]
    assert stuck(waits, [has("b", 1), has("a", 2)]) == set()


def test_of_readers_that_all_must_go_one_is_enough_to_be_stuck():
    waits = [lock("a", 1, needs_all=True, total=None), lock("b", 2)]
    readers = [has("b", 1), has("free", 1), has("a", 2)]
    assert stuck(waits, readers) == {"a", "b"}


def test_of_an_unknown_number_one_may_be_unknown():
    waits = [lock("a", 1, total=None), lock("b", 2)]
    assert stuck(waits, [has("b", 1), has("a", 2)]) == set()


def test_others_may_end_a_wait_without_having_to():
    waits = [lock("a", 1, also_by=("owner",))]
    assert stuck(waits, [has("a", 1)]) == {"a"}
    assert stuck(waits, [has("a", 1), has("free", 1, "owner")]) == set()


def a_task(_: Wait) -> tuple[str, ...]:
    return ("a",)


def test_a_task_that_never_ends_holds_up_who_joins_it():
    never = lock("a", 1, by=(), never=True)
    join = lock("b", 2, by=("task",), tasks=(Address(1),), _find_tasks=a_task)
    assert stuck([never, join], []) == {"a", "b"}
    assert stuck([join], []) == set()


def test_what_was_due_long_before_the_stop_is_overdue():
    timers = {"late": Timer(deadline=8.0, now=10.0), "soon": Timer(deadline=9.9, now=10.0)}
    waits = [lock(who, 1, by=(), timer=timer) for who, timer in timers.items()]
    found = diagnose(cast("WaitGraph", Graph(waits, [])))
    assert [(each.kind, each.links[0].who) for each in found] == [("overdue", "late")]


@pytest.mark.parametrize(
    ("edges", "groups"),
    [
        ({}, []),
        ({"a": ["b"], "b": []}, []),
        ({"a": ["b"], "b": ["c"], "c": ["a"], "x": ["a"]}, [("a", "b", "c")]),
        ({"a": ["a"]}, [("a",)]),
        ({"a": ["b", "c"], "b": ["a"], "c": ["d"], "d": ["c"]}, [("a", "b"), ("c", "d")]),
        ({"a": ["gone"]}, []),
    ],
)
def test_groups_that_lead_to_each_other(edges: dict[str, list[str]], groups: object):
    assert find_cycles(edges) == groups


def test_a_long_chain_needs_no_recursion():
    count = 100_000
    edges = {number: [(number + 1) % count] for number in range(count)}
    assert find_cycles(edges) == [tuple(range(count))]
