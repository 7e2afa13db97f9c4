"""The shapes as rule files write them: which keys each has, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from crabtrap.present.rules import shapes
from crabtrap.present.rules.rule import Shape
from crabtrap.present.rules.rule_table import RuleTable
from crabtrap.present.rules.shapes.joined import PartKind
from crabtrap.present.view import TextKind


def _sequence(table: RuleTable) -> Shape:
    _one_place(table, "data", "inline", "after")
    return shapes.Sequence(
        table.text("item", ""),
        None if "inline" in table and "mask" in table else table.amount("length"),
        table.path("data") if "data" in table else "",
        table.optional_amount("capacity"),
        table.optional_path("inline"),
        table.flag("set"),
        table.optional_path("after"),
        table.amount("offset") if "offset" in table else 0,
        table.optional_amount("mask"),
    )


def _one_place(table: RuleTable, *places: str) -> None:
    if sum(place in table for place in places) != 1:
        known = " or ".join(map(repr, places))
        raise table.error(f"exactly one of {known} says where it is")


def _ring(table: RuleTable) -> Shape:
    length, end = table.optional_amount("length"), table.optional_amount("end")
    if (length is None) == (end is None):
        raise table.error("a ring has either 'length' or 'end'")
    return shapes.Ring(
        table.text("item", ""),
        table.amount("head"),
        table.path("data"),
        table.amount("capacity"),
        length,
        end,
        table.path("value") if "value" in table else "",
        table.text("name", ""),
    )


def _chain(table: RuleTable) -> Shape:
    first, following = table.path("first"), table.path("next")
    return shapes.Chain(
        first, following, table.path("value"), table.amount("length"), by_rules=True
    )


def _blocks(table: RuleTable) -> Shape:
    return shapes.Blocks(
        table.path("block"),
        table.path("next"),
        table.path("slots"),
        table.path("value"),
        table.amount("head"),
        table.amount("tail"),
        table.text("name", ""),
    )


def _join(table: RuleTable) -> Shape:
    parts = table.table.get("parts")
    if not isinstance(parts, list) or not parts:
        raise table.error("'parts' is a list of tables")
    tables = [RuleTable(part, table.place, "a part") for part in cast("list[object]", parts)]
    length = table.optional_amount("length")
    return shapes.Joined(tuple(map(_part, tables)), length, table.text("name", ""))


def _part(table: RuleTable) -> shapes.Part:
    kinds: tuple[PartKind, ...] = ("item", "items", "node", "nodes", "between", "nothing")
    for kind in kinds:
        if table.table.keys() == {kind}:
            return shapes.Part(kind, table.path(kind))
    raise table.error(f"a part has exactly one of {', '.join(kinds)}")


def _grid(table: RuleTable) -> Shape:
    _one_place(table, "data", "inline")
    return shapes.Grid(
        table.text("item", ""),
        table.path("data") if "data" in table else "",
        table.optional_path("inline"),
        table.optional_path("shape"),
        table.formulas("lengths"),
        table.optional_path("strides"),
        table.one_of("order", ("rows", "columns")) == "columns",
    )


def _map(table: RuleTable) -> Shape:
    if "table" in table:
        return shapes.Hash(table.path("table"), shards=table.optional_path("shards"))
    return shapes.Pairs(
        table.path("entries"),
        table.path("key"),
        table.path("value"),
        table.optional_amount("length"),
    )


def _set(table: RuleTable) -> Shape:
    if "table" in table:
        return shapes.Hash(table.path("table"), is_set=True, shards=table.optional_path("shards"))
    return shapes.Pairs(
        table.path("entries"), table.path("key"), length=table.optional_amount("length")
    )


def _arena(table: RuleTable) -> Shape:
    return shapes.Arena(
        table.path("slots"),
        table.path("value"),
        table.optional_formula("occupied"),
        table.optional_formula("version"),
        table.optional_amount("length"),
    )


def _text(table: RuleTable) -> Shape:
    kind = table.one_of("kind", ("str", "bytes", "os", "c"))
    _one_place(table, "data", "inline", "address")
    return shapes.Text(
        None if "inline" in table and "length" not in table else table.amount("length"),
        table.path("data") if "data" in table else "",
        cast("TextKind", kind),
        table.optional_amount("capacity"),
        table.optional_path("inline"),
        table.optional_amount("address"),
    )


def _format(table: RuleTable) -> Shape:
    ranks = table.path("order") if "order" in table else ()
    ordered = (ranks,) if isinstance(ranks, str) else ranks
    return shapes.Format(table.text("text"), ordered, table.flag("quoted"))


def _names(table: RuleTable) -> Shape:
    names = table.inner("names")
    shown = {key: names.text(key) for key in names.table}
    return shapes.Names(table.path("value"), shown, table.flag("quoted"))


def _slices(table: RuleTable) -> Shape:
    less = table.formula("less", 0)
    if not isinstance(less, int):
        raise table.error("'less' is a number")
    return shapes.Slices(table.path("text"), table.path("bounds"), less)


def _wrapper(table: RuleTable) -> Shape:
    if not table.has_any("inner", "notes"):
        raise table.error("a wrapper has an 'inner' value or 'notes'")
    notes = table.inner("notes")
    return shapes.Wrapper(
        table.optional_path("inner"),
        table.text("name", ""),
        tuple((label, notes.formulas(label)) for label in notes.table),
        table.flag("follow"),
        table.flag("deref"),
        table.text("pointee", ""),
    )


def _erased(table: RuleTable) -> Shape:
    functions = table.path("functions")
    return shapes.Erased(
        table.path("pointer"),
        table.path("table"),
        (functions,) if isinstance(functions, str) else functions,
        table.text("whole"),
        table.path("inner"),
        table.text("name", ""),
    )


def _record(table: RuleTable) -> Shape:
    fields = table.inner("fields")
    shown = tuple((label, fields.path(label)) for label in fields.table)
    return shapes.Record(table.text("name", ""), shown)


def _instant(table: RuleTable) -> Shape:
    if ("year" in table) != ("day" in table) or not table.table.keys() - {"nanos", "utc", "local"}:
        raise table.error("an instant has 'year' and 'day', 'seconds', or all of them")
    return shapes.Instant(
        table.optional_formula("year"),
        table.optional_formula("day"),
        table.optional_formula("seconds"),
        table.formula("nanos", 0),
        table.optional_formula("offset"),
        table.flag("utc"),
        table.flag("local"),
    )


def _period(table: RuleTable) -> Shape:
    return shapes.Period(table.formula("seconds"), table.formula("nanos", 0))


def _number(table: RuleTable) -> Shape:
    _one_place(table, "value", "digits")
    return shapes.Number(
        table.optional_formula("value"),
        table.optional_path("digits"),
        table.formula("negative", 0),
        table.formula("scale", 0),
    )


def _bits(table: RuleTable) -> Shape:
    _one_place(table, "data", "inline", "address")
    return shapes.Bits(
        table.amount("length"),
        table.path("data") if "data" in table else "",
        table.optional_amount("address"),
        table.optional_path("inline"),
        table.amount("first") if "first" in table else 0,
        table.amount("word") if "word" in table else 1,
        table.one_of("order", ("lsb", "msb")) == "msb",
        table.flag("set"),
    )


def _nullable(table: RuleTable) -> Shape:
    return shapes.Nullable(table.path("items"), table.path("valid"), table.flag("truths"))


def _cuts(table: RuleTable) -> Shape:
    return shapes.Cuts(
        table.path("data"),
        table.amount("size"),
        _bounds(table),
        table.path("valid"),
        cast("TextKind", table.one_of("kind", ("str", "bytes"))),
    )


def _pieces(table: RuleTable) -> Shape:
    return shapes.Pieces(table.path("items"), _bounds(table), table.path("valid"))


def _bounds(table: RuleTable) -> shapes.Bounds:
    if "offsets" in table:
        return shapes.Bounds(table.path("offsets"))
    return shapes.Bounds(None, table.amount("each"), table.amount("length"))


def _picks(table: RuleTable) -> Shape:
    return shapes.Picks(table.path("keys"), table.path("items"))


def _flags(table: RuleTable) -> Shape:
    if table.table.get("names") == "source":
        return shapes.Flags(table.amount("bits"), None)
    names = table.inner("names")
    bits: dict[int, str] = {}
    for name in names.table:
        number = names.formula(name)
        if not isinstance(number, int):
            raise table.error(f"{name!r} must be a number")
        bits[number] = name
    return shapes.Flags(table.amount("bits"), bits, table.text("name", ""))


def _hex(table: RuleTable) -> Shape:
    groups = table.table.get("groups", [])
    numbers = cast("list[object]", groups) if isinstance(groups, list) else [None]
    sizes = tuple(size for size in numbers if isinstance(size, int) and size > 0)
    if len(sizes) != len(numbers):
        raise table.error("'groups' is a list of sizes in bytes")
    return shapes.Hex(table.path("data"), sizes)


SHAPES: dict[str, tuple[frozenset[str], Callable[[RuleTable], Shape]]] = {
    name: (frozenset(keys.split()), read)
    for name, keys, read in (
        ("sequence", "item data inline offset mask after length capacity set", _sequence),
        ("ring", "item head data capacity length end value name", _ring),
        ("list", "first next value length", _chain),
        ("blocks", "block next slots value head tail name", _blocks),
        ("join", "parts length name", _join),
        ("array", "item data inline shape lengths strides order", _grid),
        ("map", "entries key value length table shards", _map),
        ("set", "entries key length table shards", _set),
        ("arena", "slots value occupied version length", _arena),
        ("text", "data inline address length capacity kind", _text),
        ("format", "text order quoted", _format),
        ("names", "value names quoted", _names),
        ("slices", "text bounds less", _slices),
        ("wrapper", "inner name notes follow pointee deref", _wrapper),
        ("erased", "pointer table functions whole inner name", _erased),
        ("record", "name fields", _record),
        ("instant", "year day seconds nanos offset utc local", _instant),
        ("period", "seconds nanos", _period),
        ("number", "value digits negative scale", _number),
        ("nullable", "items valid truths", _nullable),
        ("cuts", "data size offsets each length valid kind", _cuts),
        ("pieces", "items offsets each length valid", _pieces),
        ("picks", "keys items", _picks),
        ("bits", "data inline address first length word order set", _bits),
        ("flags", "bits names name", _flags),
        ("hex", "data groups", _hex),
    )
}
"""By the key of a rule: the keys in its table, and the function that reads it."""
