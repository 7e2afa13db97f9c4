"""Wrappers around one value, and records of chosen fields."""

from __future__ import annotations

from crabtrap.present.field_paths import LayoutError, Path, part, peel_to_pointer, peel_to_type
from crabtrap.present.rules.formula import Formula, evaluate, is_test
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.view import RecordView, View, WrapperView
from crabtrap.records import dataclass
from crabtrap.values import Memory, Value


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A wrapper around one value, shown as ``name(value)``, or as the value alone.

    Attributes:
        inner: A path, or ``"$T"`` for the value of that type inside newtypes; without one
            only the notes are shown.
        notes: ``(label, formulas)`` shown after the value: the label with a number, or
            alone where a comparison holds. The first formula whose fields exist is taken.
        follow: ``inner`` leads to a pointer, and what it points to is shown.
        deref: The type implements ``Deref`` to what is inside.
        pointee: The type of what the pointer points to, where the pointer has another.
    """

    inner: Path | None
    name: str = ""
    notes: tuple[tuple[str, tuple[Formula, ...]], ...] = ()
    follow: bool = False
    deref: bool = False
    pointee: str = ""

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find what is inside, and what is to be noted."""
        if self.inner is None:
            inner = None
        elif isinstance(self.inner, str) and self.inner.startswith("$"):
            inner = peel_to_type(value, match.argument(self.inner))
        else:
            inner = part(value, self.inner)
        notes = tuple(filter(None, (_note(label, ways, value) for label, ways in self.notes)))
        if self.follow and inner is not None:
            pointer = peel_to_pointer(inner)
            inner = pointer.deref() if not self.pointee else self._pointee(match, pointer)
        return WrapperView(self.name, inner, notes, self.follow, self.deref)

    def _pointee(self, match: Match, pointer: Value) -> Value:
        return pointer.elsewhere(match.argument(self.pointee), Memory(pointer.pointer_address()))


def _note(label: str, formulas: tuple[Formula, ...], value: Value) -> str:
    """The note ``readers: 2``, or ``locked`` if its formula is a test; ``""`` for none."""
    for formula in formulas:
        try:
            number = evaluate(formula, value)
        except LayoutError:
            continue
        if is_test(formula):
            return label if number else ""
        return f"{label}: {number}"
    return ""


@dataclass(frozen=True, slots=True)
class Record:
    """Chosen fields under chosen names."""

    name: str
    fields: tuple[tuple[str, Path], ...]
    is_tuple: bool = False

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Find the fields."""
        fields = tuple((label, part(value, path)) for label, path in self.fields)
        return RecordView(self.name, fields, self.is_tuple)
