"""Decodes a future into what it awaits: coroutines with their locals, and futures in others.

A coroutine holds the future that it awaits; every other future is looked through for futures
that are part of it, by its fields and what they own or borrow mutably.  What has none is a
leaf: it waits for something else than a future.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crabtrap.errors import CrabtrapError
from crabtrap.present.structural import is_coroutine
from crabtrap.records import dataclass
from crabtrap.values import Invalid, Value
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crabtrap.symbols.types import Case, Field, Type
    from crabtrap.tasks.future_types import FutureTypes

_AWAITED = "__awaitee"
_MAX_DEPTH = 100
_MAX_NESTING = 8
_MAX_ITEMS = 64
_UNRESUMED, _RETURNED, _PANICKED = "Unresumed", "Returned", "Panicked"

State = Literal["suspended", "not started", "returned", "panicked", "unknown"]
VariableKind = Literal["local", "argument", "temporary"]


@dataclass(frozen=True, slots=True)
class HeldVariable:
    """A variable that a coroutine keeps over an await.

    Attributes:
        kind: ``argument`` for what was captured or passed, which may have been moved since.
        ambiguous: Others of the same name are kept, too; the place may be that of an outer one.
    """

    name: str
    value: Value
    kind: VariableKind
    ambiguous: bool = False


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


class FutureDecoder:
    """Decodes futures of one stop."""

    def __init__(self, types: FutureTypes) -> None:
        """Decode with what is known of the program's types."""
        self._types = types

    def decode(self, value: Value) -> Await:
        """Decode a future; whatever cannot be read is a ``problem`` where it is."""
        return self._decode(value, frozenset(), 0)

    def _decode(self, value: Value, seen: frozenset[tuple[int, str]], depth: int) -> Await:
        value = self._types.behind_pointers(value)
        name = future_name(value.shape)
        key = (int(value.address or 0), value.shape.path)
        coroutine = is_coroutine(value.shape)
        if key in seen or depth > _MAX_DEPTH:
            problem = "it contains itself" if key in seen else "nested too deeply"
            return Await(value, name, coroutine, problem=problem)
        seen |= {key}
        try:
            if coroutine:
                return self._coroutine(value, name, seen, depth)
            children = tuple(
                (label, self._decode(child, seen, depth + 1)) for label, child in self._parts(value)
            )
        except CrabtrapError as error:
            return Await(value, name, coroutine, "unknown", problem=why_unreadable(error))
        return Await(value, name, coroutine, children=children)

    # -- coroutines --------------------------------------------------------------------------
    def _coroutine(
        self, value: Value, name: str, seen: frozenset[tuple[int, str]], depth: int
    ) -> Await:
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
            children = (("", self._decode(inside.at_field(awaited), seen, depth + 1)),)
        variables = _variables(value, case, inside)
        return Await(value, name, True, state, case.path, case.line, variables, children)

    # -- other futures -----------------------------------------------------------------------
    def _parts(self, value: Value) -> Iterator[tuple[str, Value]]:
        """Yield the futures that are part of a future, itself left out."""
        yield from self._of_fields(value, "", 0)

    def _of_fields(self, value: Value, label: str, nesting: int) -> Iterator[tuple[str, Value]]:
        if nesting > _MAX_NESTING:
            return
        shape = value.shape
        if shape.cases is not None:
            case, value = value.variant()
            shape = case.type
        is_tuple = shape.row.name.startswith("(")
        for field in shape.fields:
            if self._types.may_hold(field.type):
                inner = f"{label}{field.name}" if is_tuple else label
                yield from self._of_part(value.at_field(field), inner, nesting + 1)

    def _of_part(self, value: Value, label: str, nesting: int) -> Iterator[tuple[str, Value]]:
        value = self._types.behind_pointers(value)
        if self._types.is_future(value.shape):
            yield label, value
        elif value.shape.kind == "array":
            count = value.shape.row.count or 0
            for index in range(min(count, _MAX_ITEMS)):
                yield from self._of_part(value.index(index), f"{label}{index}", nesting + 1)
        else:
            yield from self._of_fields(value, label, nesting)


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


def _variables(value: Value, case: Case, inside: Value) -> tuple[HeldVariable, ...]:
    """What a state of a coroutine keeps: first its variables, last what was passed to it."""
    cases = value.shape.cases
    first = None if cases is None else next((c for c in cases.cases if c.name == _UNRESUMED), None)
    passed = len(first.type.fields) if first is not None else 0
    fields = case.type.fields
    own = fields[: len(fields) - passed] if case.name != _UNRESUMED else ()
    names = [field.name for field in own]
    found = [
        HeldVariable(field.name, inside.at_field(field), _kind(field), names.count(field.name) > 1)
        for field in _once(own)
        if field.name != _AWAITED and not _is_drop_flag(field)
    ]
    arguments = fields[len(own) :]
    found += [
        HeldVariable(field.name, inside.at_field(field), "argument")
        for field in _once(arguments)
        if field.name not in names
    ]
    return tuple(found)


def _once(fields: Sequence[Field]) -> list[Field]:
    return list({field.name: field for field in reversed(fields)}.values())[::-1]


def _kind(field: Field) -> VariableKind:
    return "temporary" if field.name.isdecimal() or field.name.startswith("__") else "local"


def _is_drop_flag(field: Field) -> bool:
    return _kind(field) == "temporary" and field.type.strip().row.encoding == "bool"
