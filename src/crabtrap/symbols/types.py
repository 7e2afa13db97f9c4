"""Types of the program, as a graph that is resolved lazily.

``_core.Type`` is one row of debug information; ``Type`` is that row with the types it
refers to.  Synthetic types, which no file describes (of literals, of slices with a known
length), are made here too, so that every value has a ``Type``.
"""

from __future__ import annotations

from collections.abc import Iterator

from crabtrap.records import dataclass
from crabtrap.symbols.closed_image import closed_image
from crabtrap.symbols.names import STD_CRATES
from crabtrap.symbols.type_names import (
    PathText,
    field_name,
    made_name,
    parse_type_path,
    short_type_name,
    without_defaults,
)
from crabtrap.symbols.type_rows import (
    Encoding,
    Kind,
    MemberRow,
    SyntheticRow,
    TypeRow,
    TypeSource,
    VariantPartRow,
    VariantRow,
)

_POINTER_SIZE = 8
_MAX_ALIASES = 32
"""Longest chain of typedefs followed; a longer one is a cycle in damaged files."""
_WIDEST = 16
"""Bytes of the widest number that there is."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct, union, tuple or variant.

    Attributes:
        name: As in the source; tuple fields are ``"0"``, ``"1"``, ...
        offset: Bytes from the start of the containing type.
        bit_offset, bit_size: Of a C bit field, else 0.
        stated_alignment: Bytes, as the debug information says; 0 where it does not.
    """

    name: str
    type: Type
    offset: int
    bit_offset: int = 0
    bit_size: int = 0
    stated_alignment: int = 0

    @property
    def alignment(self) -> int:
        """Bytes that the field is aligned to."""
        return self.stated_alignment or self.type.alignment


@dataclass(frozen=True, slots=True)
class Case:
    """One variant of an enum, or one state of a coroutine.

    Attributes:
        discriminants: Inclusive unsigned ranges that select it; empty for the default.
        type: Its fields as a struct or tuple.
        line: Source line, 0 where unknown (only coroutines have one).
    """

    name: str
    discriminants: tuple[tuple[int, int], ...]
    type: Type
    offset: int
    path: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Cases:
    """All variants of an enum, and the discriminant that selects one.

    Attributes:
        discriminant: The tag or niche; ``None`` where there is only one variant.
    """

    discriminant: Field | None
    cases: tuple[Case, ...]


