"""Describes what the leaves of a task wait for, by the rules in use."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from crabtrap.errors import CrabtrapError
from crabtrap.present.field_paths import LayoutError, each_layer, part
from crabtrap.present.rules.formula import evaluate
from crabtrap.tasks.type_search import TypeSearch, owned_types
from crabtrap.tasks.waits.pointers import followed, linked_nodes, pointed, pointer_in
from crabtrap.tasks.waits.static_lists import place_in_list
from crabtrap.tasks.waits.wait import QueuePlace, Resource, Timer, Wait
from crabtrap.tasks.waits.wait_book import fits, holds_true
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from crabtrap.address import Address
    from crabtrap.present.field_paths import Path
    from crabtrap.present.rules.formula import Formula
    from crabtrap.symbols.types import Type
    from crabtrap.tasks.futures import Await
    from crabtrap.tasks.task import Task
    from crabtrap.tasks.waits.kernel.descriptors import Descriptors
    from crabtrap.tasks.waits.wait import Descriptor, Hold
    from crabtrap.tasks.waits.wait_book import WaitBook
    from crabtrap.tasks.waits.wait_rules import DescriptorRule, QueueRule, WaitRule
    from crabtrap.values import Value

_T = TypeVar("_T")

_MAX_DEPTH = 6
"""How deep within a future without rules one with a rule is looked for."""
_BOXES = ("alloc::boxed::Box<", "Box<")
_FOLLOWED = ("&", *_BOXES)
_INSTANT = ("tv_sec", "tv_nsec")
NANOSECOND = 1e-9


class WaitDescriber:
    """Describes waits of one stop."""

    def __init__(
        self,
        book: WaitBook,
        now: float | None,
        descriptors: Descriptors,
        find_holds: Callable[[Wait], tuple[Hold, ...]],
        find_tasks: Callable[[Wait], tuple[Task, ...]],
    ) -> None:
        """Describe by the rules of a book.

        Args:
            book: The rules.
            now: The program's ``CLOCK_MONOTONIC`` in seconds; ``None`` where it is unknown.
            descriptors: What its descriptors are.
            find_holds: Finds who can end a wait.
            find_tasks: Finds the tasks whose end ends it.
        """
        self._book = book
        self.now = now
        self._descriptors = descriptors
        self._find_holds = find_holds
        self._find_tasks = find_tasks
        self._somebody = TypeSearch(book.names_somebody, _types_in)

    def may_be_for_somebody(self, level: Await) -> bool:
        """Whether one who awaits a future may wait for somebody in the program, by the types."""
        return any(
            self._book.names_somebody(each.value.shape)
            if each.children or each.is_coroutine
            else self._somebody.finds(each.value.type)
            for each in level.levels()
        )

    def waits_of(self, task: Task, level: Await) -> Iterator[Wait]:
        """Yield what a task waits for by a future and those in it."""
        yield from self._descend(task, (level,))

    def _descend(self, task: Task, levels: tuple[Await, ...]) -> Iterator[Wait]:
        level = levels[-1]
        if level.state != "suspended":
            return
        described = self._described(task, levels, level.value)
        if described is not None:
            yield described
            return
        for _, child in level.children:
            yield from self._descend(task, (*levels, child))
        if not level.children and not level.is_coroutine:
            yield self._leaf(task, levels)

    def _leaf(self, task: Task, levels: tuple[Await, ...]) -> Wait:
        """Describe a future without others in it: by what it has, if not by what it is."""
        value = levels[-1].value
        try:
            for part_ in _parts(value):
                found = self._described(task, levels, part_)
                if found is not None:
                    return found
        except CrabtrapError as error:
            why_unreadable(error)  # what can be read of it has no rule
        what = levels[-1].name
        return Wait(task, levels, "unknown", what, _find_holds=self._find_holds)

    def _described(self, task: Task, levels: tuple[Await, ...], value: Value) -> Wait | None:
        """Describe a value that waits, by the first rule that fits; ``None`` without any."""
        for rule in self._book.waits(value.shape):
            if not (holds_true(rule.when, value) and _is_under(rule, levels)):
                continue
            on = _on(rule, value)
            if rule.within:
                around = _around(levels, on)
                on = next((each for each in around if fits(rule.within, each.shape)), None)
                if on is None:
                    continue
            return self._apply(rule, task, levels, value, on)
        return None

    def _apply(
        self,
        rule: WaitRule,
        task: Task,
        levels: tuple[Await, ...],
        value: Value,
        on: Value | None,
    ) -> Wait:
        resource = None
        if on is not None and on.address is not None:
            resource = Resource(rule.what, on.address, on.shape.size or 0)
        descriptor = self._descriptor(rule.descriptor, levels, value, on)
        timer = readable(lambda: self._timer(rule, value))
        tasks = readable(lambda: _tasks(rule, value)) or ()
        return Wait(
            task,
            levels,
            rule.kind,
            (descriptor.kind if descriptor is not None else "") or rule.what,
            detail=_detail(rule, value) or place_in_list(rule.listed, task.process, resource),
            resource=resource,
            place=readable(lambda: _place(rule.queue, value)),
            timer=timer,
            descriptor=descriptor,
            tasks=tasks,
            by=rule.by,
            also_by=rule.also_by,
            total=readable(lambda: total_of(rule.total, on)),
            needs_all=rule.needs_all,
            never=rule.never,
            mark=_mark(rule, value, resource, timer, tasks),
            _find_holds=self._find_holds,
            _find_tasks=self._find_tasks,
        )

    def _descriptor(
        self,
        rule: DescriptorRule | None,
        levels: tuple[Await, ...],
        value: Value,
        on: Value | None,
    ) -> Descriptor | None:
        """The descriptor that must get ready: as the program has it, else as it is polled."""
        if rule is None:
            return None
        fd = readable(lambda: _fd(rule, levels, value, on))
        if fd is None and on is not None and on.address is not None:
            fd = self._descriptors.registered(on.address)
        return None if fd is None else self._descriptors.describe(fd)

    def _timer(self, rule: WaitRule, value: Value) -> Timer | None:
        if rule.deadline is None:
            return None
        instant = part(value, rule.deadline)
        deadline = _seconds(instant, *_INSTANT)
        since = None
        if rule.period is not None:
            since = deadline - _seconds(part(value, rule.period), "secs", "nanos")
        words = [part(instant, name) for name in _INSTANT]
        places = ((each.address, each.shape.size or 0) for each in words)
        known = tuple((address, size) for address, size in places if address is not None)
        return Timer(deadline, self.now, since, known)


def _mark(
    rule: WaitRule,
    value: Value,
    resource: Resource | None,
    timer: Timer | None,
    tasks: tuple[Address, ...],
) -> Hashable:
    """What tells a wait from others of the same task for the same thing."""
    at = None if resource is None else resource.address
    if timer is not None:
        return rule.kind, timer.deadline
    if rule.once:
        return rule.kind, at, tasks
    turn = None if rule.turn is None else readable(lambda: evaluate(rule.turn or 0, value))
    return None if turn is None else (rule.kind, at, turn)


def readable(read: Callable[[], _T]) -> _T | None:
    """What a part of a rule finds; ``None`` where memory or layout do not have it."""
    try:
        return read()
    except CrabtrapError as error:
        why_unreadable(error)
        return None


def _on(rule: WaitRule, value: Value) -> Value | None:
    return None if rule.on is None else readable(lambda: pointed_resource(value, rule.on or ""))


def pointed_resource(value: Value, path: Path) -> Value:
    """What a path of a rule leads to: a value, or what a pointer there points to.

    Raises:
        LayoutError: There is no such path.
        UnavailableError: It cannot be read, or is null.
    """
    found = part(value, path)
    pointer = readable(lambda: pointer_in(found))
    return found if pointer is None else pointed(pointer)


def _around(levels: tuple[Await, ...], inside: Value | None) -> Iterator[Value]:
    """Yield the values of which another is a part, as far as variables lead to them."""
    if inside is None or inside.address is None:
        return
    start, end = inside.address, inside.address + (inside.shape.size or 0)
    variables = [each.value for level in reversed(levels) for each in level.variables]
    for variable in variables:
        yield from _layers_around(variable, start, end)
    for variable in variables:  # and what is in their fields
        for each in _all_parts(variable):
            yield from _layers_around(each, start, end)


def _all_parts(value: Value) -> Iterator[Value]:
    try:
        yield from _parts(value)
    except CrabtrapError:
        return  # moved away, or never set


def _layers_around(value: Value, start: int, end: int) -> Iterator[Value]:
    try:
        for layer in each_layer(value, followed):
            address, size = layer.address, layer.shape.size or 0
            if address is not None and address <= start and end <= address + size:
                yield layer
    except CrabtrapError as error:
        why_unreadable(error)
        return  # moved away, or never set


def _parts(value: Value) -> Iterator[Value]:
    """Yield what is in a future: near things first, and last what it only borrows to read."""
    yield from _breadth_first(value, ("&mut ", *_BOXES))
    yield from _breadth_first(value, _FOLLOWED)


def _breadth_first(value: Value, pointers: tuple[str, ...]) -> Iterator[Value]:
    level = [value]
    for _ in range(_MAX_DEPTH):
        yield from level
        level = [inner for each in level for inner in _inner(each, pointers)]


def _types_in(shape: Type) -> list[Type]:
    """The types of what is in a future, as far as its value is looked through."""
    if shape.kind not in ("pointer", "reference"):
        return owned_types(shape)
    leads = shape.row.name.startswith(_FOLLOWED) and shape.target is not None
    return [shape.target] if leads and shape.target is not None else []


def _inner(value: Value, pointers: tuple[str, ...]) -> tuple[Value, ...]:
    """The fields of a value, or what it points to by one of some kinds of pointers."""
    shape = value.shape
    if value.is_pointer:
        leads = shape.row.name.startswith(pointers) and value.pointer_address()
        return (value.deref(),) if leads else ()
    return tuple(field for _, field in value.fields())


def _detail(rule: WaitRule, value: Value) -> str:
    for template in rule.detail:
        try:
            return template.fill(value)
        except LayoutError:
            continue
        except CrabtrapError as error:
            return why_unreadable(error)
    return ""


def _place(rule: QueueRule | None, value: Value) -> QueuePlace | None:
    if rule is None:
        return None
    own = part(value, rule.node).address
    nodes = tuple(node.address for node in linked_nodes(value, rule.first, rule.next))
    return QueuePlace(nodes.index(own) + 1, len(nodes)) if own in nodes else None


def _tasks(rule: WaitRule, value: Value) -> tuple[Address, ...]:
    if rule.tasks is None:
        return ()
    nodes = (value,) if rule.each is None else linked_nodes(value, rule.each.first, rule.each.next)
    pointers = [pointer_in(part(node, rule.tasks)) for node in nodes]
    return tuple(pointer.pointer_address() for pointer in pointers if pointer is not None)


def _is_under(rule: WaitRule, levels: tuple[Await, ...]) -> bool:
    return not rule.under or any(fits(rule.under, level.value.shape) for level in levels)


def _fd(
    rule: DescriptorRule, levels: tuple[Await, ...], value: Value, on: Value | None
) -> int | None:
    holder: Value | None = value
    if rule.holder:
        holder = None if on is None else _holder(rule, levels, on)
    return None if holder is None else part(holder, rule.fd).integer()


def _holder(rule: DescriptorRule, levels: tuple[Await, ...], on: Value) -> Value | None:
    """The value with the descriptor, in variables of the functions around."""
    for level in reversed(levels):
        for variable in level.variables:
            for each in _all_parts(variable.value):
                if fits(rule.holder, each.shape):
                    same = readable(lambda e=each: pointed_resource(e, rule.same))
                    if same is not None and same.address == on.address:
                        return each
    return None


def total_of(total: Formula | None, on: Value | None) -> int | None:
    """How many can end a wait, by a formula of what is waited for; ``None`` where unknown."""
    return None if total is None or on is None else evaluate(total, on)


def _seconds(value: Value, whole: str, fraction: str) -> float:
    return part(value, whole).integer() + part(value, fraction).integer() * NANOSECOND
