"""What chains begin with: sequences, their windows and chunks, maps, and ranges."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from crabtrap.expr import own_places
from crabtrap.expr.loops.item_sources import (
    Source,
    bucket_source,
    column_source,
    find_source,
    key_source,
)
from crabtrap.expr.loops.loop_code import INDEX, CannotLoopError, Code, Node
from crabtrap.expr.loops.pipeline import Base, Numbers
from crabtrap.expr.loops.shapes import Outer, Place, Scalar, Shape, Slice, Tuple, scalar_name
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.height import children
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.present.containers.btree import TreeEntries, TreeKeys
from crabtrap.present.containers.hashtable import HashItems
from crabtrap.present.containers.packed_tree import packed
from crabtrap.present.view import MapView, RangeView, SequenceView, TextView, View
from crabtrap.records import dataclass
from crabtrap.values import Value

if TYPE_CHECKING:
    from crabtrap.expr.evaluate import Evaluator
    from crabtrap.expr.loops.bodies import Bodies

MOST_COUNTED = 1 << 26
"""Most numbers of a range that a loop goes over before it gives up."""

_SAME = ("iter", "iter_mut", "into_iter", "copied", "cloned")
_SLICES = ("windows", "chunks", "chunks_exact")
_PARTS = ("keys", "values", "into_keys", "into_values", "values_mut")
MOST_TABLE = 1 << 26
"""Most bytes that are read before a loop: of sequences that closures index, and of trees."""
_MOST_WINDOW = 1 << 12
"""Longest windows and chunks that a loop goes over."""
_EMPTY = 0x80
"""Control bytes of a hash table from here on mean that a bucket is not in use."""
_MOST_OPEN_NARROW = 32
"""Ranges of narrower numbers that are open end soon, and with an overflow."""


@dataclass(frozen=True, slots=True)
class Start:
    """The value that the outermost chain begins with.

    Attributes:
        source: Items in memory; ``None`` for the numbers of a range.
        width: How many items side by side belong to one of the chain's.
        number: The type of a range's numbers.
        table: The hash table whose buckets ``source`` has.
        part: The method that chooses keys, values or both of a map; "set" of a set.
        tree: The tree, whose entries are read before the loop.
    """

    source: Source | None
    numbers: Numbers
    width: int = 1
    number: str = ""
    is_open: bool = False
    slices: str = ""
    table: HashItems | None = None
    part: str = ""
    tree: TreeEntries | None = None


def is_plain(tree: object) -> bool:
    """Whether a tree only names a value or a part of one: evaluating it twice costs little."""
    match tree:
        case nodes.Path() | nodes.Dollar() | nodes.History() | nodes.Literal() | None:
            return True
        case nodes.FieldAccess(base, _):
            return is_plain(base)
        case nodes.Unary(_, operand) | nodes.Cast(operand, _):
            return is_plain(operand)
        case nodes.Index(left, right) | nodes.Binary(_, left, right):
            return is_plain(left) and is_plain(right)
        case nodes.RangeOf(start, end):
            return is_plain(start) and is_plain(end)
        case nodes.MethodCall(receiver, _, arguments):
            return is_plain(receiver) and all(map(is_plain, arguments))
        case _:
            return False


def refuse_change(evaluator: Evaluator, tree: object) -> None:
    """Refuse what changes a variable of the expression's own, or an iterator in one.

    Raises:
        CannotLoopError: It does, or may.
    """
    match tree:
        case nodes.Assign() | nodes.Unary(operator="&mut"):
            raise CannotLoopError
        case nodes.MethodCall():
            typed = evaluator.typing.calls.get(id(tree))
            changes = typed is None or typed.entry.signature.receiver.startswith("&mut")
            if changes and (typed is None or typed.entry.owner_name != "Iter"):
                raise CannotLoopError
        case nodes.Path() if own_places.is_own(evaluator, tree) and _goes_on(evaluator, tree):
            raise CannotLoopError
        case _:
            return


def _goes_on(evaluator: Evaluator, tree: Expression) -> bool:
    """Whether a variable, or a part of one, is or may be an iterator.

    Such a one goes on after what was taken from it, and one that is made here does not.
    """
    if isinstance(tree, nodes.MethodCall | nodes.RangeOf):
        return False
    name = evaluator.term(tree).name
    return name in ("Iter", "&mut", "?") or name.startswith("Range")


def find_start(evaluator: Evaluator, tree: Expression) -> Start:
    """Evaluate what a chain begins with.

    Raises:
        CannotLoopError: It is nothing that a loop goes over.
    """
    if not is_plain(tree):
        raise CannotLoopError
    _refuse_changes(evaluator, tree)
    if _goes_on(evaluator, tree) and _has_own(evaluator, tree):
        raise CannotLoopError
    typed = evaluator.typing.calls.get(id(tree))
    name = tree.name if isinstance(tree, nodes.MethodCall) and typed is not None else ""
    if isinstance(tree, nodes.MethodCall) and typed is not None:
        if name in _SLICES and typed.entry.owner_name == "slice":
            return _slices(evaluator, tree)
        if name in _SAME or name in _PARTS:
            found = _map_part(evaluator, tree)
            if found is not None:
                return found
    value = evaluator.value(tree)
    return _start_of(evaluator, value)


def _refuse_changes(evaluator: Evaluator, tree: object) -> None:
    refuse_change(evaluator, tree)
    for each in children(tree):
        _refuse_changes(evaluator, each)


def _has_own(evaluator: Evaluator, tree: object) -> bool:
    if isinstance(tree, nodes.Path) and own_places.is_own(evaluator, tree):
        return True
    return any(_has_own(evaluator, each) for each in children(tree))


def _view(evaluator: Evaluator, value: Value) -> View:
    return evaluator.comparer.look_through(value)[1]


def _start_of(evaluator: Evaluator, value: Value) -> Start:
    view = _view(evaluator, value)
    if isinstance(view, RangeView):
        return _range(view)
    source = find_source(view)
    if source is None:
        raise CannotLoopError
    return Start(source, Numbers(0, 1, source.length))


def _range(view: RangeView) -> Start:
    if view.start is None:
        raise CannotLoopError
    end = view.end
    named = [each for each in (view.start, end) if each is not None]
    types = {scalar_name(each.type) for each in named} - {None}
    type_ = types.pop() if len(types) == 1 else None
    if type_ is None or type_[0] not in "iu" or type_.endswith("128"):
        raise CannotLoopError
    if any(scalar_name(each.type) is None for each in named):
        raise CannotLoopError
    first = view.start.integer()
    if end is None:
        if view.start.shape.size is None or view.start.shape.size * 8 < _MOST_OPEN_NARROW:
            raise CannotLoopError
        return Start(None, Numbers(first, 1, MOST_COUNTED), 0, type_, is_open=True)
    count = max(end.integer() + view.inclusive - first, 0)
    return Start(None, Numbers(first, 1, count), 0, type_)


def _slices(evaluator: Evaluator, tree: nodes.MethodCall) -> Start:
    source = find_source(_view(evaluator, evaluator.value(tree.receiver)))
    size = evaluator.operand(tree.arguments[0]).integer()
    if source is None or not 1 <= size <= _MOST_WINDOW:
        raise CannotLoopError
    length = source.length
    if tree.name == "windows":
        numbers = Numbers(0, 1, max(length - size + 1, 0))
    elif tree.name == "chunks_exact":
        numbers = Numbers(0, size, length // size)
    else:
        numbers = Numbers(0, size, -(-length // size))
    return Start(source, numbers, size, slices=tree.name)


def _map_part(evaluator: Evaluator, tree: nodes.MethodCall) -> Start | None:
    view = _view(evaluator, evaluator.value(tree.receiver))
    table = None
    if isinstance(view, MapView):
        if isinstance(view.entries, TreeEntries):
            return _tree(view.entries, tree.name)
        table = bucket_source(view.entries)
    elif isinstance(view, SequenceView) and view.is_set:
        if isinstance(view.items, TreeKeys):
            return _tree(view.items.entries, "keys")
        table = key_source(view.items)
    elif isinstance(view, TextView) or tree.name in _PARTS:
        raise CannotLoopError
    else:
        return None
    if table is None:
        raise CannotLoopError
    source, items = table
    part = "set" if isinstance(view, SequenceView) else tree.name
    numbers = Numbers(0, 1, source.length).reversed()
    return Start(source, numbers, table=items, part=part)


def _tree(entries: TreeEntries, part: str) -> Start:
    if not entries.length:
        raise CannotLoopError
    return Start(None, Numbers(0, 1, entries.length), 0, part=part, tree=entries)


def base_of(code: Code, start: Start, buffer: int = 0) -> Base:
    """What the pipeline of a chain needs to know of its beginning."""
    numbers, count = start.numbers, code.constant(start.numbers.count)
    length = None if start.is_open else numbers.count
    source = start.source
    if start.tree is not None:
        return _tree_base(code, start, start.tree)
    if source is None:
        return Base(
            numbers, lambda at: Scalar(at, start.number), count, start.is_open, None, length
        )
    if start.table is not None:
        return _table_base(code, start, start.table, source)
    if start.slices:
        width, end = code.constant(start.width), code.constant(source.length)

        def item(at: Node) -> Shape:
            if start.slices != "chunks":
                return Slice(source, buffer, at, width)
            left = code.add("wrapping_sub", INDEX, end, at)
            return Slice(source, buffer, at, code.keep(code.add("min", INDEX, left, width)))

        return Base(numbers, item, count, False, None, length)
    return Base(
        numbers, lambda at: Place(source, buffer, at, source.type), count, False, None, length
    )


def _tree_base(code: Code, start: Start, tree: TreeEntries) -> Base:
    """The entries of a B-tree, read node by node into a table of keys and one of values."""
    columns = packed(tree, MOST_TABLE)
    if columns is None:
        raise CannotLoopError
    keys, values = map(column_source, columns)
    chosen = (keys,) if "keys" in start.part else (values,)
    if start.part.startswith(("iter", "into_iter")):
        chosen = (keys, values)
    places: list[Callable[[Node], Place]] = []
    for source in chosen:
        if source is None:
            raise CannotLoopError
        code.tables.append(source.read(0, source.length))
        places.append(partial(_place_in_table, source, len(code.tables)))

    def item(at: Node) -> Shape:
        found = tuple(place(at) for place in places)
        return found[0] if len(found) == 1 else Tuple(found)

    numbers = start.numbers
    return Base(numbers, item, code.constant(numbers.count), False, None, numbers.count)


def _place_in_table(source: Source, buffer: int, at: Node) -> Place:
    return Place(source, buffer, at, source.type)


def _table_base(code: Code, start: Start, table: HashItems, source: Source) -> Base:
    """The buckets of a hash table from the last to the first, which is the table's order."""
    marks = table.owner.context.reader.read(table.control, table.buckets)
    if sum(mark < _EMPTY for mark in marks) != table.length:
        raise CannotLoopError  # the general evaluator says what is wrong with it
    code.tables.append(marks)
    buffer, greatest = len(code.tables), code.constant(table.buckets - 1)

    def is_used(at: Node) -> Node:
        mark = code.add("wrapping_sub", INDEX, greatest, at)
        byte = code.add("load", "u8", buffer, 1, 0, mark, -1)
        return code.add("lt", "u8", byte, code.constant(_EMPTY))

    def item(at: Node) -> Shape:
        bucket = source.type.strip()
        key, value = bucket.field("0"), bucket.field("1")
        if key is None:
            raise CannotLoopError
        first = Place(source, 0, at, key.type, key.offset)
        if start.part == "set" or "keys" in start.part:
            return first
        if value is None:
            raise CannotLoopError
        second = Place(source, 0, at, value.type, value.offset)
        return second if "values" in start.part else Tuple((first, second))

    count = code.constant(start.numbers.count)
    return Base(start.numbers, item, count, False, is_used, table.length)


