"""Decodes a future into what it awaits: coroutines with their locals, and futures in others.

A coroutine holds the future that it awaits; every other future is looked through for futures
that are part of it (``future_parts.py``).  What has none is a leaf: it waits for something else
than a future.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from crabtrap.engine.inspect.coroutine_poll import owns_nothing
from crabtrap.errors import CrabtrapError
from crabtrap.present.structural import is_coroutine
from crabtrap.records import dataclass, replace
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.tasks.combinators import (
    BRANCHES,
    DISABLED,
    ENDED,
    MAYBE_DONE,
    PENDING,
    POLL_FN,
    is_plumbing,
)
from crabtrap.tasks.future_parts import MOST_ITEMS, PartFinder
from crabtrap.tasks.polls import PollFunctions
from crabtrap.values import Invalid, Value
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crabtrap.symbols.types import Case, Field, Type
    from crabtrap.tasks.future_types import FutureTypes

_AWAITED = "__awaitee"
_MAX_DEPTH = 100
_MAX_LEVELS = 10_000
_ONLY_FIRST = f"only the first {MOST_ITEMS} are shown"
_UNRESUMED = "Unresumed"

State = Literal["suspended", "not started", "returned", "panicked", "disabled", "unknown"]
"""What a future does; of a branch of ``select!`` also that it is not polled any more."""
VariableKind = Literal["local", "argument", "temporary"]
Moved = Literal["no", "maybe", "yes"]


@dataclass(frozen=True, slots=True)
class HeldVariable:
    """A variable that a coroutine keeps over an await.

    Attributes:
        kind: ``argument`` for what was captured or passed.
        ambiguous: Others of the same name are kept, too; the place may be that of an outer one.
        shadowed: An inner variable of this name hides it.
        moved: Whether it owns something that may be elsewhere by now, so that what is here is
            what was left behind.
    """

    name: str
    value: Value
    kind: VariableKind
    ambiguous: bool = False
    shadowed: bool = False
    moved: Moved = "no"


@dataclass(frozen=True, slots=True)
class Await:
    """A future in a task, with the futures that it waits for.

    Attributes:
        value: The future.
        name: Path of the async function or block, or the future's type.
        state: Of a coroutine; others are ``suspended``.
        path: Source file of the await, as the debug information has it.
        line: 1-based; 0 where unknown, and for futures that are no coroutine.
        variables: What a coroutine keeps.
        children: What it waits for, each with its label: a position, or ``""``.
        output: What it has returned, where something around it keeps that.
        problem: Why no more is known.
    """

    value: Value
    name: str
    is_coroutine: bool
    state: State = "suspended"
    path: str | None = None
    line: int = 0
    variables: tuple[HeldVariable, ...] = ()
    children: tuple[tuple[str, Await], ...] = ()
    problem: str = ""
    output: Value | None = None

    @property
    def is_plumbing(self) -> bool:
        """Whether it is a library's means to an end, of no interest to most."""
        if not self.is_coroutine:
            return self.state == "suspended" and is_plumbing(
                parse_type_path(self.value.shape.path).head
            )
        return is_plumbing(parse_type_path(self.name).head)

    @property
    def next(self) -> Await | None:
        """What it waits for, if that is one future: others, beside it, have labels."""
        main = [child for label, child in self.children if not label or len(self.children) == 1]
        return main[0] if len(main) == 1 else None

    @property
    def shown(self) -> tuple[tuple[str, Await], ...]:
        """What it waits for, without the means of libraries in between."""
        found: list[tuple[str, Await]] = []
        for label, child in self.children:
            if child.is_plumbing and child.children:
                found += [(_joined(label, inner), each) for inner, each in child.shown]
            else:
                found.append((label, child))
        return tuple(found)

    def levels(self) -> Iterator[Await]:
        """It and all that it waits for."""
        yield self
        for _, child in self.children:
            yield from child.levels()


