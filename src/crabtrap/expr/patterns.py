"""Matching values against Rust patterns.

A value may be matched with the place where it is: then ``ref mut``, and a pattern behind a
``&mut``, bind references to parts of that place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from crabtrap.expr import computed
from crabtrap.expr.compare import Comparer
from crabtrap.expr.own_places import (
    Field,
    Item,
    Place,
    PlaceEvaluation,
    find_place,
    reference_to,
    referred,
)
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression, Pattern
from crabtrap.present.view import RecordView, SequenceView, slice_view
from crabtrap.records import dataclass
from crabtrap.values import Value

Bindings = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Mode:
    """Where a value is that is matched, and how names bind it.

    Attributes:
        at: ``None`` where the value is not the expression's own, or nobody changes it.
        by_reference: Names bind references to places.
    """

    at: Place | None = None
    by_reference: bool = False

    def field(self, name: str, comparer: Comparer) -> Mode:
        """The mode of a field of the value."""
        if self.at is None:
            return self
        return Mode(Field(self.at, name, comparer.presenter), self.by_reference)

    def item(self, index: int, comparer: Comparer) -> Mode:
        """The mode of an item of the value."""
        if self.at is None:
            return self
        return Mode(Item(self.at, index, comparer.presenter), self.by_reference)


Part = tuple[Value, Mode]


def place_to_change(evaluator: PlaceEvaluation, tree: Expression, pattern: Pattern) -> Place | None:
    """The place that a pattern with ``ref mut`` may change; ``None`` for other patterns."""
    if isinstance(tree, nodes.Path | nodes.FieldAccess | nodes.Index) and _has_ref_mut(pattern):
        return find_place(evaluator, tree)
    return None


def _has_ref_mut(pattern: Pattern) -> bool:
    match pattern:
        case nodes.Bind(_, inner, mode):
            return mode == "ref mut" or (inner is not None and _has_ref_mut(inner))
        case nodes.Constructor(_, items):
            return any(map(_has_ref_mut, items or ()))
        case nodes.Fields(_, fields):
            return any(_has_ref_mut(inner) for _, inner in fields)
        case nodes.SliceOf(items) | nodes.Either(items):
            return any(map(_has_ref_mut, items))
        case nodes.Reference(inner):
            return _has_ref_mut(inner)
        case _:
            return False


class Matcher:
    """Matches patterns.

    Args:
        comparer: Looks through references and compares with literals.
        evaluate: Evaluates literals and constants inside patterns.
        find_constant: The value of a lone name that is a constant or unit variant.
    """

    def __init__(
        self,
        comparer: Comparer,
        evaluate: Callable[[Expression], Value],
        find_constant: Callable[[str], Value | None],
    ) -> None:
        self._comparer = comparer
        self._evaluate = evaluate
        self._find_constant = find_constant

    def match(
        self, value: Value, pattern: Pattern, at: Place | None = None, *, by_reference: bool = False
    ) -> Bindings | None:
        """Return what the pattern binds, ``None`` where it does not match.

        Args:
            value: What is matched.
            pattern: With what.
            at: Where the value is, if that is the expression's own.
            by_reference: Names bind references to places, as they do behind a ``&mut``.

        Raises:
            EvaluationError: The pattern can never fit such a value.
        """
        if not isinstance(pattern, nodes.Bind | nodes.Wildcard | nodes.Rest | nodes.Reference):
            inside = referred(value)
            if inside is not None:
                return self._match(inside.read(), pattern, Mode(inside, by_reference=True))
        return self._match(value, pattern, Mode(at, by_reference))

    def _match(self, value: Value, pattern: Pattern, mode: Mode) -> Bindings | None:
        match pattern:
            case nodes.Wildcard() | nodes.Rest():
                return {}
            case nodes.Bind():
                return self._bind(value, pattern, mode)
            case nodes.Equals(expected):
                return _empty_if(self._comparer.equal(value, self._evaluate(expected)))
            case nodes.Between():
                return self._between(value, pattern)
            case nodes.Constructor(path, items):
                return self._shape(value, path, items, mode)
            case nodes.Fields():
                return self._fields(value, pattern, mode)
            case nodes.SliceOf(items):
                return self._slice(value, items, mode)
            case nodes.Reference(inner):
                return self.match(value, inner)
            case nodes.Either(options):
                for option in options:
                    found = self._match(value, option, mode)
                    if found is not None:
                        return found
                return None
            case unknown:
                assert_never(unknown)

    def _bind(self, value: Value, pattern: nodes.Bind, mode: Mode) -> Bindings | None:
        name, inner = pattern.name, pattern.inner
        if inner is None and name[:1].isupper():
            return self._variant_name(value, name)
        found = {} if inner is None else self._match(value, inner, mode)
        if found is None:
            return None
        if mode.at is not None and (pattern.mode == "ref mut" or mode.by_reference):
            value = reference_to(mode.at)
        return {**found, name: value}

    def _variant_name(self, value: Value, name: str) -> Bindings | None:
        """Match a lone capitalised name: a variant, whatever its fields, or a constant."""
        seen, view = self._comparer.look_through(value)
        if isinstance(view, RecordView) and (view.variant or view.name == name):
            known = seen.shape.cases
            if known is not None and all(case.name != name for case in known.cases):
                names = ", ".join(case.name for case in known.cases)
                raise EvaluationError(f"{seen.type.name} has no variant {name}; it has {names}")
            return _empty_if(view.name == name)
        if seen.shape.kind == "enum":
            numbers = dict(seen.shape.row.enumerators)
            if name in numbers:
                mask = (1 << 8 * (seen.shape.size or 0)) - 1
                return _empty_if(seen.integer() & mask == numbers[name] & mask)
        constant = self._find_constant(name)
        if constant is None:
            raise EvaluationError(f"{seen.type.name} has no variant {name}")
        return _empty_if(self._comparer.equal(value, constant))

    def _between(self, value: Value, pattern: nodes.Between) -> Bindings | None:
        if pattern.start is not None:
            order = self._comparer.order(value, self._evaluate(pattern.start))
            if order is None or order < 0:
                return None
        if pattern.end is not None:
            order = self._comparer.order(value, self._evaluate(pattern.end))
            if order is None or order > 0 or (order == 0 and not pattern.inclusive):
                return None
        return {}

    def _shape(
        self,
        value: Value,
        path: nodes.Path | None,
        items: tuple[Pattern, ...] | None,
        mode: Mode,
    ) -> Bindings | None:
        if items is None:
            assert path is not None  # the parser gives one or the other
            return self._variant_name(value, path.segments[-1].name)
        _, view = self._comparer.look_through(value)
        if not isinstance(view, RecordView):
            if path is None and not items:
                return {}
            raise EvaluationError(f"{value.type.name} has no parts to match")
        if path is not None and self._variant_name(value, path.segments[-1].name) is None:
            return None
        return self._match_all(self._fields_at(view.fields, mode), items)

    def _fields_at(self, fields: tuple[tuple[str, Value], ...], mode: Mode) -> tuple[Part, ...]:
        """Fields, each with its place."""
        return tuple((value, mode.field(name, self._comparer)) for name, value in fields)

    def _match_all(
        self, values: tuple[Part, ...], patterns: tuple[Pattern, ...]
    ) -> Bindings | None:
        rest = [i for i, p in enumerate(patterns) if _is_rest(p)]
        if not rest:
            if len(values) != len(patterns):
                raise EvaluationError(
                    f"the pattern has {len(patterns)} parts, the value has {len(values)}"
                )
            return self._zip(values, patterns)
        if len(values) < len(patterns) - 1:
            return None
        head, tail = patterns[: rest[0]], patterns[rest[0] + 1 :]
        return self._zip(values[: len(head)] + values[len(values) - len(tail) :], head + tail)

    def _zip(self, values: tuple[Part, ...], patterns: tuple[Pattern, ...]) -> Bindings | None:
        bindings: Bindings = {}
        for (value, mode), pattern in zip(values, patterns, strict=True):
            found = self.match(value, pattern, mode.at, by_reference=mode.by_reference)
            if found is None:
                return None
            bindings |= found
        return bindings

    def _fields(self, value: Value, pattern: nodes.Fields, mode: Mode) -> Bindings | None:
        path, fields, rest = pattern.path, pattern.fields, pattern.rest
        _, view = self._comparer.look_through(value)
        if not isinstance(view, RecordView):
            raise EvaluationError(f"{value.type.name} has no fields to match")
        if self._variant_name(value, path.segments[-1].name) is None:
            return None
        have = dict(view.fields)
        unknown = [name for name, _ in fields if name not in have]
        if unknown:
            raise EvaluationError(f"{view.name} has no field {unknown[0]}")
        if not rest and len(fields) < len(have):
            missing = ", ".join(sorted(have.keys() - {name for name, _ in fields}))
            raise EvaluationError(f"the pattern leaves out {missing}", hint="end it with ..")
        named = tuple((name, have[name]) for name, _ in fields)
        return self._zip(self._fields_at(named, mode), tuple(inner for _, inner in fields))

    def _slice(self, value: Value, items: tuple[Pattern, ...], mode: Mode) -> Bindings | None:
        _, view = self._comparer.look_through(value)
        if not isinstance(view, SequenceView):
            raise EvaluationError(f"{value.type.name} is not a sequence")
        rest = any(_is_rest(item) for item in items)
        length = view.length
        if length is None:
            raise EvaluationError("an iterator has no length to match")
        if length < len(items) - rest or (not rest and length != len(items)):
            return None
        at = next((i for i, item in enumerate(items) if _is_rest(item)), len(items))
        after = len(items) - at - 1 if rest else 0
        numbers = (*range(at), *range(length - after, length))
        parts = tuple((view.item(i), mode.item(i, self._comparer)) for i in numbers)
        found = self._zip(parts, items[:at] + items[at + 1 :])
        named = items[at] if rest else None
        if found is not None and isinstance(named, nodes.Bind):
            middle = slice_view(view, at, length - after)
            found[named.name] = computed.sequence(middle.items, "[_]")
        return found


def _is_rest(pattern: Pattern) -> bool:
    return isinstance(pattern, nodes.Rest) or (
        isinstance(pattern, nodes.Bind) and isinstance(pattern.inner, nodes.Rest)
    )


def _empty_if(truth: bool) -> Bindings | None:
    return {} if truth else None
