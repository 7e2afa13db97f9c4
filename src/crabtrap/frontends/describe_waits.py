"""Descriptions of who waits for whom, and of what is wrong with it, for JSON and protocols."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import Thread
from crabtrap.frontends.describe import address

if TYPE_CHECKING:
    from crabtrap import Await, Diagnosis, Frame, Hold, Link, Task, Wait
    from crabtrap.frontends.describe import Json, JsonObject


def waiter(who: Task | Thread) -> JsonObject:
    """A task or a thread, in short."""
    if isinstance(who, Thread):
        return {"thread": who.index, "tid": who.tid, "name": who.name}
    return {"task": who.label, "address": address(who.address), "root": who.root}


def wait(one: Wait, *, holders: bool = True) -> JsonObject:
    """One thing that somebody waits for, and who can end it."""
    described: JsonObject = {
        "who": waiter(one.who),
        "at": _place(one.where),
        "kind": one.kind,
        "what": one.what,
        "detail": one.detail,
        "address": None if one.address is None else address(one.address),
        "queue": None
        if one.place is None
        else {"place": one.place.number, "length": one.place.length},
        "descriptor": None
        if one.descriptor is None
        else {"fd": one.descriptor.fd, "text": one.descriptor.text},
        "timer": None if one.timer is None else _timer(one),
        "seen_for": one.seen_for,
        "joined": [waiter(each) for each in one.joined],
        "text": one.text,
    }
    if holders:
        described["holders"] = [hold(each) for each in one.holders]
    return described


def hold(one: Hold) -> JsonObject:
    """Something that somebody holds."""
    return {
        "who": waiter(one.who),
        "role": one.role,
        "what": one.resource.what,
        "address": address(one.resource.address),
        "variable": one.name,
        "at": _place(one.where),
        "certain": one.certain,
    }


def diagnosis(one: Diagnosis) -> JsonObject:
    """Something that is wrong."""
    links: list[Json] = [_link(link) for link in one.links]
    return {
        "kind": one.kind,
        "detail": one.detail,
        "links": links,
        "behind": [waiter(stuck.who) for stuck in one.behind],
    }


def _link(link: Link) -> JsonObject:
    return {
        "who": waiter(link.who),
        "waits": [wait(each, holders=False) for each in link.waits],
        "holds": [hold(each) for each in link.holds],
    }


def _timer(one: Wait) -> JsonObject:
    timer = one.timer
    assert timer is not None  # so says the caller
    return {"deadline": timer.deadline, "left": timer.left, "since": timer.since}


def _place(where: Await | Frame | None) -> JsonObject | None:
    if where is None or not where.path:
        return None
    return {"path": where.path, "line": where.line}
