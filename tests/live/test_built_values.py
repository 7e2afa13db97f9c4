"""Values that an expression builds are those that the same Rust would build."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crabtrap import Session
from tests.support.oracle.verdicts import answer, session_at_stop

BUILT = [
    ("Point { x: 1, ..point }", "Point { x: 1, y: 3 }"),
    ("Point { ..point }", "Point { x: -7, y: 3 }"),
    ("Point { y: 1, x: 5 }", "Point { x: 5, y: 1 }"),
    ("Point { x: -7, ..other_point } == other_point", "true"),
    (
        "points.iter().map(|p| Point { y: 0, ..*p }).collect::<Vec<_>>()",
        "[Point { x: 2, y: 0 }, Point { x: -1, y: 0 }]",
    ),
    ("list.iter().collect::<BinaryHeap<_>>()", "[9, 6, 4, 1, -5, 3, 2, -1]"),
    (
        "(0..11).map(|i| (i * 7 + 3) % 5).collect::<BinaryHeap<u32>>()",
        "[4, 4, 3, 3, 3, 2, 0, 2, 0, 1, 1]",
    ),
    ("(0..0).collect::<BinaryHeap<u8>>().peek()", "None"),
    ("words.iter().collect::<BinaryHeap<_>>()", '["gamma", "beta", "alpha", "", "Beta"]'),
]
REFUSED = [
    ("Point { x: 1, ..color }", "mismatched types: expected `Point`, found `Color`"),
    ("Point { z: 1, ..point }", "struct `Point` has no field named `z`"),
    (
        "floats.iter().copied().collect::<BinaryHeap<_>>()",
        "the trait bound `f64: Ord` is not satisfied",
    ),
    ("Point { x: 1 }", "missing field `y` in initializer of `Point`"),
]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with session_at_stop() as session:
        yield session


@pytest.mark.parametrize(("expression", "shown"), BUILT)
def test_what_is_built(session: Session, expression: str, shown: str) -> None:
    assert answer(session, expression) == (True, shown)


@pytest.mark.parametrize(("expression", "error"), REFUSED)
def test_what_cannot_be_built(session: Session, expression: str, error: str) -> None:
    assert answer(session, expression) == (False, error)
