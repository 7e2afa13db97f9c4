"""Rules for ``Rc``, ``Arc`` and ``Weak``, with their counts."""

from __future__ import annotations

from crabtrap.present.field_paths import part, peel_to_pointer
from crabtrap.present.rules.rule import Match, Rule
from crabtrap.present.rules.shapes import Custom, short_name
from crabtrap.present.view import View, WrapperView
from crabtrap.values import UnavailableError, Value

_DANGLING = (1 << 64) - 1
_IMPLAUSIBLE = 1 << 62
"""std aborts the program long before a count is so high."""


def _inner(value: Value) -> tuple[Value, int, int]:
    """The value, and the strong and weak counts as the heap block has them."""
    inner = peel_to_pointer(part(value, "ptr")).deref()
    strong, weak = part(inner, "strong").integer(), part(inner, "weak").integer()
    if strong > _IMPLAUSIBLE or _IMPLAUSIBLE < weak < _DANGLING:
        raise UnavailableError(f"{short_name(value)} — implausible: {strong} strong references")
    return part(inner, ("value", "data")), strong, weak


def _shared(_match: Match, value: Value) -> View:
    inner, strong, weak = _inner(value)
    if strong == 0:
        raise UnavailableError(f"{short_name(value)} — implausible: no strong references")
    notes = (f"strong: {strong}", f"weak: {weak - 1}") if weak > 1 else (f"strong: {strong}",)
    return WrapperView(short_name(value), inner, notes, follows=True)


def _weak(_match: Match, value: Value) -> View:
    if peel_to_pointer(part(value, "ptr")).pointer_address() == _DANGLING:
        return WrapperView("Weak", None, ("dangling",))
    inner, strong, weak = _inner(value)
    if strong == 0:
        return WrapperView("Weak", None, ("dropped", f"weak: {weak}"))
    return WrapperView("Weak", inner, (f"strong: {strong}", f"weak: {weak - 1}"), follows=True)


def strong_count(value: Value) -> int:
    """Read the number of strong references of an ``Rc``, ``Arc`` or ``Weak``."""
    return _inner(value)[1]


def weak_count(value: Value) -> int:
    """Read the number of weak references, without the one all strong ones share."""
    _, strong, weak = _inner(value)
    return weak - 1 if strong else weak


RULES = (
    Rule("alloc::rc::Rc", Custom(_shared)),
    Rule("alloc::sync::Arc", Custom(_shared)),
    Rule("alloc::rc::Weak", Custom(_weak)),
    Rule("alloc::sync::Weak", Custom(_weak)),
)
