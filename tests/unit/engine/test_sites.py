"""Owners of traps, and what the target is told of them."""

import pytest

from crabtrap.address import Address
from crabtrap.engine.breakpoints.sites import SiteKey, SiteTable
from crabtrap.target.interface import SiteFailure, SiteRequest

HERE = SiteKey("software", Address(0x1000))
ALWAYS = b"\x22\x01\x27"


class Recorder:
    """The one part of ``Control`` that a site table talks to."""

    def __init__(self, refuse: int | None = None) -> None:
        self.calls: list[tuple[list[SiteRequest], list[SiteRequest]]] = []
        self._refuse = refuse

    def update_sites(self, remove, insert):
        self.calls.append((list(remove), list(insert)))
        return tuple(SiteFailure(r, "no") for r in insert if r.address == self._refuse)


def request(*conditions: bytes) -> SiteRequest:
    return SiteRequest("software", Address(0x1000), 1, conditions)


def test_the_first_owner_inserts_and_the_last_removes() -> None:
    table, target = SiteTable(), Recorder()
    table.acquire(HERE, ("breakpoint", 1))
    table.flush(target, evaluates_all=True)
    table.acquire(HERE, ("plan", 0))
    table.flush(target, evaluates_all=True)
    table.release(HERE, ("breakpoint", 1))
    table.flush(target, evaluates_all=True)
    table.release(HERE, ("plan", 0))
    table.flush(target, evaluates_all=True)
    assert target.calls == [([], [request()]), ([request()], [])]


def test_an_address_that_changes_owners_is_never_touched() -> None:
    table, target = SiteTable(), Recorder()
    table.replace_owned(("plan", 0), [HERE])
    table.flush(target, evaluates_all=True)
    table.release_all(("plan", 0))
    table.acquire(HERE, ("breakpoint", 2))
    table.flush(target, evaluates_all=True)
    assert len(target.calls) == 1
    assert table.owners_at(Address(0x1000)) == {"breakpoint": (2,)}


def test_conditions_of_several_owners() -> None:
    table, target = SiteTable(), Recorder()
    table.acquire(HERE, ("breakpoint", 1), b"one")
    table.acquire(HERE, ("breakpoint", 2), b"two")
    table.flush(target, evaluates_all=True)
    table.acquire(HERE, ("plan", 0))
    table.flush(target, evaluates_all=True)
    inserted = [call[1][0] for call in target.calls]
    assert inserted == [request(b"one", b"two"), request(b"one", b"two", ALWAYS)]
    assert table.condition_evaluated_by_target(Address(0x1000), ("breakpoint", 1))
    assert not table.condition_evaluated_by_target(Address(0x1000), ("plan", 0))


def test_a_target_that_stops_at_the_first_true_condition_gets_only_lone_ones() -> None:
    table, target = SiteTable(), Recorder()
    table.acquire(HERE, ("breakpoint", 1), b"one")
    table.flush(target, evaluates_all=False)
    table.acquire(HERE, ("breakpoint", 2), b"two")
    table.flush(target, evaluates_all=False)
    assert [call[1] for call in target.calls] == [[request(b"one")], [request()]]
    assert not table.condition_evaluated_by_target(Address(0x1000), ("breakpoint", 1))


def test_what_the_target_refuses_is_remembered_and_tried_again() -> None:
    table, target = SiteTable(), Recorder(refuse=0x1000)
    table.acquire(HERE, ("breakpoint", 1))
    table.flush(target, evaluates_all=True)
    assert table.failures == {HERE: "no"}
    table.flush(target, evaluates_all=True)
    assert len(target.calls) == 2
    table.release_all(("breakpoint", 1))
    assert table.failures == {}


def test_what_the_target_takes_at_the_second_try_has_not_failed() -> None:
    table, target = SiteTable(), Recorder(refuse=0x1000)
    table.acquire(HERE, ("breakpoint", 1))
    table.flush(target, evaluates_all=True)
    table.flush(Recorder(), evaluates_all=True)
    assert table.failures == {}
    assert table.inserted == (request(),)


