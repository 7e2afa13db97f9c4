"""Finds what tasks hold: guards, senders and the like in the variables that they keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.moved import has_all_drops
from crabtrap.errors import CrabtrapError
from crabtrap.present.structural import is_box, is_coroutine
from crabtrap.records import dataclass
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.tasks.combinators import COLLECTIONS
from crabtrap.tasks.std_items import items_of
from crabtrap.tasks.type_search import TypeSearch, owned_types
from crabtrap.tasks.waits.leaves import pointed_resource
from crabtrap.tasks.waits.pointers import behind_count
from crabtrap.tasks.waits.wait import Hold, Resource
from crabtrap.tasks.waits.wait_book import holds_true
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crabtrap.address import Address
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.symbols.types import Type
    from crabtrap.tasks.futures import Await
    from crabtrap.tasks.task import Task
    from crabtrap.tasks.waits.wait import Waiter
    from crabtrap.tasks.waits.wait_book import WaitBook
    from crabtrap.tasks.waits.wait_rules import HoldRule
    from crabtrap.values import Value

_MAX_DEPTH = 12
_MAX_ITEMS = 1000
"""The most items of one array or collection that are looked through."""
_COUNTED = frozenset(("alloc::sync::Arc", "alloc::rc::Rc"))
_ASYNC_FUNCTION = "{async_fn_env#"


@dataclass(frozen=True, slots=True)
class _Held:
    """Something that a value holds, or what is in it.

    Attributes:
        rule: By which rule.
        holder: The value that does.
        is_shared: Others may have it as well: it is counted how many do.
    """

    rule: HoldRule
    holder: Value
    resource: Resource
    is_shared: bool

    @property
    def key(self) -> tuple[str, Resource]:
        """The same for all that hold the same for others."""
        return self.rule.role, self.resource


class HolderSearch:
    """Looks for holders by the rules in use; remembers which types can hold something."""

    def __init__(self, book: WaitBook) -> None:
        """Look by the rules of a book."""
        self._book = book
        self._holding = TypeSearch(lambda shape: bool(book.holds(shape)), _inner_types)

    def may_hold(self, level: Await) -> bool:
        """Whether one who awaits a future may hold something, by the types of what it keeps."""
        return any(
            self._holding.finds(type_) for each in level.levels() for type_ in _kept_types(each)
        )

    def holds_of(self, task: Task, level: Await) -> Iterator[Hold]:
        """Yield what a task holds in a future and in those that it awaits, each once.

        What is moved out of a temporary, as by ``match lock.acquire().await { Ok(permit) => .. }``,
        is the variable's, and so is what was captured and then moved.
        """
        seen: set[Address | None] = set()
        for each in _levels(level):
            named: set[tuple[str, Resource]] = set()
            # A coroutine in another future has a level of its own, with the variable's name.
            enters = _is_any if each.is_coroutine else _is_no_coroutine
            for name, value, certain, may_be_left in _kept(task, each):
                for held in self._of_variable(value, enters):
                    is_moved = may_be_left and held.key in named
                    if held.holder.address not in seen and not is_moved:
                        seen.add(held.holder.address)
                        named.add(held.key)
                        yield _hold(held, task, name, each, certain=certain)

    def holds_of_thread(self, thread: Thread) -> Iterator[Hold]:
        """Yield what a thread holds in variables of its functions, each thing once.

        A value that is moved from a caller to what it calls is the inner function's.  What has
        been moved away out of an optimised function cannot be told, but from a lock itself.
        Futures are passed over: who polls them has copies from before they were moved.
        """
        seen: set[tuple[str, Resource]] = set()
        for frame in thread.frames():
            sure = has_all_drops(frame)
            for binding in (*frame.locals(), *frame.arguments()):
                for held in self._find(binding.value, 0, _is_no_coroutine):
                    if held.key not in seen:
                        seen.add(held.key)
                        certain = sure or held.rule.blocks
                        yield _hold(held, thread, binding.name, frame, certain=certain)

    def _of_variable(self, value: Value, enters: Callable[[Type], bool]) -> Iterator[_Held]:
        """Yield what a variable holds, and what it shares if it is an ``Arc`` or ``Rc`` itself.

        Those within other values are passed over: every socket has one that leads to its runtime.
        """
        yield from self._find(value, 0, enters)
        if _head(value.shape) in _COUNTED:
            try:
                inside = behind_count(value)
            except CrabtrapError as error:
                why_unreadable(error)
                return
            if inside is not None:
                yield from self._find(inside, 0, enters, is_shared=True)

    def _find(
        self,
        value: Value,
        depth: int,
        enters: Callable[[Type], bool],
        *,
        is_shared: bool = False,
    ) -> Iterator[_Held]:
        """Yield what a value and what is in it hold; what cannot be read holds nothing."""
        shape = value.shape
        if depth > _MAX_DEPTH or not self._holding.finds(shape) or not enters(shape):
            return
        try:
            for rule in self._book.holds(shape):
                if holds_true(rule.when, value):
                    on = pointed_resource(value, rule.on)
                    if on.address is not None:
                        resource = Resource(on.type.name, on.address, on.shape.size or 0)
                        yield _Held(rule, value, resource, is_shared)
                        return
            for inner in _inner(value):
                yield from self._find(inner, depth + 1, enters, is_shared=is_shared)
        except CrabtrapError as error:
            why_unreadable(error)
            return


def _hold(held: _Held, who: Waiter, name: str, where: Await | Frame, *, certain: bool) -> Hold:
    return Hold(
        who=who,
        role=held.rule.role,
        resource=held.resource,
        name=name,
        where=where,
        certain=certain and not held.is_shared,
        unpolled=held.rule.unpolled,
        blocks=held.rule.blocks,
    )


def _is_any(_: Type) -> bool:
    return True


def _is_no_coroutine(shape: Type) -> bool:
    return not is_coroutine(shape)


def _levels(level: Await) -> Iterator[Await]:
    yield level
    for _, child in level.children:
        yield from _levels(child)


def _kept(task: Task, level: Await) -> Iterator[tuple[str, Value, bool, bool]]:
    """Yield the values that a future keeps, those last that others may have been moved out of.

    Each comes with its name, whether it is surely there still, and whether it is one of those.
    What was passed to an async function is moved into variables when it begins; what an
    async block has captured stays where it is until it is moved.
    """
    sure = task.state != "running"
    if not level.is_coroutine:
        yield "", level.value, sure, False
        return
    is_function = level.value.shape.row.name.startswith(_ASYNC_FUNCTION)
    started = level.state != "not started"
    for variable in sorted(level.variables, key=lambda each: each.kind != "local"):
        passed = variable.kind == "argument" and started
        if not (passed and is_function):
            may_be_left = passed or variable.kind == "temporary"
            yield variable.name, variable.value, sure and not passed, may_be_left


def _inner(value: Value) -> Iterator[Value]:
    """Yield the parts that a value owns."""
    shape, head = value.shape, _head(value.shape)
    if value.is_pointer:
        if is_box(shape):
            yield value.deref()
    elif head in COLLECTIONS:
        yield from items_of(value, _MAX_ITEMS)
    elif shape.kind == "array":
        for index in range(min(shape.row.count or 0, _MAX_ITEMS)):
            yield value.index(index)
    else:
        for _, field in value.fields():
            yield field


def _inner_types(shape: Type) -> list[Type]:
    """The types of the parts that a value owns."""
    if _head(shape) in COLLECTIONS:
        arguments = (shape.argument(index) for index in range(2))
        return [each for each in arguments if each is not None]
    if shape.kind in ("pointer", "reference"):
        return [shape.target] if is_box(shape) and shape.target is not None else []
    return owned_types(shape)


def _kept_types(level: Await) -> list[Type]:
    values = [each.value for each in level.variables] if level.is_coroutine else [level.value]
    found = [value.shape for value in values]
    shared = (shape.argument(0) for shape in found if _head(shape) in _COUNTED)
    return [*found, *(each for each in shared if each is not None)]


def _head(shape: Type) -> str:
    return parse_type_path(shape.path).head
