# ruff: noqa: D102 - the rows' attributes are described in _core.pyi
"""Rows of debug information about types: protocols of ``_core``'s, and a synthetic one."""

from __future__ import annotations

from typing import Literal, Protocol

from crabtrap.records import dataclass

Encoding = Literal["", "bool", "char", "signed", "unsigned", "float", "address"]
Kind = Literal[
    "base",
    "pointer",
    "reference",
    "struct",
    "union",
    "enum",
    "array",
    "function",
    "typedef",
    "const",
    "volatile",
    "unit",
    "never",
    "opaque",
]


class MemberRow(Protocol):
    """The part of ``_core.Member`` that is used."""

    @property
    def name(self) -> str: ...
    @property
    def type(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def bit_offset(self) -> int: ...
    @property
    def bit_size(self) -> int: ...
    @property
    def alignment(self) -> int: ...


class VariantRow(Protocol):
    """The part of ``_core.Variant`` that is used."""

    @property
    def name(self) -> str: ...
    @property
    def discriminants(self) -> tuple[tuple[int, int], ...]: ...
    @property
    def type(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def declaration_path(self) -> str | None: ...
    @property
    def declaration_line(self) -> int: ...


class VariantPartRow(Protocol):
    """The part of ``_core.VariantPart`` that is used."""

    @property
    def discriminant(self) -> MemberRow | None: ...
    @property
    def variants(self) -> tuple[VariantRow, ...]: ...


class TypeRow(Protocol):
    """The part of ``_core.Type`` that is used."""

    @property
    def die(self) -> int: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int | None: ...
    @property
    def alignment(self) -> int: ...
    @property
    def encoding(self) -> Encoding: ...
    @property
    def target(self) -> int | None: ...
    @property
    def count(self) -> int | None: ...
    @property
    def members(self) -> tuple[MemberRow, ...]: ...
    @property
    def variants(self) -> VariantPartRow | None: ...
    @property
    def enumerators(self) -> tuple[tuple[str, int], ...]: ...
    @property
    def template_arguments(self) -> tuple[tuple[str, int], ...]: ...
    @property
    def parameters(self) -> tuple[int, ...]: ...
    @property
    def containing(self) -> int | None: ...
    @property
    def declaration_path(self) -> str | None: ...
    @property
    def declaration_line(self) -> int: ...
    @property
    def is_tuple(self) -> bool: ...
    @property
    def language(self) -> str: ...


class TypeSource(Protocol):
    """The part of ``_core.Image`` that types are read from."""

    def type(self, die: int) -> TypeRow: ...
    def find_types(self, query: str) -> tuple[int, ...]: ...
    def function_uses(self, die: int) -> tuple[bool, bool]: ...


@dataclass(frozen=True, slots=True)
class SyntheticRow:
    """A type row that no file contains; see ``_core.Type`` for the attributes."""

    kind: Kind
    name: str
    size: int | None
    encoding: Encoding = ""
    count: int | None = None
    path: str = ""
    die: int = 0
    alignment: int = 1
    target: int | None = None
    members: tuple[MemberRow, ...] = ()
    variants: VariantPartRow | None = None
    enumerators: tuple[tuple[str, int], ...] = ()
    template_arguments: tuple[tuple[str, int], ...] = ()
    parameters: tuple[int, ...] = ()
    containing: int | None = None
    declaration_path: str | None = None
    declaration_line: int = 0
    is_tuple: bool = False
    language: str = "rust"
