"""Who can never go on, and who only has to wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from crabtrap import Diagnosis, Task
from tests.support.inferiors import EVERY_TOKIO, USUAL_PROFILES, build
from tests.support.looking import Way, looking_at

Diagnose = Callable[[str], tuple[Diagnosis, ...]]


CASES: list[tuple[str, Way]] = [
    *((profile, "launched") for profile in EVERY_TOKIO),
    *((profile, "attached") for profile in USUAL_PROFILES),
]


@pytest.fixture(params=CASES, ids="-".join)
def diagnose(request: pytest.FixtureRequest) -> Iterator[Diagnose]:
    profile, way = request.param
    program = build("waiting", profile)
    with ExitStack() as stack:

        def diagnose(what: str) -> tuple[Diagnosis, ...]:
            return stack.enter_context(looking_at(program, what, way=way)).diagnoses

        yield diagnose


def roots(diagnosis: Diagnosis) -> list[str]:
    return [name(link.who) for link in diagnosis.links]


def name(who: object) -> str:
    assert isinstance(who, Task)
    return who.root.removeprefix("waiting::")


def test_two_mutexes_locked_crosswise(diagnose: Diagnose):
    crossed, _ = diagnose("crossed")
    assert crossed.kind == "deadlock"
    assert roots(crossed) == ["locks::dead", "locks::dead"]
    first, second = crossed.links
    for link, other in ((first, second), (second, first)):
        (wait,), (hold,) = link.waits, link.holds
        assert hold.name == "a"
        assert hold.resource.what == "Mutex"
        (theirs,) = other.holds
        assert wait.address == theirs.resource.address


def test_who_waits_behind_a_deadlock_is_no_part_of_it(diagnose: Diagnose):
    crossed, _ = diagnose("crossed")
    (behind,) = crossed.behind
    assert name(behind.who) == "locks::waits"
    assert behind.sources[0] in [link.who for link in crossed.links]


def test_a_mutex_locked_twice(diagnose: Diagnose):
    _, own = diagnose("crossed")
    assert own.kind == "self-deadlock"
    assert roots(own) == ["locks::itself"]
    assert own.links[0].holds[0].name == "first"


def test_a_future_that_is_kept_and_not_polled(diagnose: Diagnose):
    (found,) = diagnose("futurelock")
    assert found.kind == "futurelock"
    assert roots(found) == ["locks::futurelock"]
    (link,) = found.links
    assert link.waits[0].what == "Mutex"
    assert link.holds[0].name == "kept"


def test_channels_that_wait_for_each_other(diagnose: Diagnose):
    crossed, own = diagnose("crossed-channels")
    assert (crossed.kind, roots(crossed)) == ("deadlock", ["channels::asks"] * 2)
    assert (own.kind, roots(own)) == ("self-deadlock", ["channels::asks_itself"])


@pytest.mark.parametrize("what", ["locks", "channels", "time"])
def test_no_alarm_where_somebody_will_come(diagnose: Diagnose, what: str):
    assert diagnose(what) == ()
