"""Building collections of items, by the type that ``collect`` is to give."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cmp_to_key

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation
from crabtrap.expr.methods.walking import is_some, items_of, some
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.typing.terms import Term, shown
from crabtrap.present.synthetic import element
from crabtrap.present.view import ListedItems, MapView, SequenceView
from crabtrap.records import dataclass
from crabtrap.symbols.types import synthetic_type
from crabtrap.values import Value


@dataclass(frozen=True, slots=True)
class ListedEntries:
    """Entries of a map that are given."""

    pairs: tuple[tuple[Value, Value], ...]

    @property
    def length(self) -> int:
        """Number of entries."""
        return len(self.pairs)

    def walk(self, start: int, stop: int) -> Iterator[tuple[Value, Value]]:
        """Yield entries ``[start, stop)``."""
        return iter(self.pairs[start:stop])


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
        case "HashSet":
            return _set(target, _distinct(items, call))
        case "BTreeSet":
            return _set(target, sorted_items(_distinct(items, call), call))
        case "HashMap" | "BTreeMap":
            return _map(target, items, call)
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


def _set(target: Term, items: list[Value]) -> Value:
    view = SequenceView(ListedItems(tuple(items)), is_set=True)
    return computed.of_view(synthetic_type("opaque", shown(target)), view)


def _distinct(items: Iterable[Value], call: Invocation) -> list[Value]:
    """Each item once, the first of equal ones."""
    found: dict[object, Value] = {}
    for item in items:
        found.setdefault(call.comparer.key(item), item)
    return list(found.values())


def sorted_items(items: Iterable[Value], call: Invocation) -> list[Value]:
    """The items in their order, equal ones as they come."""
    return sorted(items, key=cmp_to_key(lambda a, b: call.comparer.order(a, b) or 0))


def _map(target: Term, items: Iterable[Value], call: Invocation) -> Value:
    """A map; of equal keys the first stays, with the last value."""
    keys: dict[object, Value] = {}
    values: dict[object, Value] = {}
    for item in items:
        pair, _ = call.comparer.look_through(item)
        key = element(pair, 0)
        known = call.comparer.key(key)
        keys.setdefault(known, key)
        values[known] = element(pair, 1)
    pairs = [(keys[known], values[known]) for known in keys]
    if target.name == "BTreeMap":
        pairs.sort(key=cmp_to_key(lambda a, b: call.comparer.order(a[0], b[0]) or 0))
    view = MapView(ListedEntries(tuple(pairs)))
    return computed.of_view(synthetic_type("opaque", shown(target)), view)


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