class FutureDecoder:
    """Decodes futures of one stop."""

    def __init__(self, types: FutureTypes, polls: PollFunctions | None = None) -> None:
        """Decode with what is known of the program's types and poll functions."""
        self._types = types
        self._polls = polls or PollFunctions()
        self._parts = PartFinder(types)

    def decode(self, value: Value) -> Await:
        """Decode a future; whatever cannot be read is a ``problem`` where it is."""
        return _Decoding(self._types, self._polls, self._parts).decode(value)

    def may_hold(self, type_: Type) -> bool:
        """Whether a value of a type may have a future in it."""
        return self._types.may_hold(type_)

    def find_future(self, value: Value) -> Value | None:
        """Find the first future in a value; ``None`` where it has none now.

        Raises:
            CrabtrapError: It cannot be read.
        """
        return self._parts.first_inside(value)

    def held(self, level: Await) -> tuple[tuple[str, Await], ...]:
        """Decode the futures that a coroutine keeps and does not await.

        Args:
            level: A coroutine, with all that it awaits.

        Returns:
            Each with the name of the variable that holds it; where one holds more than are
            decoded, an ``Await`` of the variable itself with that as its problem.
        """
        awaited = {_key(each.value) for each in level.levels()}
        found: list[tuple[str, Await]] = []
        for variable in level.variables if level.state == "suspended" else ():
            if variable.moved == "yes" or variable.ambiguous:
                continue
            try:
                parts, omitted = self._parts.inside(variable.value)
            except CrabtrapError as error:
                why_unreadable(error)
                continue  # it is shown as a variable, with what is wrong with it
            for label, part in parts:
                held = self.decode(part)
                keys = {_key(each.value) for each in held.levels()}
                if not keys & awaited:
                    awaited |= keys
                    name = f"{variable.name}.{label}" if label else variable.name
                    found.append((name, held))
            if omitted:
                found.append((variable.name, _cut_off(variable.value)))
        return tuple(found)


class _Decoding:
    """Decodes one future with all that is in it."""

    def __init__(self, types: FutureTypes, polls: PollFunctions, parts: PartFinder) -> None:
        self._types = types
        self._polls = polls
        self._parts = parts
        self._left = _MAX_LEVELS

    def decode(self, value: Value, seen: frozenset[tuple[int, str]] = frozenset()) -> Await:
        """Decode a future that is part of those seen."""
        try:
            value = self._types.behind_pointers(value)
        except CrabtrapError as error:
            problem = why_unreadable(error)
            return Await(value, future_name(value.shape), False, "unknown", problem=problem)
        name, coroutine = future_name(value.shape), is_coroutine(value.shape)
        problem = self._why_not(_key(value), seen)
        if problem:
            return Await(value, name, coroutine, "unknown", problem=problem)
        seen |= {_key(value)}
        try:
            return self._coroutine(value, name, seen) if coroutine else self._other(value, seen)
        except CrabtrapError as error:
            return Await(value, name, coroutine, "unknown", problem=why_unreadable(error))

    def _why_not(self, key: tuple[int, str], seen: frozenset[tuple[int, str]]) -> str:
        self._left -= 1
        if key in seen:
            return "it contains itself"
        if len(seen) > _MAX_DEPTH:
            return f"more than {_MAX_DEPTH} futures in each other"
        return "" if self._left >= 0 else f"more than {_MAX_LEVELS} futures"

    def _other(self, value: Value, seen: frozenset[tuple[int, str]]) -> Await:
        name, shape = future_name(value.shape), value.shape
        if MAYBE_DONE.fullmatch(parse_type_path(shape.path).head):
            case, inside = value.variant()
            pending = shape.case(PENDING)
            if pending is not None and case is not pending:
                name = future_name(pending.type.fields[0].type.strip())
            if case.name == ENDED:
                output = inside.at_field(case.type.fields[0])
                return Await(value, name, False, "returned", output=output)
            if not case.type.fields:
                return Await(value, name, False, "returned")
        parts, omitted = self._parts.of_future(value)
        children = tuple((label, self.decode(child, seen)) for label, child in parts)
        problem = _ONLY_FIRST if omitted else ""
        return Await(value, name, False, children=children, problem=problem)

    # -- coroutines --------------------------------------------------------------------------
    def _coroutine(self, value: Value, name: str, seen: frozenset[tuple[int, str]]) -> Await:
        case = value.case()
        if isinstance(case, Invalid):
            return Await(value, name, True, "unknown", problem=case.reason)
        state = _state(case)
        if state in ("returned", "panicked"):
            return Await(value, name, True, state, case.path, case.line)
        inside = value.at(case.type, case.offset)
        awaited = case.type.field(_AWAITED) if state == "suspended" else None
        children: tuple[tuple[str, Await], ...] = ()
        if awaited is not None:
            child = self.decode(inside.at_field(awaited), seen)
            children = (("", self._with_branches(child, case, inside, seen)),)
        variables = self._variables(value, case, inside)
        path, line = self._polls.await_site(value.shape, case)
        return Await(value, name, True, state, path, line, variables, children)

    def _variables(self, value: Value, case: Case, inside: Value) -> tuple[HeldVariable, ...]:
        """What a state of a coroutine keeps: first its variables, last what was passed to it."""
        first = value.shape.case(_UNRESUMED)
        passed = len(first.type.fields) if first is not None else 0
        fields = case.type.fields
        own = fields[: len(fields) - passed] if case.name != _UNRESUMED else ()
        counts = Counter(field.name for field in own)
        of_macro = (BRANCHES, DISABLED) if _is_select(case) else ()
        found: list[HeldVariable] = []
        for field in _once(own):
            if counts[field.name] > 1:
                found += self._same_named(value, case, inside, field)
            elif field.name != _AWAITED and not _is_drop_flag(field):
                kind = "temporary" if field.name in of_macro else _kind(field)
                found.append(HeldVariable(field.name, inside.at_field(field), kind))
        found += [
            HeldVariable(
                field.name, inside.at_field(field), "argument", moved=_moved(value, case, field)
            )
            for field in _once(fields[len(own) :])
            if field.name not in counts
        ]
        return tuple(found)

    def _same_named(
        self, value: Value, case: Case, inside: Value, field: Field
    ) -> Iterator[HeldVariable]:
        """Variables of one name, of which the type describes the first alone."""
        known = self._polls.same_named(value.shape, case, field.name)
        if not known:
            yield HeldVariable(field.name, inside.at_field(field), _kind(field), ambiguous=True)
        for one in known:
            place = value.at(one.type, one.offset or 0)
            is_shadowed = one is not known[-1]
            yield HeldVariable(field.name, place, _kind(field), shadowed=is_shadowed)

    def _with_branches(
        self, polled: Await, case: Case, inside: Value, seen: frozenset[tuple[int, str]]
    ) -> Await:
        """Complete what ``select!`` polls by which of its branches it polls no more.

        Its closure refers to the branches, which are variables of the coroutine around it; in
        some versions the types do not say so.
        """
        mask, branches = case.type.field(DISABLED), case.type.field(BRANCHES)
        if mask is None or branches is None or not _is_select(case):
            return polled
        disabled = inside.at_field(mask).integer()
        children: list[tuple[str, Await]] = []
        for index, (label, part) in enumerate(inside.at_field(branches).fields()):
            child = self.decode(part, seen)
            if disabled >> index & 1 and child.state != "returned":
                child = replace(child, state="disabled", children=())
            children.append((label, child))
        return replace(polled, children=tuple(children))


