"""Methods that change a map or a set: of variables of the expression's own alone."""

from __future__ import annotations

from collections.abc import Iterable

from crabtrap.expr import computed
from crabtrap.expr.lookups import look_up
from crabtrap.expr.methods.collecting import built, keyed, map_of, set_of
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.walking import walk_value
from crabtrap.expr.own_collections import KeyedEntries
from crabtrap.expr.own_places import Place, reference_to
from crabtrap.expr.scope import EvaluationError
from crabtrap.present.view import ALL, MapView, RecordView, SequenceView
from crabtrap.records import dataclass
from crabtrap.symbols.types import synthetic_type
from crabtrap.values import Value

Pair = tuple[Value, Value]


def _map(call: Invocation) -> MapView:
    return call.view_as(MapView, "a map")


def _pairs(call: Invocation) -> list[Pair]:
    return list(call.watched(_map(call).entries.walk(0, ALL)))


def _become(call: Invocation, pairs: Iterable[Pair]) -> None:
    call.become(built(call.owner, map(computed.tuple_of, pairs), call))


def _insert(call: Invocation) -> Value:
    key, value = call.argument(0), call.argument(1)
    entries, known = keyed(call, call.owner, _map(call)), call.comparer.key(key)
    before = entries.find(known)
    call.become(map_of(call.owner, entries.with_entry(known, key, value)))
    return computed.option(None if before is None else before[1])


def _remove(call: Invocation) -> Value:
    entries, known = keyed(call, call.owner, _map(call)), call.comparer.key(call.argument())
    removed = entries.find(known)
    call.become(map_of(call.owner, entries.without(known)))
    return computed.option(None if removed is None else removed[1])


def _clear(call: Invocation) -> Value:
    _become(call, ())
    return computed.unit()


def _extend(call: Invocation) -> Value:
    added = walk_value(call.argument(), call)
    call.become(built(call.owner, [*map(computed.tuple_of, _pairs(call)), *added], call))
    return computed.unit()


def _retain(call: Invocation) -> Value:
    test, kept = call.test(), list[Pair]()
    for key, place in _places(call):
        if test(key, reference_to(place)):
            kept.append((key, place.read()))
    _become(call, kept)
    return computed.unit()


def _pop_end(call: Invocation) -> Value:
    """``pop_first`` and ``pop_last``."""
    entries, owner = keyed(call, call.owner, _map(call)), call.owner
    end = _end(call, entries)
    if end is None:
        return computed.option(None)
    call.become(map_of(owner, entries.without(call.comparer.key(end[0]))))
    return computed.option(computed.tuple_of(end))


def _end(call: Invocation, entries: KeyedEntries) -> Pair | None:
    at = 0 if call.tree.name == "pop_first" else max(entries.length - 1, 0)
    return next(entries.walk(at, at + 1), None)


# -- values by their keys --------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class MapValue:
    """The value of a key that a map has."""

    call: Invocation
    whole: Place
    key: Value

    def _view(self) -> MapView:
        _, view = self.call.comparer.look_through(self.whole.read())
        assert isinstance(view, MapView)  # no place of a map becomes something else
        return view

    def read(self) -> Value:
        """The value that is there now."""
        found = look_up(self._view(), self.key, self.call.comparer)
        if found is None:
            raise EvaluationError("no such key in the map")
        return found

    def write(self, value: Value) -> None:
        """Put another value there."""
        owner = self.call.owner
        map_ = owner.args[2] if owner.name == "Entry" else owner
        entries, known = keyed(self.call, map_, self._view()), self.call.comparer.key(self.key)
        self.whole.write(map_of(map_, entries.with_entry(known, self.key, value)))


@dataclass(frozen=True, slots=True)
class EntryView(RecordView):
    """The place of a key in a map, whether the map has it or not."""

    whole: Place | None = None


def _entry(call: Invocation) -> Value:
    view = EntryView("Entry", (("key", call.argument()),), whole=call.place)
    return computed.of_view(synthetic_type("opaque", "Entry"), view)


def _entry_of(call: Invocation) -> tuple[MapValue, Value | None]:
    """The place that an entry stands for, and the value that is there."""
    view = call.view
    assert isinstance(view, EntryView)  # only `entry` gives such a value
    assert view.whole is not None  # it is the expression's own, as `entry` has seen
    place = MapValue(call, view.whole, view.fields[0][1])
    _, have = call.comparer.look_through(view.whole.read())
    assert isinstance(have, MapView)  # only maps have entries
    return place, look_up(have, place.key, call.comparer)


def _or_insert(call: Invocation) -> Value:
    place, found = _entry_of(call)
    if found is None:
        place.write(call.argument())
    return reference_to(place)


def _or_insert_with(call: Invocation) -> Value:
    place, found = _entry_of(call)
    if found is None:
        place.write(call.function()())
    return reference_to(place)


