"""Functions of std's modules that belong to no type: ``iter::once``, ``mem::swap``."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, repeat

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.walking import MAX_WALK, is_some, some, walk_value
from crabtrap.expr.own_places import Place, referred
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.typing.terms import REFERENCES
from crabtrap.present.view import RecordView, ScalarView
from crabtrap.values import Value, decode


def _given(call: Invocation) -> Value:
    return call.argument()


# -- iter ------------------------------------------------------------------------------------
def _listed(*values: Value) -> Value:
    return computed.listed(values, name="impl Iterator")


def _repeat(call: Invocation) -> Value:
    value = call.argument()
    return computed.lazily(lambda: repeat(value))


def _repeat_n(call: Invocation) -> Value:
    value, count = call.argument(0), call.size(1)
    if count > MAX_WALK:
        return computed.lazily(lambda: repeat(value, count))
    return _listed(*[value] * count)


def _successors(call: Invocation) -> Value:
    item, function = call.argument(0), call.function(1)

    def begin() -> Iterator[Value]:
        found = item
        while is_some(found, call):
            yield some(found, call)
            found = function(some(found, call))

    return computed.lazily(begin)


def _zip(call: Invocation) -> Value:
    left, right = call.argument(0), call.argument(1)

    def begin() -> Iterator[Value]:
        pairs = zip(walk_value(left, call), walk_value(right, call), strict=False)
        return map(computed.tuple_of, pairs)

    return computed.lazily(begin)


ITER: dict[str, Method] = {
    "fn once<T>(value: T) -> Exact<T>": lambda call: _listed(call.argument()),
    "fn repeat<T: Clone>(elt: T) -> Iter<T>": _repeat,
    "fn repeat_n<T: Clone>(element: T, count: usize) -> Exact<T>": _repeat_n,
    "fn empty<T>() -> Exact<T>": lambda call: _listed(*islice((call.value,), 0)),
    "fn successors<T>(first: Option<T>, succ: impl FnMut(&T) -> Option<T>) -> Iter<T>": (
        _successors
    ),
    "fn zip<A, B>(a: impl IntoIterator<Item = A>, b: impl IntoIterator<Item = B>) "
    "-> Iter<(A, B)>": _zip,
}
"""Of ``std::iter``."""


# -- mem -------------------------------------------------------------------------------------
def _place(call: Invocation, index: int) -> Place:
    place = referred(call.argument(index))
    if place is None:
        raise EvaluationError(
            f"{call.tree.name} changes what it is given, which is not the expression's own",
            call.tree.span,
        )
    return place


def _swap(call: Invocation) -> Value:
    a, b = _place(call, 0), _place(call, 1)
    before = a.read()
    a.write(b.read())
    b.write(before)
    return computed.unit()


def _replace(call: Invocation) -> Value:
    place = _place(call, 0)
    before = place.read()
    place.write(call.argument(1))
    return before


def _take(call: Invocation) -> Value:
    place = _place(call, 0)
    before = place.read()
    place.write(computed.default_of(call.generic("T"), call.tree.span))
    return before


def _discriminant(call: Invocation) -> Value:
    """``discriminant(&x)``: the variant, by its name; std's number of it is not defined."""
    value, view = call.comparer.look_through(call.argument())
    if call.generic("T").name in REFERENCES:
        raise EvaluationError("a reference has no variants", call.tree.span)
    if isinstance(view, RecordView) and view.variant:
        name = view.name
    elif isinstance(view, ScalarView) and value.shape.kind == "enum":
        value.valid()  # raises where no variant has its number
        name = decode.enumerator_name(value.shape, value.read_bytes())
    else:
        raise EvaluationError(f"{value.type.name} has no variants", call.tree.span)
    variant = computed.record(name or "", (), type_name=value.type.name, variant=True)
    return computed.std_tuple("Discriminant", variant)


MEM: dict[str, Method] = {
    "fn discriminant<T>(v: &T) -> Discriminant<T>": _discriminant,
    "fn swap<T>(x: &mut T, y: &mut T)": _swap,
    "fn replace<T>(dest: &mut T, src: T) -> T": _replace,
    "fn take<T: Default>(dest: &mut T) -> T": _take,
}
"""Of ``std::mem``."""

CONVERT: dict[str, Method] = {"fn identity<T>(x: T) -> T": _given}
"""Of ``std::convert``."""
