"""Any tree, written down, parses to the same tree; any text parses or says where not."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from crabtrap.errors import ParseError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.parser import parse
from crabtrap.expr.syntax.unparse import unparse

NAMES = st.sampled_from(["a", "b", "count", "x1", "_under", "self"])
FIELDS = st.one_of(NAMES, st.sampled_from(["0", "1"]))
TYPES = st.sampled_from(
    ["u8", "*const u8", "&str", "Vec<u8>", "(u8, i32)", "[u8; 4]", "m::T<A, B>"]
)

literals = st.one_of(
    st.builds(
        nodes.Literal,
        st.just("integer"),
        st.integers(0, 2**128 - 1),
        st.sampled_from(["", "u8", "i64", "usize"]),
    ),
    st.builds(
        nodes.Literal,
        st.just("float"),
        st.floats(0, 1e300, allow_nan=False, allow_subnormal=False),
        st.sampled_from(["", "f32", "f64"]),
    ),
    st.builds(nodes.Literal, st.just("bool"), st.booleans()),
    st.builds(nodes.Literal, st.just("text"), st.text(st.characters(exclude_categories=["Cs"]))),
    st.builds(nodes.Literal, st.just("char"), st.characters(exclude_categories=["Cs"])),
    st.builds(nodes.Literal, st.just("byte"), st.integers(0, 255), st.just("u8")),
    st.builds(nodes.Literal, st.just("bytes"), st.binary(max_size=8)),
)
segments = st.builds(nodes.Segment, NAMES, st.lists(TYPES, max_size=2).map(tuple))
paths = st.builds(
    nodes.Path,
    st.lists(segments, min_size=1, max_size=3).map(tuple),
    st.sampled_from(["", "T", "m::Dog as Animal"]),
)
atoms = st.one_of(
    literals,
    paths,
    st.builds(nodes.Dollar, NAMES),
    st.builds(nodes.History, st.integers(0, 99), st.booleans()),
)
number_patterns = st.integers(0, 99).map(lambda n: nodes.Literal("integer", n))


def pattern_branches(inner):
    items = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(nodes.Constructor, paths, items),
        st.builds(nodes.Constructor, st.none(), st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(nodes.SliceOf, items),
        st.builds(nodes.Reference, inner),
        st.builds(nodes.Bind, NAMES, inner),
        st.builds(
            nodes.Fields,
            paths,
            st.lists(st.tuples(NAMES, inner), max_size=2).map(tuple),
            st.booleans(),
        ),
        st.lists(
            inner.filter(lambda p: not isinstance(p, nodes.Either)), min_size=2, max_size=3
        ).map(lambda options: nodes.Either(tuple(options))),
    )


patterns = st.recursive(
    st.one_of(
        st.just(nodes.Wildcard()),
        st.builds(nodes.Bind, NAMES),
        st.builds(nodes.Equals, number_patterns),
        st.builds(nodes.Between, number_patterns, number_patterns, st.booleans()),
        st.builds(nodes.Between, number_patterns, st.none(), st.just(False)),
    ),
    pattern_branches,
    max_leaves=5,
)
ARITHMETIC = ["+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^"]
OPERATORS = [*ARITHMETIC, "==", "!=", "<", "<=", ">", ">=", "&&", "||"]


def branches(inner):
    items = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(
            nodes.Unary,
            st.sampled_from(["-", "!", "*", "&", "&mut", "&raw const", "&raw mut"]),
            inner,
        ),
        st.builds(nodes.Binary, st.sampled_from(OPERATORS), inner, inner),
        st.builds(nodes.Cast, inner, TYPES),
        st.builds(nodes.FieldAccess, inner, FIELDS),
        st.builds(nodes.Index, inner, inner),
        st.builds(nodes.RangeOf, inner, inner, st.booleans()),
        st.builds(nodes.Call, inner, items),
        st.builds(nodes.MethodCall, inner, NAMES, items, st.lists(TYPES, max_size=2).map(tuple)),
        st.builds(nodes.Closure, st.lists(patterns, max_size=2).map(tuple), inner).map(
            lambda closure: nodes.MethodCall(closure.body, "map", (closure,))
        ),
        st.builds(nodes.TupleOf, items),
        st.builds(nodes.ArrayOf, items),
        st.builds(nodes.Repeat, inner, inner),
        st.builds(
            nodes.StructOf,
            paths,
            st.lists(st.tuples(NAMES, inner), max_size=2).map(tuple),
            st.none() | inner,
        ),
        st.builds(nodes.Matches, inner, patterns, st.none() | inner),
    )


trees = st.recursive(atoms, branches, max_leaves=8)


@given(trees)
@settings(deadline=None, max_examples=150)
def test_written_trees_parse_to_themselves(tree):
    assert parse(unparse(tree)) == tree


@given(trees, trees, st.sampled_from([None, *ARITHMETIC]))
@settings(deadline=None, max_examples=100)
def test_assignments_too(target, value, operator):
    tree = nodes.Assign(target, value, operator)
    assert parse(unparse(tree)) == tree


@given(st.text(alphabet="ab01.:<>()[]{}|&*+-=!'\"$ #,;?_\\nux", max_size=40))
@settings(deadline=None, max_examples=300)
def test_any_text_parses_or_says_where_not(text):
    tree = error = None
    try:
        tree = parse(text)
    except ParseError as caught:
        error = caught
    if error is not None:
        assert 0 <= error.start <= error.end <= len(text)
        assert str(error)
    else:
        assert parse(unparse(tree)) == tree
