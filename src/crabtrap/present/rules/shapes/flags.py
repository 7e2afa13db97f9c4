"""Numbers of which each bit, or group of bits, has a name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crabtrap.present.field_paths import LayoutError
from crabtrap.present.rules.formula import Amount, FormulaError, amount_of, evaluate, parse_formula
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.view import LiteralView, View
from crabtrap.records import dataclass
from crabtrap.values import UnavailableError, Value

_NUMBER = re.compile(r"\b(0x[0-9a-fA-F_]+|0b[01_]+|0o[0-7_]+|\d[\d_]*)(?:[ui](?:\d+|size))?\b")
_FLAG = re.compile(r"\b(?:\w+\s*::\s*)+(\w+)(?:\s*\.\s*bits\b(?:\s*\(\s*\))?)?")


@dataclass(frozen=True, slots=True)
class Flags:
    """A number of which each bit, or group of bits, has a name: ``READ | WRITE``.

    Attributes:
        bits: The number.
        names: By bits; a group of bits comes before the bits in it.  ``None`` for those that
            the type's source declares.
        name: Stands before them, with them in parentheses.
    """

    bits: Amount
    names: Mapping[int, str] | None
    name: str = ""

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Read the number and name its bits; those without a name are shown as a number."""
        names = _declared_names(value) if self.names is None else self.names
        bits = amount_of(self.bits, value)
        text = (self.names or {}).get(bits) or flags_text(bits, names)
        name = self.name if self.names is not None else value.type.name.partition("<")[0]
        return LiteralView(f"{name}({text})" if name else text, (bits,))


def _declared_names(value: Value) -> dict[int, str]:
    declared = value.context.program.declared_flags(value.shape)
    numbers: dict[str, int] = {}
    for name, text in declared:
        number = _number(text, numbers, value)
        if number is not None:
            numbers[name] = number
    if not numbers:
        raise LayoutError(f"no source says which flags {value.type.name} has")
    # In their order, as the program's own Debug shows them; the first of two names for one number.
    names: dict[int, str] = {}
    for name, number in numbers.items():
        names.setdefault(number, name)
    return names


def _number(text: str, known: Mapping[str, int], value: Value) -> int | None:
    """What a flag is set to, ``None`` where it takes more than numbers and other flags."""
    plain = _FLAG.sub(lambda match: str(known.get(match[1], match[0])), text)
    plain = _NUMBER.sub(lambda match: str(int(match[1].replace("_", ""), 0)), plain)
    try:
        return evaluate(parse_formula(plain), value)
    except (FormulaError, LayoutError, UnavailableError):
        return None


def flags_text(bits: int, names: Mapping[int, str]) -> str:
    """Name the bits of a number.

    Example:
        >>> flags_text(0b1011, {3: "BOTH", 1: "READ", 2: "WRITE"})
        'BOTH | 0x8'
    """
    shown: list[str] = []
    rest = bits
    for mask, name in names.items():
        if mask and mask & bits == mask and mask & rest:
            shown.append(name)
            rest &= ~mask
    if rest or not shown:
        shown.append(f"{rest:#x}")
    return " | ".join(shown)
