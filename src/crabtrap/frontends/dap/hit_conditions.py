"""Hit conditions: which hits of a breakpoint count, in the notation that editors share."""

from __future__ import annotations

import operator
import re
from typing import TYPE_CHECKING

from crabtrap.errors import UsageError
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable

_CONDITION = re.compile(r"\s*(?P<operator>==|=|>=|>|<=|<|%)?\s*(?P<number>\d{1,9})\s*")
_COMPARISONS: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq,
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    "%": lambda hits, number: hits % number == 0,
}


@dataclass(frozen=True, slots=True)
class HitCondition:
    """Which hits stop.

    Attributes:
        ignore: How many hits do not, to begin with.
        test: Whether a later one does, by its number; ``None`` if all do.
    """

    ignore: int = 0
    test: Callable[[int], bool] | None = None


def parse_hit_condition(text: str | None) -> HitCondition:
    """Parse ``5`` or ``>=5`` (from the fifth on), ``>5``, ``==5``, ``<5``, ``<=5`` and ``%5``.

    Raises:
        UsageError: It is none of these.

    Example:
        >>> parse_hit_condition("3"), parse_hit_condition("> 3").ignore
        (HitCondition(ignore=2, test=None), 3)
    """
    if text is None or not text.strip():
        return HitCondition()
    found = _CONDITION.fullmatch(text)
    if found is None or (found["operator"] == "%" and not int(found["number"])):
        raise UsageError(f"hit condition {text!r} is not understood", hint="5, ==5, >5, <5 or %5")
    number, comparison = int(found["number"]), found["operator"] or ">="
    if comparison in (">", ">="):
        return HitCondition(number if comparison == ">" else max(0, number - 1))
    compare = _COMPARISONS[comparison]
    ignore = number - 1 if comparison in ("==", "=") and number else 0
    return HitCondition(ignore, lambda hits: compare(hits, number))
