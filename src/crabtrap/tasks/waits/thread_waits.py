"""What threads wait for that wait at a futex, by the functions that they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import CrabtrapError
from crabtrap.tasks.waits.kernel.system_calls import interrupted_call
from crabtrap.tasks.waits.leaves import pointed_resource, readable, total_of
from crabtrap.tasks.waits.wait import Resource, Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.present.field_paths import Path
    from crabtrap.tasks.waits.wait import Hold
    from crabtrap.tasks.waits.wait_book import WaitBook
    from crabtrap.tasks.waits.wait_rules import BlockRule
    from crabtrap.values import Value

_FUTEX_SIZE = 4
_NEAR = 40
"""How far out the function that waits is looked for: locks are a few calls deep."""


def thread_waits(
    process: Process, book: WaitBook, find_holds: Callable[[Wait], tuple[Hold, ...]]
) -> Iterator[Wait]:
    """Yield what the threads of a program wait for, those that wait at a futex.

    Whoever waits in another system call waits for something outside of the program.
    """
    for thread in process.threads:
        call = interrupted_call(thread)
        futex = None if call is None else call.futex
        if futex is not None:
            wait = _describe(thread, *futex, book, find_holds)
            if wait is not None:
                yield wait


def _describe(
    thread: Thread,
    address: int,
    expected: int,
    book: WaitBook,
    find_holds: Callable[[Wait], tuple[Hold, ...]],
) -> Wait | None:
    try:
        frames = thread.frames(0, _NEAR)
    except CrabtrapError:
        return None
    found = _best_rule(frames, book)
    if found is None:
        return None
    rule, frame, on = found
    joined = [each for each in thread.process.threads if rule.joins and each.tid == expected]
    return Wait(
        thread,
        (),
        rule.kind,
        rule.what,
        resource=None if rule.joins else _resource(rule, on, address),
        frame=frame,
        threads=tuple(joined),
        by=rule.by,
        total=rule.total
        if isinstance(rule.total, int)
        else readable(lambda: total_of(rule.total, on)),
        needs_all=rule.needs_all,
        _find_holds=find_holds,
    )


def _best_rule(
    frames: Sequence[Frame], book: WaitBook
) -> tuple[BlockRule, Frame, Value | None] | None:
    """The first rule that fits and whose ``self`` is known, else the first that fits."""
    first: tuple[BlockRule, Frame, Value | None] | None = None
    for rule, index in book.blocks([frame.full_function or "" for frame in frames]):
        on = None if rule.on is None else _part_of_self(frames[index], rule.on)
        if rule.on is None or on is not None:
            return rule, frames[index], on
        first = first or (rule, frames[index], None)
    return first


def _resource(rule: BlockRule, on: Value | None, futex: int) -> Resource | None:
    """What is waited for: a part of the function's ``self`` by its rule, else at the futex."""
    if rule.on is None:
        return Resource(rule.what, Address(futex), _FUTEX_SIZE)
    if on is None or on.address is None:
        return None
    return Resource(rule.what, on.address, on.shape.size or 0)


def _part_of_self(frame: Frame, path: Path) -> Value | None:
    """Follow a path from a function's ``self``; ``None`` where that is not known."""
    own = next((each.value for each in frame.arguments() if each.name == "self"), None)
    return None if own is None else readable(lambda: pointed_resource(own, path))
