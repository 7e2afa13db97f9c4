"""Dates, times and durations as ISO 8601 texts; what is out of range is refused.

Years are those of the Gregorian calendar, continued in both directions; the year before
1 is 0.  Python's own ``datetime`` ends at 9999, Rust's libraries do not.
"""

from __future__ import annotations

from crabtrap.records import dataclass
from crabtrap.values import UnavailableError

NANOS = 1_000_000_000
_DAY = 86_400
_CYCLE_YEARS = 400
_CYCLE_DAYS = 146_097
"""The calendar repeats every 400 years, which have so many days."""
_EPOCH = 719_162
"""Days from 0001-01-01 to 1970-01-01."""
_MAX_YEAR = 1_000_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, a time of day, or both; or a time zone alone.

    Attributes:
        days: From 0001-01-01; ``None`` where there is only a time.
        seconds: Of the day; ``None`` where there is only a date.
        nanos: Of the second; from 1,000,000,000 on it is within a leap second.
        offset: Seconds east of UTC in which to show it, days and seconds being UTC;
            ``None`` for a time of no known zone.
        is_utc: Marked with ``Z``.
    """

    days: int | None
    seconds: int | None = None
    nanos: int = 0
    offset: int | None = None
    is_utc: bool = False

    @property
    def key(self) -> tuple[int, ...]:
        """The sort key among moments of one kind."""
        return ((self.days or 0) * _DAY + (self.seconds or 0), self.nanos)


def days_of(year: int, day_of_year: int) -> int:
    """Count the days from 0001-01-01 to a day of a year; the first day is 1.

    Raises:
        UnavailableError: The year has no such day.
    """
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if not 1 <= day_of_year <= 365 + leap or abs(year) > _MAX_YEAR:
        raise UnavailableError(f"implausible date: day {day_of_year} of year {year}")
    before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400 + day_of_year - 1


def earlier(days: int, seconds: int, by: int) -> tuple[int, int]:
    """Subtract seconds from a day and a second of that day.

    Raises:
        UnavailableError: The day has no such second, or more than a day is to be subtracted.
    """
    if not 0 <= seconds < _DAY or abs(by) >= _DAY:
        raise UnavailableError(f"implausible time: {seconds} s, {by} s from UTC")
    carried, rest = divmod(seconds - by, _DAY)
    return days + carried, rest


def since_epoch(seconds: int, nanos: int) -> Moment:
    """Return the moment so many seconds after the beginning of 1970, UTC.

    Raises:
        UnavailableError: It is further away than a million years.
    """
    days, rest = divmod(seconds, _DAY)
    if abs(days) > _MAX_YEAR * 365:
        raise UnavailableError(f"implausible time: {seconds} seconds since 1970")
    return Moment(days + _EPOCH, rest, nanos, is_utc=True)


def format_moment(moment: Moment) -> str:
    """Format a moment as ISO 8601 has it.

    Raises:
        UnavailableError: A part is out of its range.

    Example:
        >>> format_moment(Moment(days_of(2024, 60), 82_800, 500_000_000, offset=7200))
        '2024-03-01T01:00:00.5+02:00'
    """
    days, seconds = moment.days, moment.seconds
    if seconds is None:
        return format_offset(moment.offset or 0) if days is None else _date(days)
    if not 0 <= seconds < _DAY or not 0 <= moment.nanos < 2 * NANOS:
        raise UnavailableError(f"implausible time: {seconds} s, {moment.nanos} ns")
    offset = moment.offset or 0
    if abs(offset) >= _DAY:
        raise UnavailableError(f"implausible time zone: {offset} s")
    carried, seconds = divmod(seconds + offset, _DAY)
    date = "" if days is None else f"{_date(days + carried)}T"
    zone = "Z" if moment.is_utc else "" if moment.offset is None else format_offset(offset)
    return f"{date}{_time(seconds, moment.nanos)}{zone}"


def format_offset(offset: int) -> str:
    """Format a distance from UTC: ``+05:30``.

    Raises:
        UnavailableError: It is a day or more.
    """
    if abs(offset) >= _DAY:
        raise UnavailableError(f"implausible time zone: {offset} s")
    minutes, seconds = divmod(abs(offset), 60)
    text = f"{'-' if offset < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{seconds:02}" if seconds else text


def format_period(seconds: int, nanos: int) -> str:
    """Format a signed span of time as ISO 8601 has it, in seconds.

    Example:
        >>> format_period(-1, 750_000_000)
        '-PT0.25S'
    """
    if not 0 <= nanos < NANOS:
        raise UnavailableError(f"implausible duration: {nanos} nanoseconds")
    total = seconds * NANOS + nanos
    whole, rest = divmod(abs(total), NANOS)
    return f"{'-' if total < 0 else ''}PT{whole}{_fraction(rest)}S"


def _date(days: int) -> str:
    from datetime import date  # noqa: PLC0415 - slow to import

    cycle, rest = divmod(days, _CYCLE_DAYS)
    day = date.fromordinal(rest + 1)
    year = day.year + cycle * _CYCLE_YEARS
    text = f"{year:04}" if 0 <= year <= 9999 else f"{year:+05}"
    return f"{text}-{day.month:02}-{day.day:02}"


def _time(seconds: int, nanos: int) -> str:
    minutes, second = divmod(seconds, 60)
    if nanos >= NANOS:  # a leap second: 23:59:60
        second, nanos = second + 1, nanos - NANOS
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}{_fraction(nanos)}"


def _fraction(nanos: int) -> str:
    return f".{nanos:09}".rstrip("0") if nanos else ""