def _cut_off(value: Value) -> Await:
    """What stands for the futures in a value that are not shown."""
    return Await(value, future_name(value.shape), False, "unknown", problem=_ONLY_FIRST)


def _joined(outer: str, inner: str) -> str:
    return f"{outer}.{inner}" if outer and inner else outer or inner


def _key(value: Value) -> tuple[int, str]:
    return int(value.address or 0), value.shape.path


def future_name(shape: Type) -> str:
    """Name a future: an async function by its path, anything else by its type.

    Example: ``app::outer::{async_fn_env#0}`` is ``app::outer``.
    """
    if not is_coroutine(shape):
        return shape.name
    path = shape.path.partition("}<")[0]
    path = path if path.endswith("}") else f"{path}}}"
    parts = [part.replace("_env#", "#") for part in path.split("::")]
    return "::".join(part for part in parts if not part.startswith("{async_fn#"))


def _state(case: Case) -> State:
    match case.name:
        case "Unresumed":
            return "not started"
        case "Returned":
            return "returned"
        case "Panicked":
            return "panicked"
        case _:
            return "suspended"


def _moved(value: Value, case: Case, field: Field) -> Moved:
    """Whether what was passed is elsewhere.

    A function moves its arguments to variables of its own when it begins, a block moves what it
    has captured when it uses it up.
    """
    if case.name == _UNRESUMED or owns_nothing(field.type.strip()):
        return "no"
    return "yes" if "{async_fn_env#" in value.shape.path.rpartition("::")[2] else "maybe"


def _once(fields: Sequence[Field]) -> list[Field]:
    return list({field.name: field for field in reversed(fields)}.values())[::-1]


def _kind(field: Field) -> VariableKind:
    return "temporary" if field.name.isdecimal() or field.name.startswith("__") else "local"


def _is_select(case: Case) -> bool:
    """Whether a coroutine is at a ``select!`` of tokio, which has variables of its own."""
    awaited = case.type.field(_AWAITED)
    if awaited is None or POLL_FN.fullmatch(parse_type_path(awaited.type.path).head) is None:
        return False
    return all(case.type.field(name) is not None for name in (BRANCHES, DISABLED))


def _is_drop_flag(field: Field) -> bool:
    return _kind(field) == "temporary" and field.type.strip().row.encoding == "bool"
