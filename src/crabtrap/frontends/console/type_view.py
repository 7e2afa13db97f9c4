"""Types laid out: fields with their offsets, variants with their discriminants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.console.output import Text

if TYPE_CHECKING:
    from crabtrap.frontends.describe import Json, JsonObject
    from crabtrap.symbols.types import Case, Field, Type


def type_lines(type_: Type) -> tuple[JsonObject, list[Text]]:
    """A type's layout as data and as lines."""
    shape = type_.strip()
    kind = "enum" if shape.cases is not None else shape.kind
    data: JsonObject = {"type": type_.name, "size": shape.size, "kind": kind}
    word = f"{kind} " if kind in ("struct", "union", "enum") else ""
    head, size = Text((word, "keyword"), (type_.name, "type")), _size(shape)
    fields: list[Json] = [_field_data(field) for field in shape.fields]
    lines: list[Text] = [_field_line(field, 1) for field in shape.fields]
    if shape.cases is not None:
        data["variants"] = [
            {"name": case.name, "fields": [_field_data(field) for field in case.type.fields]}
            for case in shape.cases.cases
        ]
        lines += [line for case in shape.cases.cases for line in _case_lines(case)]
    data["fields"] = fields
    if not lines:
        return data, [head.add(size)]
    return data, [head.add(" {", size), *lines, Text("}")]


def _size(shape: Type) -> Text:
    if shape.size is None:
        return Text()
    return Text((f"  // {shape.size} byte{'' if shape.size == 1 else 's'}", "comment"))


def _field_data(field: Field) -> JsonObject:
    return {"name": field.name, "type": field.type.name, "offset": field.offset}


def _field_line(field: Field, depth: int) -> Text:
    text = Text("    " * depth, (field.name, "name"), ": ", (field.type.name, "type"), ",")
    return text.add((f"  // at {field.offset}", "comment"))


def _case_lines(case: Case) -> list[Text]:
    head = Text("    ", (case.name, "type"))
    if not case.type.fields:
        return [head.add(",")]
    return [
        head.add(" {"),
        *(_field_line(field, 2) for field in case.type.fields),
        Text("    },"),
    ]
