"""Places of an expression's own: its variables, their fields and items, which may change.

Values never change.  A place holds one, and to change a part of it is to put another value
there.  A ``&mut`` of such a place is a reference that knows the place.
"""

from __future__ import annotations

from typing import Protocol

from crabtrap.expr import computed, indirection, operators, parts
from crabtrap.expr.own_collections import ChunkedItems
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing.terms import REFERENCES, Term
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import ALL, PointerView, RecordView, SequenceView
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type, synthetic_type
from crabtrap.values import Synthetic, Value


class Place(Protocol):
    """Where a value is, that may be replaced by another one."""

    def read(self) -> Value:
        """The value that is there now."""
        ...

    def write(self, value: Value) -> None:
        """Put another value there."""
        ...


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of the expression."""

    names: dict[str, Value]
    name: str

    def read(self) -> Value:
        """The value that is there now."""
        return self.names[self.name]

    def write(self, value: Value) -> None:
        """Put another value there."""
        self.names[self.name] = value


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct or an element of a tuple."""

    whole: Place
    name: str
    presenter: Presenter

    def read(self) -> Value:
        """The value that is there now."""
        whole = self.whole.read()
        _, view = indirection.look_through(whole, self.presenter)
        known = dict(view.fields) if isinstance(view, RecordView) else {}  # a variant's, too
        return known.get(self.name) or parts.field(whole, self.name, self.presenter)

    def write(self, value: Value) -> None:
        """Put another value there."""
        whole, view = indirection.look_through(self.whole.read(), self.presenter)
        if not isinstance(view, RecordView):
            raise EvaluationError(f"a field of {whole.type.name} cannot be changed here")
        fields = tuple((name, value if name == self.name else old) for name, old in view.fields)
        changed = RecordView(view.name, fields, view.is_tuple, view.variant)
        self.whole.write(computed.of_view(_named_like(whole), changed))


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a sequence, by its position."""

    whole: Place
    index: int
    presenter: Presenter

    def _items(self) -> ChunkedItems:
        whole, view = indirection.look_through(self.whole.read(), self.presenter)
        if not isinstance(view, SequenceView) or view.is_set:
            raise EvaluationError(f"an item of {whole.type.name} cannot be changed here")
        if isinstance(view.items, ChunkedItems):
            return view.items
        return ChunkedItems.of(view.items.walk(0, ALL))

    def read(self) -> Value:
        """The value that is there now.

        Raises:
            EvaluationError: There is none, as Rust would panic.
        """
        items = self._items()
        if not 0 <= self.index < items.length:
            raise EvaluationError(f"index {self.index} is out of range for length {items.length}")
        return next(items.walk(self.index, self.index + 1))

    def write(self, value: Value) -> None:
        """Put another value there."""
        self.read()
        items = self._items().replaced(self.index, value)
        self.whole.write(computed.sequence(items, self.whole.read().type.name))


@dataclass(frozen=True, slots=True)
class OwnReference(PointerView):
    """A ``&mut`` of a place of the expression's own."""

    place: Place | None = None


def reference_to(place: Place) -> Value:
    """``&mut place``."""
    view = OwnReference("&mut ", None, place.read, "", place)
    return computed.of_view(synthetic_type("opaque", f"&mut {place.read().type.name}"), view)


def _named_like(value: Value) -> Type:
    """The type that a changed value has: of the program's structs their own."""
    return value.type if value.type.table is not None else synthetic_type("opaque", value.type.name)


class PlaceEvaluation(Protocol):
    """The part of the evaluator that places need."""

    @property
    def presenter(self) -> Presenter:
        """Gives values their views."""
        ...

    @property
    def bound(self) -> list[dict[str, Value]]:
        """The variables of the expression, those of the innermost scope last."""
        ...

    def value(self, tree: Expression) -> Value:
        """Evaluate an expression."""
        ...

    def term(self, tree: Expression) -> Term:
        """The type of a node as the check of types found it."""
        ...


def assign(evaluator: PlaceEvaluation, tree: nodes.Assign) -> None:
    """Carry out ``place = value`` or ``place += value``.

    Raises:
        EvaluationError: The place is not the expression's own.
    """
    value = evaluator.value(tree.value)
    place = find_place(evaluator, tree.target)
    if place is None:
        raise EvaluationError("what is reached by this reference cannot be changed here", tree.span)
    if tree.operator is not None:
        old = place.read()
        found = operators.on_std_types(tree.operator, old, value, evaluator.presenter)
        if found is None:
            right = indirection.scalar(value, evaluator.presenter)
            left = indirection.scalar(old, evaluator.presenter)
            found = operators.arithmetic(tree.operator, left, right)
        value = found
    place.write(value)


def find_place(evaluator: PlaceEvaluation, tree: Expression) -> Place | None:
    """Find the place that an expression names; ``None`` where it is not the expression's own."""
    match tree:
        case nodes.Path() if tree.is_name:
            name = tree.segments[0].name
            names = next((each for each in reversed(evaluator.bound) if name in each), None)
            return None if names is None else Variable(names, name)
        case nodes.FieldAccess(base, name):
            whole = _content(evaluator, base)
            return None if whole is None else Field(whole, name, evaluator.presenter)
        case nodes.Index(base, index):
            whole = _content(evaluator, base)
            if whole is None:
                return None
            position = indirection.scalar(evaluator.value(index), evaluator.presenter)
            return Item(whole, position.integer(), evaluator.presenter)
        case nodes.Unary("*", operand):
            if evaluator.term(operand).name not in REFERENCES:
                return find_place(evaluator, operand)  # a box is shown as what is in it
            return referred(evaluator.value(operand))
        case _:
            return referred(evaluator.value(tree))


def _content(evaluator: PlaceEvaluation, tree: Expression) -> Place | None:
    """Find the place that an expression names or, being a reference, refers to."""
    if evaluator.term(tree).name in REFERENCES:
        return referred(evaluator.value(tree))
    return find_place(evaluator, tree)


def receiver_place(evaluator: PlaceEvaluation, tree: Expression, value: Value) -> Place | None:
    """Find the place that a method with ``&mut self`` changes.

    Args:
        evaluator: Evaluates the parts of the receiver.
        tree: The receiver.
        value: Its value.

    Returns:
        ``None`` where the receiver is the program's, or is used this once.

    Raises:
        EvaluationError: It is reached by a reference that does not know its place.
    """
    named = isinstance(tree, nodes.FieldAccess | nodes.Index | nodes.Unary)
    if not named and not (isinstance(tree, nodes.Path) and tree.is_name):
        return referred(value)
    place = _content(evaluator, tree)
    if place is None and is_own(evaluator, tree):
        raise EvaluationError("what is reached by this reference cannot be changed here", tree.span)
    return place


def is_own(evaluator: PlaceEvaluation, tree: Expression) -> bool:
    """Whether an expression is a variable of its own."""
    return (
        isinstance(tree, nodes.Path)
        and tree.is_name
        and any(tree.segments[0].name in names for names in evaluator.bound)
    )


def referred(value: Value) -> Place | None:
    """Find the place that a value refers to; ``None`` where it knows none."""
    content = value.location.content if isinstance(value.location, Synthetic) else None
    return content.place if isinstance(content, OwnReference) else None
