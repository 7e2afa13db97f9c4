"""What an expression has made itself may change, and the program never does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crabtrap import Session
from tests.support.oracle.verdicts import answer, session_at_stop

OF_THE_PROGRAM = [
    ("a_i32 = 5", "an expression changes nothing of the program"),
    ("list[0] += 5", "an expression changes nothing of the program"),
    ("{ let p = &mut point; p.x = 3; p.x }", "this reference cannot be changed"),
    ("list.push(3)", "`push` changes its receiver, a `Vec<i32>` of the program"),
    ("nested[0].sort()", "`sort` changes its receiver"),
    ("ref_cell.borrow_mut().push(1)", "`push` changes its receiver"),
    ('tree.entry(1).or_insert("x")', "`entry` changes its receiver"),
    ("list.iter().for_each(|x| list.push(*x))", "`push` changes its receiver"),
    ("list.iter_mut().for_each(|x| *x = 1)", "this reference cannot be changed"),
    ("std::mem::swap(&mut list, &mut vec![1])", "swap changes what it is given"),
    ("std::mem::take(&mut text)", "take changes what it is given"),
]
LEFT_AS_THEY_ARE = [
    ("{ let mut v = list.clone(); v.clear(); list.len() }", "8"),
    ("{ let mut p = point; p.x = 99; point.x }", "-7"),
    ("{ let mut t = text.clone(); t.push('x'); text.len() - t.len() + 1 }", None),
    ('{ let mut m = tree.clone(); m.insert(1, "x"); tree[&1] }', '"one"'),
    ("{ let mut n = nested.clone(); n[0].push(9); (n[0].len(), nested[0].len()) }", "(3, 2)"),
]


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with session_at_stop() as session:
        yield session


@pytest.mark.parametrize(("expression", "error"), OF_THE_PROGRAM)
def test_what_is_the_programs_does_not_change(
    session: Session, expression: str, error: str
) -> None:
    before = answer(session, "(list, point, nested, ref_cell, tree, text)")
    has_value, text = answer(session, expression)
    assert not has_value
    assert error in text
    assert answer(session, "(list, point, nested, ref_cell, tree, text)") == before


@pytest.mark.parametrize(("expression", "shown"), LEFT_AS_THEY_ARE)
def test_a_copy_changes_alone(session: Session, expression: str, shown: str | None) -> None:
    has_value, text = answer(session, expression)
    assert (has_value, text) == (True, shown) if shown else "overflow" in text


def test_a_closure_that_may_be_called_at_any_time_does_not_change_what_is_around_it(
    session: Session,
) -> None:
    lazy = "{ let mut n = 0; list.iter().ADAPTER(|x| { n += 1; ANSWER }).count() }"
    for adapter, result in [
        ("map", "n"),
        ("filter", "true"),
        ("take_while", "true"),
        ("filter_map", "Some(n)"),
        ("inspect", "()"),
        ("flat_map", "Some(n)"),
    ]:
        text = lazy.replace("ADAPTER", adapter).replace("ANSWER", result)
        has_value, error = answer(session, text)
        assert not has_value
        assert f"which `{adapter}` does not" in error
