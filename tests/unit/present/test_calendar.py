"""Dates and times, and what cannot be one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crabtrap.present.calendar import (
    Moment,
    days_of,
    format_moment,
    format_offset,
    format_period,
    since_epoch,
)
from crabtrap.values import UnavailableError


@given(st.datetimes(timezones=st.just(UTC)))
def test_as_python_has_it(when: datetime):
    seconds = (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    found = format_moment(since_epoch(seconds, when.microsecond * 1000))
    assert datetime.fromisoformat(found) == when
    day = when.timetuple().tm_yday
    assert format_moment(Moment(days_of(when.year, day))) == when.date().isoformat()


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (Moment(days_of(2000, 366)), "2000-12-31"),
        (Moment(days_of(0, 1)), "0000-01-01"),
        (Moment(days_of(-1, 365)), "-0001-12-31"),
        (Moment(days_of(-262143, 1)), "-262143-01-01"),
        (Moment(days_of(10000, 1)), "+10000-01-01"),
        (Moment(None, 0), "00:00:00"),
        (Moment(None, 86_399, 1_000_000_000), "23:59:60"),
        (Moment(None, 1, 1), "00:00:01.000000001"),
        (Moment(days_of(1970, 1), 0, 0, -1), "1969-12-31T23:59:59-00:00:01"),
        (Moment(None, offset=19_800), "+05:30"),
    ],
)
def test_texts(moment, expected):
    assert format_moment(moment) == expected


@pytest.mark.parametrize(
    ("seconds", "nanos", "expected"),
    [(0, 0, "PT0S"), (90, 0, "PT90S"), (-1, 0, "-PT1S"), (-1, 999_999_999, "-PT0.000000001S")],
)
def test_periods(seconds, nanos, expected):
    assert format_period(seconds, nanos) == expected


@pytest.mark.parametrize(
    "make",
    [
        lambda: days_of(2023, 366),
        lambda: days_of(2023, 0),
        lambda: days_of(1 << 40, 1),
        lambda: since_epoch(1 << 60, 0),
        lambda: format_moment(Moment(None, 86_400)),
        lambda: format_moment(Moment(None, -1)),
        lambda: format_moment(Moment(None, 0, 2_000_000_000)),
        lambda: format_moment(Moment(0, 0, 0, 86_400)),
        lambda: format_offset(-90_000),
        lambda: format_period(0, 1_000_000_000),
    ],
)
def test_what_cannot_be(make):
    with pytest.raises(UnavailableError):
        make()