def inner_base(bodies: Bodies, tree: Expression) -> Base:
    """What a chain inside a closure begins with: a slice, an array, or other items.

    Raises:
        CannotLoopError: It is nothing that a loop goes over.
    """
    if isinstance(tree, nodes.MethodCall) and tree.name in _SAME and not tree.arguments:
        tree = tree.receiver
    if isinstance(tree, nodes.RangeOf):
        return _inner_range(bodies, tree)
    if _goes_on(bodies.evaluator, tree):
        raise CannotLoopError
    return inner_items(bodies, bodies.value(tree))


def inner_items(bodies: Bodies, shape: Shape) -> Base:
    """A chain over a slice, an array, or other items."""
    if isinstance(shape, Outer):
        start = _start_of(bodies.evaluator, shape.value)
        return base_of(bodies.code, start, _buffer(bodies, start))
    length, item = bodies.sequence(shape)
    known = bodies.code.constant_of(length)
    numbers = None if known is None else Numbers(0, 1, known)
    return Base(numbers, item, length, False, None, known)


def _inner_range(bodies: Bodies, tree: nodes.RangeOf) -> Base:
    """A range whose ends depend on the item."""
    if tree.start is None or tree.end is None:
        raise CannotLoopError
    code = bodies.code
    start, end = bodies.scalar(tree.start), bodies.scalar(tree.end)
    if start.type != end.type or start.type[0] not in "iu" or start.type.endswith("128"):
        raise CannotLoopError
    low = code.keep(start.node)
    count = code.add("wrapping_sub", INDEX, end.node, low)
    if tree.inclusive:
        count = code.sum(count, code.constant(1))
    return Base(None, lambda at: Scalar(code.sum(low, at), start.type), code.keep(count))