class Broken:
    """Raises before it does anything, or after it has done everything."""

    def __init__(self, target: Recorder, *, after: bool) -> None:
        self._target = target
        self._after = after

    def update_sites(self, remove, insert):
        if self._after:
            self._target.update_sites(remove, insert)
        raise KeyboardInterrupt


@pytest.mark.parametrize("after", [False, True])
def test_what_may_not_have_been_told_is_told_again(after: bool) -> None:
    table, target = SiteTable(), Recorder()
    table.acquire(HERE, ("breakpoint", 1))
    with pytest.raises(KeyboardInterrupt):
        table.flush(Broken(target, after=after), evaluates_all=True)
    table.flush(target, evaluates_all=True)
    table.flush(target, evaluates_all=True)
    assert target.calls == [([], [request()])] * (1 + after)
    assert table.inserted == (request(),)


@pytest.mark.parametrize("after", [False, True])
def test_what_may_still_be_there_is_removed(after: bool) -> None:
    table, target = SiteTable(), Recorder()
    table.acquire(HERE, ("breakpoint", 1))
    with pytest.raises(KeyboardInterrupt):
        table.flush(Broken(target, after=after), evaluates_all=True)
    table.release_all(("breakpoint", 1))
    table.flush(target, evaluates_all=True)
    assert target.calls[-1] == ([request()], [])
    table.flush(target, evaluates_all=True)
    assert len(target.calls) == 1 + after


@pytest.mark.parametrize("after", [False, True])
def test_what_may_have_been_lifted_is_inserted_again(after: bool) -> None:
    table, target = SiteTable(), Recorder()
    table.acquire(HERE, ("breakpoint", 1))
    table.flush(target, evaluates_all=True)
    with pytest.raises(KeyboardInterrupt):
        table.lift_all(Broken(target, after=after))
    table.lift_all(target)
    table.flush(target, evaluates_all=True)
    assert target.calls[-2:] == [([request()], []), ([], [request()])]


def test_conditions_are_replaced_in_one_go() -> None:
    table, target = SiteTable(), Recorder()
    there = SiteKey("software", Address(0x2000))
    table.replace_conditional(("breakpoint", 1), {HERE: b"one", there: None})
    table.flush(target, evaluates_all=True)
    table.replace_conditional(("breakpoint", 1), {HERE: b"two"})
    table.flush(target, evaluates_all=True)
    assert table.inserted == (request(b"two"),)
    assert table.execution_addresses == {0x1000}


def test_what_is_suspended_comes_back_and_what_was_acquired_meanwhile_goes() -> None:
    table, target = SiteTable(), Recorder()
    table.acquire(HERE, ("breakpoint", 1))
    table.flush(target, evaluates_all=True)
    there = SiteKey("software", Address(0x2000))

    wanted = table.wanted
    table.suspend()
    table.acquire(there, ("plan", 0))
    table.flush(target, evaluates_all=True)
    assert table.execution_addresses == {0x2000}
    table.restore(wanted)
    table.restore(wanted)
    table.flush(target, evaluates_all=True)
    assert table.inserted == (request(),)
    assert table.owners_at(Address(0x1000)) == {"breakpoint": (1,)}


def test_watched_bytes_find_their_owner() -> None:
    table = SiteTable()
    table.acquire(SiteKey("write", Address(0x2000), 8), ("watch", 3))
    assert table.watching(Address(0x2007)) == (("watch", 3),)
    assert table.watching(Address(0x2008)) == ()
    assert table.owners_at(Address(0x2000)) == {}
    assert table.hardware_in_use == 1


def test_lifting_forgets_what_was_inserted() -> None:
    table, target = SiteTable(), Recorder()
    table.acquire(HERE, ("breakpoint", 1))
    table.flush(target, evaluates_all=True)
    table.lift_all(target)
    table.lift_all(target)
    table.flush(target, evaluates_all=True)
    assert target.calls == [([], [request()]), ([request()], []), ([], [request()])]
