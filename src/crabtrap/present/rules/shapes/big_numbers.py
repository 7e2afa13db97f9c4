"""Numbers that are kept in several words: big integers, decimals."""

from __future__ import annotations

from crabtrap.present.containers.walkers import ContiguousItems
from crabtrap.present.field_paths import LayoutError, Path, part
from crabtrap.present.rules.formula import Formula, evaluate
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.rules.shapes.shape_parts import short_name, unwrapped
from crabtrap.present.view import LiteralView, SequenceView, View
from crabtrap.records import dataclass
from crabtrap.values import UnavailableError, Value

_MOST_BITS = 1 << 13
"""Longer numbers are shown in hexadecimal, by their first digits and their length."""
_SHOWN_DIGITS = 24
_MOST_SCALE = 1 << 12


@dataclass(frozen=True, slots=True)
class Number:
    """A whole or decimal number.

    Attributes:
        value: It, or its absolute value, computed.
        digits: Path to a sequence of unsigned integers, the lowest first, of which each
            is a digit in base 2^(its bits).
        negative: Not zero where it is below zero.
        scale: How many of its decimal digits are after the point.
    """

    value: Formula | None = None
    digits: Path | None = None
    negative: Formula = 0
    scale: Formula = 0

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Read the digits and write the number down."""
        if self.digits is None:
            assert self.value is not None  # a rule has one or the other
            number = evaluate(self.value, value)
        else:
            number = _from_digits(part(value, self.digits), view)
        if evaluate(self.negative, value):
            number = -number
        scale = evaluate(self.scale, value)
        if not -_MOST_SCALE <= scale <= _MOST_SCALE:
            raise UnavailableError(f"{short_name(value)} — implausible: scale {scale}")
        return LiteralView(format_decimal(number, scale), (number * 10 ** (_MOST_SCALE - scale),))


def _from_digits(holder: Value, view: ViewOf) -> int:
    """Read a number whose digits are the items of a sequence, the lowest first."""
    _, found = unwrapped(holder, view)
    if not isinstance(found, SequenceView) or found.length is None:
        raise LayoutError(f"{holder.type.name} is no sequence of digits")
    items = found.items
    if not isinstance(items, ContiguousItems):
        raise LayoutError(f"the digits of {holder.type.name} are not side by side")
    if items.item.strip().row.encoding != "unsigned":
        raise LayoutError(f"{holder.type.name} has digits of {items.item.name}")
    return int.from_bytes(items.array.read_bytes(), "little")


def format_decimal(number: int, scale: int) -> str:
    """Write ``number / 10 ** scale`` down, with as many digits after the point as it has.

    A long one is written in hexadecimal, cut, and with the number of its bits.

    Example:
        >>> format_decimal(-1234, 2), format_decimal(5, 3), format_decimal(5, -2)
        ('-12.34', '0.005', '500')
    """
    if number.bit_length() > _MOST_BITS:
        sign, digits = "-" if number < 0 else "", f"{abs(number):x}"[:_SHOWN_DIGITS]
        power = f" / 10^{scale}" if scale else ""
        return f"{sign}0x{digits}... ({number.bit_length()} bits){power}"
    if scale <= 0:
        return str(number * 10**-scale)
    digits = str(abs(number)).rjust(scale + 1, "0")
    return f"{'-' if number < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"
