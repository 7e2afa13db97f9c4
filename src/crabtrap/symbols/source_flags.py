"""Names of flags as the source declares them, for which debug information has no names.

The macro ``bitflags!`` makes a struct of a number, and constants, which leave nothing in the
program.  What it is given is written ``struct Name: u32 { const READ = 1; .. }``, which is no Rust
outside of a macro, so that it is found without knowing what the macro is called.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.symbols.names import path_segments
from crabtrap.symbols.source_constants import without_comments
from crabtrap.symbols.type_sources import TypeSources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type

Flags = tuple[tuple[str, str], ...]
"""Names, and what they are set to as it is written."""

_FLAG = re.compile(r"\s*(?:pub(?:\([^)]*\))?\s+)?const\s+(\w+)\s*=\s*(.*)", re.DOTALL)
_ATTRIBUTE = re.compile(r"#\s*!?\[[^\[\]]*(?:\[[^\]]*\][^\[\]]*)*\]")
_CONDITION = re.compile(r"#\s*\[\s*cfg\b")


def find_flags(lines: Sequence[str], struct: str) -> tuple[Flags, ...]:
    """Return the flags of each struct of a name in a file.

    Flags under a condition (``#[cfg]``) are left out: whether there are any is not known.

    Example:
        >>> find_flags(["m! { struct Mode: u8 { const A = 1; const B = 1 << 2; } }"], "Mode")
        ((('A', '1'), ('B', '1 << 2')),)
    """
    plain = without_comments("\n".join(lines))
    heads = re.finditer(rf"\bstruct\s+{re.escape(struct)}\s*:\s*[\w:]+\s*\{{", plain)
    return tuple(_flags(plain[head.end() :].partition("}")[0]) for head in heads)


def _flags(body: str) -> Flags:
    found: list[tuple[str, str]] = []
    for statement in body.split(";"):
        match = _FLAG.fullmatch(_ATTRIBUTE.sub(" ", statement))
        # `const _ = !0` says that bits without a name are valid.
        if match is not None and match[1] != "_" and not _CONDITION.search(statement):
            found.append((match[1], " ".join(match[2].split())))
    return tuple(found)


def declared_flags(module: Module, type_: Type, substitutes: Sequence[tuple[str, str]]) -> Flags:
    """Return the flags of a struct by the sources that a module was built from.

    Args:
        module: The module that describes the type.
        type_: A struct.
        substitutes: ``(prefix, directory)``: where sources are that were moved.

    Returns:
        ``()`` where it has none, no source is at hand that is as old as the module, or structs
        of one name differ.
    """
    known = module.declared_flags.get(type_.path)
    if known is None:
        name = path_segments(type_.path)[-1]
        sources = TypeSources(module, type_.path, substitutes)
        found = sources.find(lambda lines: find_flags(lines, name))
        known = module.declared_flags[type_.path] = found or ()
    return known
