"""What an expression has made itself may change, and the program never does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crabtrap import Session
from crabtrap.expr import computed
from crabtrap.expr.own_collections import ChunkedItems, KeyedEntries
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


MANY = [
    ("(0..3000).fold(Vec::new(), |mut v, x| { v.push(x); v }).len()", "3000"),
    ("(0..3000).fold(HashMap::new(), |mut m, x| { m.insert(x, x); m }).len()", "3000"),
    (
        "(0..3000).fold(BTreeMap::new(), |mut m, x| { m.insert(-x, x); m }).values().next()",
        "Some(2999)",
    ),
    (
        "(0..3000).fold(HashSet::new(), |mut s, x| { s.insert(x); s.remove(&(x / 2)); s }).len()",
        "1500",
    ),
    (
        "(0..3000).fold(HashMap::new(), |mut m, x| { *m.entry(x / 2).or_insert(0) += x; m })[&7]",
        "29",
    ),
    (
        "(0..3000).fold(vec![], |mut v, x| { v.push(x); if x % 2 == 0 { v.pop(); } v })[1499]",
        "2999",
    ),
]


@pytest.mark.parametrize(("expression", "value"), MANY)
def test_each_change_costs_the_same_however_many_there_were(
    session: Session, expression: str, value: str
):
    # What is compared is limited: by a walk over all for each change there would be too many.
    assert answer(session, expression) == (True, value)


def test_what_a_changed_collection_came_from_stays():
    items = ChunkedItems.of(())
    versions = [items]
    for number in range(700):
        versions.append(versions[-1].appended(computed.usize(number)))
    shorter = versions[300].shortened().appended(computed.usize(9))
    assert [each.length for each in versions] == list(range(701))
    assert [each.integer() for each in versions[260].walk(250, 999)] == list(range(250, 260))
    assert [each.integer() for each in shorter.walk(298, 300)] == [298, 9]
    assert [each.integer() for each in versions[700].walk(298, 301)] == [298, 299, 300]


def test_entries_keep_their_first_keys_and_the_order_in_which_they_came():
    a, b, c = (computed.usize(number) for number in (1, 2, 3))
    entries = KeyedEntries.of([("y", a, a), ("x", b, b), ("y", c, c)], None)
    assert list(entries.walk(0, 9)) == [(a, c), (b, b)]
    changed = entries.with_entry("x", c, a).without("y").with_entry("y", b, b)
    assert list(changed.walk(0, 9)) == [(b, a), (b, b)]
    assert (entries.find("y"), entries.find("z"), entries.length) == ((a, c), None, 2)