class Type:
    """One type of an image, with the types it refers to; one object per entry.

    Compare with ``is`` inside one image and with ``same_as`` across images.
    """

    __slots__ = (
        "_cases",
        "_fields",
        "_innermost",
        "_name",
        "_qualified_name",
        "_stripped",
        "_target",
        "parts",
        "row",
        "table",
    )

    def __init__(
        self, row: TypeRow, table: TypeTable | None = None, *, target: Type | None = None
    ) -> None:
        self.row = row
        self.table = table
        self._target = target
        self._fields: tuple[Field, ...] | None = None
        self._cases: Cases | None = None
        self._stripped: Type | None = None
        self._name: str | None = None
        self._qualified_name: str | None = None
        self._innermost: tuple[Type, int] | None = None
        self.parts: dict[str, Field | None] = {}
        """Cache of fields by dotted path, filled by ``present.rules.field_paths``."""

    def __repr__(self) -> str:
        return f"<Type {self.row.name}>"

    @property
    def name(self) -> str:
        """Short name, without module paths and std's default arguments (``Vec<i32>``).

        Types of different modules may have the same: ``qualified_name`` tells them apart.
        """
        if self._name is None:
            in_path = self.row.name.startswith("{")
            name = self.row.name if self.row.name and not in_path else self.qualified_name
            self._name = short_type_name(name)
        return self._name

    @property
    def qualified_name(self) -> str:
        """Name with all module paths, without std's default arguments."""
        if self._qualified_name is None:
            path = self.path
            self._qualified_name = without_defaults(path) if path else made_name(self)
        return self._qualified_name

    @property
    def path(self) -> str:
        """Qualified name as the debug information has it, generics included."""
        return self.row.path or self.row.name

    @property
    def kind(self) -> Kind:
        """Kind of the type; enums whose variants have fields are structs with ``cases``."""
        return self.row.kind if self.row.variants is None else "struct"

    @property
    def size(self) -> int | None:
        """Bytes, ``None`` where unknown: incomplete types, ``[T]``, ``str``, ``dyn Trait``."""
        return self.row.size

    @property
    def alignment(self) -> int:
        """Bytes; derived from what the type consists of where the debug information gives none.

        That of 128-bit numbers is 8 or 16, as the compiler has it: 8 is what is certain.
        """
        if self.row.alignment:
            return self.row.alignment
        shape = self.strip()
        for _ in range(_MAX_ALIASES):
            if shape.row.alignment or shape.kind != "array" or shape.target is None:
                break
            shape = shape.target.strip()
        if shape.row.alignment:
            return shape.row.alignment
        is_scalar = shape.kind in ("base", "pointer", "reference", "enum")
        return min(shape.size or 1, _POINTER_SIZE) if is_scalar else 1

    @property
    def target(self) -> Type | None:
        """Pointee, element or aliased type; ``None`` is ``()`` or C ``void``."""
        if self._target is None and self.row.target is not None and self.table is not None:
            self._target = self.table.item_type(self.row.target)
        return self._target

    @property
    def fields(self) -> tuple[Field, ...]:
        """Fields in declaration order; those of variants are not among them."""
        if self._fields is None:
            self._fields = self._resolve_fields()
        return self._fields

    def _resolve_fields(self) -> tuple[Field, ...]:
        table = self.table
        if table is None:
            return ()
        return tuple(
            Field(
                field_name(member.name),
                table.function_item(member.type)
                if self._holds_function_item(table.type(member.type), member)
                else table.type(member.type),
                member.offset,
                member.bit_offset,
                member.bit_size,
                member.alignment,
            )
            for member in self.row.members
        )

    def _holds_function_item(self, type_: Type, member: MemberRow) -> bool:
        """Whether a field described as a function pointer is a function item.

        Its alignment tells.  Old compilers give only that of pointers, so without one it is
        an item where a pointer would reach over the end of the struct or into another field.
        """
        if not type_.is_code_pointer or self.row.language != "rust":
            return False
        if member.alignment:
            return member.alignment < _POINTER_SIZE
        end = member.offset + _POINTER_SIZE
        others = (other.offset for other in self.row.members if other is not member)
        return end > (self.size or end) or any(member.offset <= at < end for at in others)

    @property
    def is_code_pointer(self) -> bool:
        """Whether it is described as a pointer to a function."""
        if self.kind != "pointer" or self.row.target is None or self.table is None:
            return False
        return self.table.type(self.row.target).strip().kind == "function"

    def as_function_item(self) -> Type:
        """The type of function items that is described as this function pointer."""
        return self if self.table is None else self.table.function_item(self.row.die)

    @property
    def is_function_item(self) -> bool:
        """Whether it is the type of one function, which has no size and no address."""
        return self.kind == "function" and self.size == 0

    @property
    def cases(self) -> Cases | None:
        """Variants of a Rust enum or coroutine, ``None`` for every other type."""
        if self._cases is None and self.row.variants is not None and self.table is not None:
            self._cases = self.table.resolve_cases(self.row.variants)
        return self._cases

    @property
    def enumerators(self) -> tuple[tuple[str, int], ...]:
        """Variants of an enum without fields, with their discriminants, sign-extended."""
        bits = 8 * min(self.size or 0, _WIDEST)
        target = self.target
        is_signed = target is not None and target.strip().row.encoding == "signed"
        wraps = 1 << (bits - 1) if bits and is_signed else None
        return tuple(
            (name, value - (1 << bits) if wraps is not None and value >= wraps else value)
            for name, value in self.row.enumerators
        )

    @property
    def is_std(self) -> bool:
        """The standard library defines it."""
        return self.path.partition("::")[0] in STD_CRATES

    @property
    def is_tuple(self) -> bool:
        """Whether this is a tuple or a tuple struct."""
        return self.row.is_tuple

    def field(self, name: str) -> Field | None:
        """The field called ``name``, ``None`` where there is none."""
        for field in self.fields:
            if field.name == name:
                return field
        return None

    def case(self, name: str) -> Case | None:
        """The variant called ``name``, ``None`` where there is none."""
        if self.cases is not None:
            for case in self.cases.cases:
                if case.name == name:
                    return case
        return None

    def strip(self) -> Type:
        """The type behind typedefs, ``const`` and ``volatile``."""
        if self._stripped is None:
            type_ = self
            for _ in range(_MAX_ALIASES):
                if type_.kind not in ("typedef", "const", "volatile"):
                    break
                type_ = type_.target or UNIT
            self._stripped = type_
        return self._stripped

    def only_field(self) -> Field | None:
        """The one field of a newtype that is not zero-sized; ``None`` for any other type."""
        if self.kind not in ("struct", "union") or self.row.variants is not None:
            return None
        found = [field for field in self.fields if field.type.size != 0]
        return found[0] if len(found) == 1 else None

    @property
    def innermost(self) -> tuple[Type, int]:
        """The type inside all newtypes around it, and its offset in bytes."""
        if self._innermost is None:
            type_, offset = self.strip(), 0
            for _ in range(_MAX_ALIASES):
                only = type_.only_field()
                if only is None or only.bit_size:
                    break
                type_, offset = only.type.strip(), offset + only.offset
            self._innermost = type_, offset
        return self._innermost

    def argument(self, name_or_index: str | int) -> Type | None:
        """A generic argument by its parameter's name or its position."""
        if self.table is None:
            return None
        for index, (name, die) in enumerate(self.row.template_arguments):
            if name_or_index in (name, index):
                return self.table.item_type(die)
        return None

    @property
    def parameters(self) -> tuple[Type, ...]:
        """Parameter types of a function type."""
        if self.table is None:
            return ()
        return tuple(self.table.type(die) for die in self.row.parameters)

    @property
    def containing(self) -> Type | None:
        """Of a vtable's type: the concrete type the vtable belongs to."""
        if self.row.containing is None or self.table is None:
            return None
        return self.table.type(self.row.containing)

    def same_as(self, other: Type) -> bool:
        """Whether both are the same type by path and size, also across images."""
        a, b = self.strip(), other.strip()
        if a is b:
            return True
        return (a.kind, a.path.replace(" ", ""), a.size) == (
            b.kind,
            b.path.replace(" ", ""),
            b.size,
        )

    @property
    def leads_to_value(self) -> bool:
        """Whether a pointer's pointee is data of a known type: not code, ``void`` or ``*()``."""
        target = self.target
        kind = target.strip().kind if target is not None else "unit"
        return not self.points_to_code and (kind != "unit" or self._is_reference)

    @property
    def points_to_code(self) -> bool:
        """Whether a pointer's pointee is a function: code, and not a function item."""
        target = self.target.strip() if self.target is not None else None
        return target is not None and target.kind == "function" and not target.is_function_item

    @property
    def _is_reference(self) -> bool:
        return self.row.name.startswith(("&", "alloc::boxed::Box<"))

    def walk(self) -> Iterator[Type]:
        """This type and the newtypes peeled off it one by one, outermost first."""
        type_: Type | None = self.strip()
        for _ in range(_MAX_ALIASES):
            if type_ is None:
                return
            yield type_
            only = type_.only_field()
            type_ = only.type.strip() if only is not None else None


