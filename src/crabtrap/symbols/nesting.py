"""What types consist of by value, however damaged the debug information is.

There, a type may be made of itself, and one of forty types may hold the next one twice: every
type is looked at once, and nothing is followed without end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crabtrap.symbols.types import Type

_DEEPEST = 128
"""Levels of types within each other that are believed."""


def contents(type_: Type) -> tuple[Type, ...]:
    """Return the types of elements, fields and variants, behind typedefs."""
    shape = type_.strip()
    found = [field.type for field in shape.fields]
    if shape.kind == "array" and shape.target is not None:
        found.append(shape.target)
    if shape.cases is not None:
        found += [case.type for case in shape.cases.cases]
        if shape.cases.discriminant is not None:
            found.append(shape.cases.discriminant.type)
    return tuple(dict.fromkeys(each.strip() for each in found))


def is_plain(type_: Type) -> bool:
    """Say whether a type's bytes are all there is to it: numbers and what is made of them alone."""
    seen = {type_.strip()}
    pending = list(seen)
    while pending:
        shape = pending.pop()
        if shape.kind not in ("base", "enum", "array", "struct") or shape.cases is not None:
            return False
        if shape.kind == "array" and shape.target is None:
            return False
        new = [part for part in contents(shape) if part not in seen]
        seen.update(new)
        pending += new
    return True


def is_endless(type_: Type) -> bool:
    """Say whether a type is made of itself, or of types too deep within each other."""
    level = {type_.strip()}
    for _ in range(_DEEPEST):
        level = {part for each in level for part in contents(each)}
        if not level:
            return False
    return True