def _buffer(bodies: Bodies, start: Start) -> int:
    if start.source is None:
        return 0  # numbers, or a tree, whose entries become tables of their own
    if start.is_open or start.table is not None or start.slices:
        raise CannotLoopError
    return bodies.table(start.source)


_TABLE_ADAPTORS = ("rev", "skip", "take", "step_by", "copied", "cloned")


def table(bodies: Bodies, tree: Expression) -> tuple[Numbers, Callable[[Node], Shape]]:
    """The argument of a ``zip``: the numbers of its items, and what finds an item.

    Raises:
        CannotLoopError: Its items are computed, or do not lie side by side.
    """
    steps: list[nodes.MethodCall] = []
    typing = bodies.evaluator.typing
    while isinstance(tree, nodes.MethodCall) and tree.name in _TABLE_ADAPTORS:
        typed = typing.calls.get(id(tree))
        if typed is None or typed.entry.owner_name != "Iter":
            break
        steps.append(tree)
        tree = tree.receiver
    start = find_start(bodies.evaluator, tree)
    base = base_of(bodies.code, start, _buffer(bodies, start))
    numbers = base.numbers
    assert numbers is not None  # what is evaluated before the loop has known numbers
    for each in reversed(steps):
        numbers = _adapted(bodies.evaluator, numbers, each)
    return numbers, base.item


def _adapted(evaluator: Evaluator, numbers: Numbers, tree: nodes.MethodCall) -> Numbers:
    if tree.name == "rev":
        return numbers.reversed()
    if not tree.arguments:
        return numbers
    count = evaluator.operand(tree.arguments[0]).integer()
    if tree.name == "skip":
        return numbers.skipped(count)
    if tree.name == "take":
        return numbers.taken(count)
    if not count:
        raise CannotLoopError
    return numbers.stepped(count)