def _or_default(call: Invocation) -> Value:
    place, found = _entry_of(call)
    if found is None:
        place.write(computed.default_of(call.generic("V"), call.tree.span))
    return reference_to(place)


def _and_modify(call: Invocation) -> Value:
    place, found = _entry_of(call)
    if found is not None:
        call.function()(reference_to(place))
    return call.value


def get_mut(call: Invocation) -> Value:
    """``get_mut(key)``: of a variable a reference that can change the value."""
    key = call.argument()
    found = look_up(_map(call), key, call.comparer)
    if found is None or call.place is None:
        return computed.option(found)
    return computed.option(reference_to(MapValue(call, call.place, key)))


def values_mut(call: Invocation) -> Value:
    """``values_mut()``: of a variable references that can change the values."""
    return computed.listed([value for _, value in _references(call)], name="impl Iterator")


def iter_mut(call: Invocation) -> Value:
    """``iter_mut()``: the keys, with references to the values."""
    return computed.listed(list(map(computed.tuple_of, _references(call))), name="impl Iterator")


def _references(call: Invocation) -> list[Pair]:
    if call.place is None:
        return _pairs(call)
    return [(key, reference_to(place)) for key, place in _places(call)]


def _places(call: Invocation) -> list[tuple[Value, MapValue]]:
    """The keys of a map of the expression's own, with the places of their values."""
    whole = call.place
    assert whole is not None  # the check of types has seen that it may change
    return [(key, MapValue(call, whole, key)) for key, _ in _pairs(call)]


# -- sets ------------------------------------------------------------------------------------
def _members(call: Invocation) -> list[Value]:
    return list(call.watched(_set(call).items.walk(0, ALL)))


def _set(call: Invocation) -> SequenceView:
    return call.view_as(SequenceView, "a set")


def _add(call: Invocation) -> Value:
    item = call.argument()
    entries, known = keyed(call, call.owner, _set(call)), call.comparer.key(item)
    is_new = entries.find(known) is None
    if is_new:  # an equal member stays, and is not replaced
        call.become(set_of(call.owner, entries.with_entry(known, item, item)))
    return computed.boolean(is_new)


def _drop(call: Invocation) -> Value:
    entries, known = keyed(call, call.owner, _set(call)), call.comparer.key(call.argument())
    call.become(set_of(call.owner, entries.without(known)))
    return computed.boolean(entries.find(known) is not None)


def _pop_member(call: Invocation) -> Value:
    entries = keyed(call, call.owner, _set(call))
    end = _end(call, entries)
    if end is None:
        return computed.option(None)
    call.become(set_of(call.owner, entries.without(call.comparer.key(end[0]))))
    return computed.option(end[0])


def _empty(call: Invocation) -> Value:
    call.become(built(call.owner, (), call))
    return computed.unit()


def _add_all(call: Invocation) -> Value:
    added = walk_value(call.argument(), call)
    call.become(built(call.owner, [*_members(call), *added], call))
    return computed.unit()


def _keep(call: Invocation) -> Value:
    call.become(built(call.owner, list(filter(call.test(), _members(call))), call))
    return computed.unit()


MAP: dict[str, Method] = {
    "fn insert(&mut self, k: K, v: V) -> Option<V>": _insert,
    "fn entry(&mut self, key: K) -> Entry<K, V, Self>": _entry,
    "fn remove(&mut self, k: impl BorrowOf<K>) -> Option<V>": _remove,
    "fn clear(&mut self)": _clear,
    "fn extend(&mut self, iter: impl IntoIterator<Item = (K, V)>)": _extend,
    "fn retain(&mut self, f: impl FnMut(&K, &mut V) -> bool)": _retain,
}
"""Of maps."""

SET: dict[str, Method] = {
    "fn insert(&mut self, value: T) -> bool": _add,
    "fn remove(&mut self, value: impl BorrowOf<T>) -> bool": _drop,
    "fn clear(&mut self)": _empty,
    "fn extend(&mut self, iter: impl IntoIterator<Item = T>)": _add_all,
    "fn retain(&mut self, f: impl FnMut(&T) -> bool)": _keep,
}
"""Of sets."""

TREE_MAP: dict[str, Method] = {
    f"fn {name}(&mut self) -> Option<(K, V)>": _pop_end for name in ("pop_first", "pop_last")
}
"""Of ``BTreeMap``."""

TREE_SET: dict[str, Method] = {
    f"fn {name}(&mut self) -> Option<T>": _pop_member for name in ("pop_first", "pop_last")
}
"""Of ``BTreeSet``."""

ENTRY: dict[str, Method] = {
    "fn or_insert(self, default: V) -> &mut V": _or_insert,
    "fn or_insert_with(self, default: impl FnOnce() -> V) -> &mut V": _or_insert_with,
    "fn or_default(self) -> &mut V": _or_default,
    "fn and_modify(self, f: impl FnOnce(&mut V)) -> Self": _and_modify,
}
"""Of the entry of a map."""
