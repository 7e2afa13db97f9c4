"""Dates, times of day, and spans of time."""

from __future__ import annotations

from crabtrap.present import calendar
from crabtrap.present.rules.formula import Formula, evaluate
from crabtrap.present.rules.rule import Match, ViewOf
from crabtrap.present.view import LiteralView, View
from crabtrap.records import dataclass
from crabtrap.values import Value


@dataclass(frozen=True, slots=True)
class Instant:
    """A date, a time of day or both, shown as ISO 8601 has it.

    Attributes:
        year, day: The date: the day of the year is counted from 1.
        seconds: Since midnight.
        nanos: Of the second.
        offset: Seconds east of UTC in which to show what is kept as UTC; alone it is a
            time zone.
        is_utc: Kept and shown as UTC, with a ``Z``.
        is_local: Date and time are kept as they are at ``offset``, not as UTC.
    """

    year: Formula | None = None
    day: Formula | None = None
    seconds: Formula | None = None
    nanos: Formula = 0
    offset: Formula | None = None
    is_utc: bool = False
    is_local: bool = False

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Compute the date and time."""

        def number(formula: Formula | None) -> int | None:
            return None if formula is None else evaluate(formula, value)

        year, day = number(self.year), number(self.day)
        days = None if year is None or day is None else calendar.days_of(year, day)
        seconds, offset = number(self.seconds), number(self.offset)
        if self.is_local and days is not None and seconds is not None:
            days, seconds = calendar.earlier(days, seconds, offset or 0)
        nanos = evaluate(self.nanos, value)
        moment = calendar.Moment(days, seconds, nanos, offset, self.is_utc)
        return LiteralView(calendar.format_moment(moment), moment.key)


@dataclass(frozen=True, slots=True)
class Period:
    """A signed span of time: seconds, and nanoseconds that always count forwards."""

    seconds: Formula
    nanos: Formula = 0

    def build(self, match: Match, value: Value, view: ViewOf) -> View:
        """Compute the span."""
        key = (evaluate(self.seconds, value), evaluate(self.nanos, value))
        return LiteralView(calendar.format_period(*key), key)
