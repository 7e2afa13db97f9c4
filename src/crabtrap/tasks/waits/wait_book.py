"""The rules about waiting in use, and which of them fit."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from crabtrap.present.field_paths import LayoutError
from crabtrap.present.rules.formula import Formula, evaluate
from crabtrap.present.rules.rule import PatternText
from crabtrap.symbols.brackets import angle_groups
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.tasks.waits.wait_rule_files import joined_rules, shipped_wait_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from crabtrap.symbols.types import Type
    from crabtrap.tasks.waits.wait_rules import BlockRule, HoldRule, WaitRule, WaitRules
    from crabtrap.values import Value


class WaitBook:
    """The rules in use; remembers which of them fit a type."""

    def __init__(self) -> None:
        """Use the shipped rules."""
        self._rules = shipped_wait_rules()
        self._waits: dict[Type, tuple[WaitRule, ...]] = {}
        self._holds: dict[Type, tuple[HoldRule, ...]] = {}

    def prefer(self, rules: Iterable[WaitRules]) -> None:
        """Try these before the shipped ones; they replace those preferred so far."""
        self._rules = joined_rules((*rules, shipped_wait_rules()))
        self._waits.clear()
        self._holds.clear()

    def waits(self, shape: Type) -> tuple[WaitRule, ...]:
        """The rules for futures of a type, best first."""
        found = self._waits.get(shape)
        if found is None:
            found = tuple(rule for rule in self._rules.waits if fits(rule.pattern, shape))
            self._waits[shape] = found
        return found

    def names_somebody(self, shape: Type) -> bool:
        """Whether a future of a type may wait for somebody in the program, or for ever."""
        return any(rule.by or rule.tasks is not None or rule.never for rule in self.waits(shape))

    def holds(self, shape: Type) -> tuple[HoldRule, ...]:
        """The rules for what values of a type hold, best first."""
        found = self._holds.get(shape)
        if found is None:
            found = tuple(rule for rule in self._rules.holds if fits(rule.pattern, shape))
            self._holds[shape] = found
        return found

    def blocks(self, functions: Sequence[str]) -> Iterator[tuple[BlockRule, int]]:
        """Yield the rules for a thread by the functions that it is in, innermost first.

        Each comes with the index of the function that it fits, best first.
        """
        plain = [plain_function(name) for name in functions]
        for rule in self._rules.blocks:
            head = PatternText.parse(rule.pattern).head
            for index, name in enumerate(plain):
                if head.fullmatch(name):
                    yield rule, index
                    break


@cache
def plain_function(path: str) -> str:
    """Leave the generic arguments out of a function's path.

    Example:
        >>> plain_function("std::sync::mpmc::list::Channel<T>::recv<u32>")
        'std::sync::mpmc::list::Channel::recv'
        >>> plain_function("<a::Lock as b::Raw<c::D>>::lock")
        '<a::Lock as b::Raw<c::D>>::lock'
    """
    for start, end in reversed(list(angle_groups(path))):
        if start:
            path = path[:start].removesuffix("::") + path[end:]
    return path


def fits(pattern: str, shape: Type) -> bool:
    """Say whether a pattern fits a stripped type."""
    path = shape.path
    return "::" in path and PatternText.parse(pattern).match(_parsed(path)) is not None


_parsed = cache(parse_type_path)


def holds_true(when: tuple[Formula, ...], value: Value) -> bool:
    """Say whether the formulas of a rule allow it; they do not where a field is missing."""
    try:
        return all(evaluate(formula, value) for formula in when)
    except LayoutError:
        return False