class TypeTable:
    """The types of one image; gives the same ``Type`` object for the same entry."""

    def __init__(self, image: TypeSource) -> None:
        self.image = image
        self._types: dict[int, Type] = {}
        self._function_items: dict[int, Type] = {}

    def close(self) -> None:
        """Give back the image; see ``Module.close``."""
        self.image = closed_image()

    def type(self, die: int) -> Type:
        """The type described by entry ``die`` of this table's image."""
        known = self._types.get(die)
        if known is None:
            row = self.image.type(die)
            defined = self._find_definition(row) if row.kind == "opaque" else None
            known = self._types[die] = defined or Type(row, self)
        return known

    def item_type(self, die: int) -> Type:
        """The type of what a pointer points to, an array consists of or a parameter stands for.

        Nothing there tells a function item from a function pointer; other uses of the type do.
        """
        type_ = self.type(die)
        if not type_.is_code_pointer or type_.row.language != "rust":
            return type_
        return self.function_item(die) if self.image.function_uses(die)[0] else type_

    def variable_type(self, die: int, alignment: int) -> Type:
        """The type of a variable with this ``DW_AT_alignment``."""
        type_ = self.type(die)
        if not type_.is_code_pointer or type_.row.language != "rust":
            return type_
        _, in_eighths = self.image.function_uses(die)
        is_pointer = alignment == (1 if in_eighths else _POINTER_SIZE)
        is_known = alignment > 0 or in_eighths
        return self.function_item(die) if is_known and not is_pointer else type_

    def function_item(self, die: int) -> Type:
        """The type of function items that is described as the function pointer ``die``."""
        item = self._function_items.get(die)
        if item is None:
            row = SyntheticRow("function", self.type(die).row.name, 0)
            item = self._function_items[die] = Type(row, self)
        return item

    def _find_definition(self, row: TypeRow) -> Type | None:
        """Find the definition of a declared type in another unit.

        Optimised builds import functions into other units, and with them declarations
        (``DW_AT_declaration``) of the types the functions belong to.
        """
        for die in self.image.find_types(row.path) if row.path else ():
            found = self.image.type(die)
            if found.kind != "opaque" and found.path == row.path:
                return self.type(die)
        return None

    def find(self, query: str) -> tuple[Type, ...]:
        """Find types whose path ends with ``query``; generic arguments compare as text."""
        return tuple(self.type(die) for die in self.image.find_types(query))

    def resolve_cases(self, part: VariantPartRow) -> Cases:
        """Resolve the types of the variants of ``part``."""
        tag = part.discriminant
        return Cases(
            None if tag is None else Field(field_name(tag.name), self.type(tag.type), tag.offset),
            tuple(
                Case(
                    row.name,
                    row.discriminants,
                    self.type(row.type),
                    row.offset,
                    row.declaration_path,
                    row.declaration_line,
                )
                for row in part.variants
            ),
        )


