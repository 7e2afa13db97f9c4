"""Types laid out: fields with their offsets, variants with their discriminants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.console.output import Text
from crabtrap.values.decode import enumerators

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.frontends.describe import JsonObject
    from crabtrap.symbols.types import Case, Field, Type


def type_lines(type_: Type) -> tuple[JsonObject, list[Text]]:
    """A type's layout as data and as lines."""
    shape = type_.strip()
    kind = "enum" if shape.cases is not None else shape.kind
    data: JsonObject = {"type": type_.name, "size": shape.size, "kind": kind}
    named = kind in ("struct", "union", "enum") and not type_.name.startswith("(")
    word = f"{kind} " if named else ""
    head = Text((word, "keyword"), (type_.name, "type"))
    notes = [] if shape.size is None else [f"{shape.size} byte{'' if shape.size == 1 else 's'}"]
    lines = _field_lines(shape.fields, 1)
    opening, closing = _brackets(shape)
    if shape.cases is not None:
        cases = shape.cases.cases
        data["variants"] = [_case_data(case) for case in cases]
        if shape.cases.discriminant is not None:
            tag = shape.cases.discriminant
            notes.append(f"told by {tag.type.name} at {tag.offset}")
        lines += [line for case in cases for line in _case_lines(case)]
    elif shape.row.enumerators:
        numbered = enumerators(shape)
        data["variants"] = [{"name": name, "value": value} for name, value in numbered]
        lines += [Text("    ", (name, "type"), f" = {value},") for name, value in numbered]
    data["fields"] = [_field_data(field) for field in shape.fields]
    if not lines:
        return data, [_commented(head, notes)]
    return data, [_commented(head.add(opening), notes), *lines, Text(closing)]


def _commented(text: Text, notes: Sequence[str]) -> Text:
    return text.add((f"  // {', '.join(notes)}", "comment")) if notes else text


def _brackets(shape: Type) -> tuple[str, str]:
    """As the type is declared; a plain tuple's name has brackets of its own."""
    if not shape.is_tuple or not shape.fields:
        return " {", "}"
    return (" (", ")") if shape.name.startswith("(") else ("(", ")")


def _field_data(field: Field) -> JsonObject:
    return {"name": field.name, "type": field.type.name, "offset": field.offset}


def _field_lines(fields: Sequence[Field], depth: int) -> list[Text]:
    return [_field_line(field, depth) for field in fields]


def _field_line(field: Field, depth: int) -> Text:
    text = Text("    " * depth)
    if not field.name.isdecimal():
        text.add((field.name, "name"), ": ")
    return _commented(text.add((field.type.name, "type"), ","), [f"at {field.offset}"])


def _case_data(case: Case) -> JsonObject:
    return {
        "name": case.name,
        "discriminants": [list(each) for each in case.discriminants],
        "fields": [_field_data(field) for field in case.type.fields],
    }


def _case_lines(case: Case) -> list[Text]:
    fields = case.type.fields
    notes = [str(low) if low == high else f"{low}..={high}" for low, high in case.discriminants]
    head = Text("    ", (case.name, "type"))
    if not fields:
        return [_commented(head.add(","), notes)]
    opening, closing = _brackets(case.type)
    return [
        _commented(head.add(opening), notes),
        *_field_lines(fields, 2),
        Text(f"    {closing},"),
    ]
