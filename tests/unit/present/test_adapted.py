"""Items computed from other items, whether their number is known or not."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crabtrap.present import synthetic
from crabtrap.present.containers.adapted import (
    JoinedItems,
    MappedItems,
    NumberedItems,
    PartOfItems,
    ReversedItems,
    ZippedItems,
)
from crabtrap.present.view import IndexedItems, LazyItems, ListedItems
from crabtrap.values import UnavailableError

NUMBERS = st.lists(st.integers(0, 99), max_size=8)
COUNTS = st.integers(0, 10)
USIZE = st.one_of(COUNTS, st.integers(0, (1 << 64) - 1), st.just((1 << 64) - 1))


def known(numbers):
    return ListedItems(tuple(map(synthetic.usize, numbers)))


def unknown(numbers):
    return LazyItems(lambda: map(synthetic.usize, numbers))


def shown(items, start, stop):
    return [item.integer() for item in items.walk(start, stop)]


def check(items, expected, start, count):
    assert shown(items, start, start + count) == expected[start : start + count]
    assert items.length in (None, len(expected))


@given(NUMBERS, COUNTS, COUNTS, st.integers(1, 4), COUNTS, COUNTS)
def test_a_part(numbers, first, end, step, start, count):
    for make in (known, unknown):
        check(PartOfItems(make(numbers), first, end, step), numbers[first:end:step], start, count)
        check(PartOfItems(make(numbers), first, None, step), numbers[first::step], start, count)


@given(NUMBERS, USIZE, USIZE, USIZE, USIZE)
def test_damaged_adaptors_have_the_items_that_are_there(numbers, first, end, step, start):
    for make in (known, unknown):
        for part in (
            PartOfItems(make(numbers), first, end, step or 1),
            PartOfItems(ReversedItems(make(numbers)), first, None, step or 1),
            ReversedItems(PartOfItems(make(numbers), first, end, step or 1)),
        ):
            found = shown(part, start, start + 3)
            assert len(found) <= 3
            assert set(found) <= set(numbers)


@given(NUMBERS, NUMBERS, COUNTS, COUNTS)
def test_joined(left, right, start, count):
    for make in (known, unknown):
        check(JoinedItems((make(left), known(right))), left + right, start, count)


@given(NUMBERS, COUNTS, COUNTS)
def test_reversed(numbers, start, count):
    for make in (known, unknown):
        check(ReversedItems(make(numbers)), numbers[::-1], start, count)


@given(NUMBERS, NUMBERS, COUNTS)
def test_pairs(left, right, start):
    zipped = ZippedItems(known(left), unknown(right))
    found = [
        tuple(synthetic.element(pair, side).integer() for side in (0, 1))
        for pair in zipped.walk(start, 99)
    ]
    assert found == list(zip(left, right, strict=False))[start:]
    numbered = NumberedItems(known(left), 5)
    firsts = MappedItems(numbered, lambda pair: synthetic.element(pair, 0))
    check(firsts, [5 + index for index in range(len(left))], start, 99)


def test_an_endless_sequence_has_no_last_item():
    endless = IndexedItems(synthetic.usize, None)
    assert shown(PartOfItems(endless, 3, None, 5), 1, 3) == [8, 13]
    assert PartOfItems(endless, 3).length is None
    assert len(list(islice(JoinedItems((endless, endless)).walk(0, 9), 9))) == 9
    with pytest.raises(UnavailableError, match="items away"):
        list(ReversedItems(endless).walk(0, 1))