REFERENCES = ("&mut ", "&")
"""Prefixes of the names of reference types, the longer first."""

_PRIMITIVES: dict[str, tuple[Encoding, int]] = {
    "bool": ("bool", 1),
    "char": ("char", 4),
    "f32": ("float", 4),
    "f64": ("float", 8),
    "isize": ("signed", 8),
    "usize": ("unsigned", 8),
    **{f"i{bits}": ("signed", bits // 8) for bits in (8, 16, 32, 64, 128)},
    **{f"u{bits}": ("unsigned", bits // 8) for bits in (8, 16, 32, 64, 128)},
}

PRIMITIVES: dict[str, Type] = {
    name: Type(SyntheticRow("base", name, size, encoding, alignment=size))
    for name, (encoding, size) in _PRIMITIVES.items()
}
"""Rust's scalar types by name, for values that the debugger itself computes."""

UNIT = Type(SyntheticRow("unit", "()", 0))
STR = Type(SyntheticRow("array", "str", None, target=None), target=PRIMITIVES["u8"])


def array_type(element: Type, count: int | None, name: str = "") -> Type:
    """Make ``[element; count]``, or the unsized ``[element]`` for ``None``."""
    size = None if count is None or element.size is None else element.size * count
    if not name:
        item = element.qualified_name
        name = f"[{item}]" if count is None else f"[{item}; {count}]"
    row = SyntheticRow("array", name, size, count=count, alignment=element.alignment)
    return Type(row, element.table, target=element)


def pointer_type(target: Type, prefix: str = "&") -> Type:
    """Make ``&target``, ``*const target`` and the like; always a thin pointer."""
    row = SyntheticRow("pointer", f"{prefix}{target.qualified_name}", 8, alignment=8)
    return Type(row, target.table, target=target)


def synthetic_type(kind: Kind, name: str, *, is_tuple: bool = False) -> Type:
    """Make a type known by name only, for values synthesised by the debugger."""
    return Type(SyntheticRow(kind, name, None, is_tuple=is_tuple))


__all__ = [
    "PRIMITIVES",
    "STR",
    "UNIT",
    "Case",
    "Cases",
    "Encoding",
    "Field",
    "Kind",
    "MemberRow",
    "PathText",
    "SyntheticRow",
    "Type",
    "TypeRow",
    "TypeSource",
    "TypeTable",
    "VariantPartRow",
    "VariantRow",
    "array_type",
    "field_name",
    "parse_type_path",
    "pointer_type",
    "short_type_name",
    "synthetic_type",
]
