"""Layouts of types: fields with their offsets, variants with their discriminants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crabtrap import Case, Field, Type
    from crabtrap.frontends.describe import JsonObject

    NameOf = Callable[[Type], str]
    """How types are named: in full, or short where that is asked for."""


def type_lines(type_: Type, name_of: NameOf) -> tuple[JsonObject, list[Text]]:
    """The layout of a type, as data and as lines."""
    shape = type_.strip()
    kind = "enum" if shape.cases is not None else shape.kind
    name = name_of(type_)
    data: JsonObject = {"type": name, "size": shape.size, "kind": kind}
    named = kind in ("struct", "union", "enum") and not name.startswith("(")
    word = f"{kind} " if named else ""
    head = Text((word, "keyword"), (name, "type"))
    notes = [] if shape.size is None else [f"{shape.size} byte{'' if shape.size == 1 else 's'}"]
    lines = _field_lines(shape, 1, name_of)
    opening, closing = _brackets(shape)
    if shape.cases is not None:
        cases = shape.cases.cases
        data["variants"] = [_case_data(case, name_of) for case in cases]
        if shape.cases.discriminant is not None:
            tag = shape.cases.discriminant
            niche = _niche_note(tag, cases, name_of)
            notes.append(f"discriminant {tag.type.name} at {tag.offset}{niche}")
        lines += [line for case in cases for line in _case_lines(case, name_of)]
    elif shape.enumerators:
        numbered = shape.enumerators
        data["variants"] = [{"name": name, "value": value} for name, value in numbered]
        lines += [Text("    ", (name, "type"), f" = {value},") for name, value in numbered]
    data["fields"] = [_field_data(field, name_of) for field in shape.fields]
    if not lines:
        return data, [_commented(head, notes)]
    return data, [_commented(head.add(opening), notes), *lines, Text(closing)]


def _commented(text: Text, notes: Sequence[str]) -> Text:
    return text.add((f"  // {', '.join(notes)}", "comment")) if notes else text


def _brackets(shape: Type) -> tuple[str, str]:
    """The brackets around the fields, as in the declaration; a tuple's name has its own."""
    if not shape.is_tuple or not shape.fields:
        return " {", "}"
    return (" (", ")") if shape.name.startswith("(") else ("(", ")")


def _field_data(field: Field, name_of: NameOf) -> JsonObject:
    return {"name": field.name, "type": name_of(field.type), "offset": field.offset}


def _niche_note(tag: Field, cases: Sequence[Case], name_of: NameOf) -> str:
    """A note on the field whose niche the discriminant is in; ``""`` if it has its own bytes."""
    size = tag.type.strip().size or 0
    for case in cases:
        for field in case.type.fields:
            start = case.offset + field.offset
            if start <= tag.offset and tag.offset + size <= start + (field.type.strip().size or 0):
                return f", a niche of {case.name}'s {name_of(field.type)}"
    return ""


def _field_lines(shape: Type, depth: int, name_of: NameOf) -> list[Text]:
    """Fields in declaration order; for a struct also the padding between them."""
    gaps = _gaps(shape) if shape.kind == "struct" and shape.cases is None else {}
    lines: list[Text] = []
    for field in shape.fields:
        lines.append(_field_line(field, depth, name_of))
        gap = gaps.get(_end(field), 0)
        if gap and field.type.strip().size:
            padding = f"{gap} byte{'' if gap == 1 else 's'} of padding at {_end(field)}"
            lines.append(Text("    " * depth, (f"// {padding}", "comment")))
    return lines


def _end(field: Field) -> int:
    return field.offset + (field.type.strip().size or 0)


def _gaps(shape: Type) -> dict[int, int]:
    """The padding of a struct: offsets where it begins, and its sizes."""
    gaps: dict[int, int] = {}
    covered = 0
    for field in sorted(shape.fields, key=lambda field: field.offset):
        if field.offset > covered > 0:
            gaps[covered] = field.offset - covered
        covered = max(covered, _end(field))
    if covered and shape.size is not None and shape.size > covered:
        gaps[covered] = shape.size - covered
    return gaps


def _field_line(field: Field, depth: int, name_of: NameOf) -> Text:
    text = Text("    " * depth)
    if not field.name.isdecimal():
        text.add((field.name, "name"), ": ")
    return _commented(text.add((name_of(field.type), "type"), ","), [f"at {field.offset}"])


def _case_data(case: Case, name_of: NameOf) -> JsonObject:
    return {
        "name": case.name,
        "discriminants": [list(each) for each in case.discriminants],
        "fields": [_field_data(field, name_of) for field in case.type.fields],
    }


def _case_lines(case: Case, name_of: NameOf) -> list[Text]:
    fields = case.type.fields
    notes = [str(low) if low == high else f"{low}..={high}" for low, high in case.discriminants]
    head = Text("    ", (case.name, "type"))
    if not fields:
        return [_commented(head.add(","), notes)]
    opening, closing = _brackets(case.type)
    return [
        _commented(head.add(opening), notes),
        *_field_lines(case.type, 2, name_of),
        Text(f"    {closing},"),
    ]
