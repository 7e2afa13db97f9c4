"""Building collections of items, by the type that ``collect`` is to give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cmp_to_key

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation
from crabtrap.expr.methods.walking import is_some, items_of, some
from crabtrap.expr.own_collections import KeyedEntries, KeyedItems, Order
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.typing.terms import Term, shown
from crabtrap.present.synthetic import element
from crabtrap.present.view import ALL, MapView, SequenceView
from crabtrap.symbols.types import synthetic_type
from crabtrap.values import Value


def collect(call: Invocation) -> Value:
    """``collect()``: without a known target, a list."""
    view = call.view
    target = call.generic("B")
    if target.name in ("?", "Vec") and isinstance(view, SequenceView) and not view.is_set:
        if view.length is not None and target.name == "?":
            return call.value
        name = shown(target) if target.name == "Vec" else ""
        return computed.listed(list(items_of(call)), name=name)
    return built(target, items_of(call), call)


def built(target: Term, items: Iterable[Value], call: Invocation) -> Value:
    """Build a collection of a type from items.

    Raises:
        EvaluationError: That type is not built here.
    """
    match target.name:
        case "?" | "Vec" | "VecDeque" | "Box" | "Rc" | "Arc" | "LinkedList":
            return _listed(target, items, call)
        case "BinaryHeap":
            return computed.listed(_heap(list(items), call), name=shown(target))
        case "String" | "Cow":
            return computed.text(b"".join(map(call.text_of, items)))
        case "HashSet" | "BTreeSet":
            members = ((call.comparer.key(item), item, item) for item in items)
            return set_of(target, KeyedEntries.of(members, _order_in(target, call)))
        case "HashMap" | "BTreeMap":
            return map_of(target, KeyedEntries.of(_entries(items, call), _order_in(target, call)))
        case "Option" | "Result":
            return _inside(target, items, call)
        case "tuple" if not target.args:
            return computed.unit()
        case _:
            raise EvaluationError(f"a {target} is not built here", call.tree.span)


def _listed(target: Term, items: Iterable[Value], call: Invocation) -> Value:
    if target.args and target.args[0].name == "str":
        return computed.text(b"".join(map(call.text_of, items)))
    return computed.listed(list(items), name="" if target.name == "?" else shown(target))


def _heap(items: list[Value], call: Invocation) -> list[Value]:
    """The items as std heaps them: each parent moves down while a child is larger."""
    for start in reversed(range(len(items) // 2)):
        at = start
        while (child := 2 * at + 1) < len(items):
            right = child + 1
            if right < len(items) and (call.comparer.order(items[child], items[right]) or 0) <= 0:
                child = right
            if (call.comparer.order(items[at], items[child]) or 0) >= 0:
                break
            items[at], items[child] = items[child], items[at]
            at = child
    return items


def sorted_items(items: Iterable[Value], call: Invocation) -> list[Value]:
    """The items in their order, equal ones as they come."""
    return sorted(items, key=cmp_to_key(lambda a, b: call.comparer.order(a, b) or 0))


def _order_in(target: Term, call: Invocation) -> Order | None:
    return call.comparer.order if target.name.startswith("BTree") else None


def _entries(items: Iterable[Value], call: Invocation) -> Iterator[tuple[object, Value, Value]]:
    for item in items:
        pair, _ = call.comparer.look_through(item)
        key = element(pair, 0)
        yield call.comparer.key(key), key, element(pair, 1)


def map_of(target: Term, entries: KeyedEntries) -> Value:
    """A map of a type."""
    return computed.of_view(synthetic_type("opaque", shown(target)), MapView(entries))


def set_of(target: Term, entries: KeyedEntries) -> Value:
    """A set of a type, whose members are the keys of ``entries``."""
    view = SequenceView(KeyedItems(entries), is_set=True)
    return computed.of_view(synthetic_type("opaque", shown(target)), view)


def keyed(call: Invocation, target: Term, view: MapView | SequenceView) -> KeyedEntries:
    """The entries of a map or members of a set, as an expression changes them."""
    if isinstance(view, MapView):
        if isinstance(view.entries, KeyedEntries):
            return view.entries
        pairs = call.watched(view.entries.walk(0, ALL))
    else:
        if isinstance(view.items, KeyedItems):
            return view.items.entries
        pairs = ((item, item) for item in call.watched(view.items.walk(0, ALL)))
    entries = ((call.comparer.key(key), key, value) for key, value in pairs)
    return KeyedEntries.of(entries, _order_in(target, call))


def _inside(target: Term, items: Iterable[Value], call: Invocation) -> Value:
    """Collect what is in ``Some`` or ``Ok``; the first ``None`` or ``Err`` is the result."""
    inner: list[Value] = []
    for item in items:
        if not is_some(item, call):
            return item
        inner.append(some(item, call))
    found = built(target.args[0], inner, call)
    return computed.option(found) if target.name == "Option" else computed.ok(found)


def partition(call: Invocation) -> Value:
    """``partition(test)``: what passes, and the rest."""
    test = call.test()
    target = call.generic("B")
    passed: list[Value] = []
    failed: list[Value] = []
    for item in items_of(call):
        (passed if test(item) else failed).append(item)
    return computed.tuple_of((built(target, passed, call), built(target, failed, call)))


def unzip(call: Invocation) -> Value:
    """``unzip()``: the first parts of pairs, and the second."""
    pairs = [call.comparer.look_through(item)[0] for item in items_of(call)]
    first = built(call.generic("FA"), [element(pair, 0) for pair in pairs], call)
    second = built(call.generic("FB"), [element(pair, 1) for pair in pairs], call)
    return computed.tuple_of((first, second))
