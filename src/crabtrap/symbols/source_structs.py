"""Fields of structs as the source declares them, where debug information says less.

It says the same of a ``str`` and of a ``[u8]`` at the end of a struct.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.symbols.brackets import split_outside_brackets
from crabtrap.symbols.names import path_segments
from crabtrap.symbols.source_constants import without_comments
from crabtrap.symbols.type_sources import TypeSources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type


def find_tail_type(lines: Sequence[str], struct: str) -> tuple[str, ...]:
    """Return the type of the last field of each struct of a name in a file, as it is written.

    Example:
        >>> find_tail_type(["pub struct Name { length: u8, pub text: str }"], "Name")
        ('str',)
    """
    plain = without_comments("\n".join(lines))
    found: list[str] = []
    for match in re.finditer(rf"\bstruct\s+{re.escape(struct)}\b[^;{{(]*([{{(])", plain):
        body = _body(plain, match.end(), match[1])
        fields = [each for each in split_outside_brackets(body, ",") if each.strip()]
        if fields:
            last = re.sub(r"#\[[^\]]*\]|\bpub(\([^)]*\))?", " ", fields[-1])
            found.append(last.partition(":")[2].strip() if match[1] == "{" else last.strip())
    return tuple(found)


def _body(plain: str, start: int, opening: str) -> str:
    closing = {"{": "}", "(": ")"}[opening]
    depth = 1
    for index in range(start, len(plain)):
        depth += (plain[index] == opening) - (plain[index] == closing)
        if depth == 0:
            return plain[start:index]
    return ""


def declared_tail(module: Module, type_: Type, substitutes: Sequence[tuple[str, str]]) -> str:
    """Return the type of a struct's last field by the sources that a module was built from.

    Args:
        module: The module that describes the type.
        type_: A struct.
        substitutes: ``(prefix, directory)``: where sources are that were moved.

    Returns:
        The type as it is written; ``""`` where no source is at hand that was compiled, or
        structs of one name differ.
    """
    known = module.declared_tails.get(type_.path)
    if known is None:
        known = module.declared_tails[type_.path] = _read_tail(module, type_, substitutes)
    return known


def _read_tail(module: Module, type_: Type, substitutes: Sequence[tuple[str, str]]) -> str:
    name = path_segments(type_.path)[-1]
    sources = TypeSources(module, type_.path, substitutes)
    return sources.find(lambda lines: find_tail_type(lines, name)) or ""
