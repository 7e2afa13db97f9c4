"""Synthetic types and memory, for tests without a program.

``World`` is a type source with the layouts of Rust's std, and a heap to put bytes in.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crabtrap.address import Address
from crabtrap.errors import MemoryFault
from crabtrap.symbols.types import SyntheticRow, Type, TypeTable
from crabtrap.values import Bytes, Memory, NoProgramInfo, Value, ValueContext
from crabtrap.values.python_behaviour import PythonBehaviour


@dataclass(frozen=True)
class MemberRow:
    name: str
    type: int
    offset: int = 0
    bit_offset: int = 0
    bit_size: int = 0
    artificial: bool = False
    alignment: int = 0


@dataclass(frozen=True)
class VariantRow:
    name: str
    discriminants: tuple[tuple[int, int], ...]
    type: int
    offset: int = 0
    declaration_path: str | None = None
    declaration_line: int = 0


@dataclass(frozen=True)
class PartRow:
    discriminant: MemberRow | None
    variants: tuple[VariantRow, ...]


_BASES = {
    "bool": ("bool", 1),
    "char": ("char", 4),
    "f32": ("float", 4),
    "f64": ("float", 8),
    "usize": ("unsigned", 8),
    "isize": ("signed", 8),
    **{f"u{bits}": ("unsigned", bits // 8) for bits in (8, 16, 32, 64, 128)},
    **{f"i{bits}": ("signed", bits // 8) for bits in (8, 16, 32, 64, 128)},
}


class Heap:
    """Memory: blocks at increasing addresses, with unmapped gaps between them."""

    def __init__(self) -> None:
        self.blocks: dict[int, bytearray] = {}
        self.next = 0x10000
        self.reads = 0

    def put(self, data: bytes, align: int = 16) -> int:
        address = -(-self.next // align) * align
        self.blocks[address] = bytearray(data)
        self.next = address + len(data) + 4096
        return address

    def read(self, address: int, size: int) -> bytes:
        self.reads += 1
        for start, block in self.blocks.items():
            if start <= address and address + size <= start + len(block):
                return bytes(block[address - start : address - start + size])
        raise MemoryFault(address, size)


class SyntheticProgram(NoProgramInfo):
    """Look-ups of the vtables and functions that a test enters here."""

    def __init__(self, behaviour: PythonBehaviour | None = None) -> None:
        super().__init__(behaviour)
        self.vtables: dict[int, Type] = {}
        self.code: dict[int, str] = {}
        self.instances: dict[int, tuple[Type, ...]] = {}

    def function_arguments(self, address: Address) -> tuple[Type, ...]:
        return self.instances.get(address, ())

    def describe_code(self, address: Address) -> str | None:
        return self.code.get(address)

    def vtable_type(self, address: Address) -> Type | None:
        return self.vtables.get(address)


@dataclass
class World:
    """Synthetic types, by path, and values of them."""

    rows: list[SyntheticRow] = field(default_factory=lambda: [SyntheticRow("unit", "()", 0)])
    named: dict[str, int] = field(default_factory=dict[str, int])
    heap: Heap = field(default_factory=Heap)
    program: SyntheticProgram = field(default_factory=SyntheticProgram)
    function_items: set[int] = field(default_factory=set[int])

    def __post_init__(self) -> None:
        self.table = TypeTable(self)
        self.context = ValueContext(self.heap, self.program)

    # -- the type source ---------------------------------------------------------
    def type(self, die: int) -> SyntheticRow:
        return self.rows[die]

    def function_uses(self, die: int) -> tuple[bool, bool]:
        return (die in self.function_items, False)

    def find_types(self, query: str) -> tuple[int, ...]:
        wanted = query.replace(" ", "")
        return tuple(
            die
            for path, die in self.named.items()
            if path.replace(" ", "") == wanted or path.replace(" ", "").endswith(f"::{wanted}")
        )

    def add(self, row: SyntheticRow) -> int:
        path = row.path or row.name
        if path in self.named:
            return self.named[path]
        die = len(self.rows)
        self.rows.append(replace(row, die=die, path=path))
        self.named[path] = die
        return die

    def get(self, die: int) -> Type:
        return self.table.type(die)

    # -- plain types -------------------------------------------------------------
    def base(self, name: str) -> int:
        if name == "()":
            return 0
        encoding, size = _BASES[name]
        return self.add(SyntheticRow("base", name, size, encoding, alignment=size))  # type: ignore[arg-type]

    def struct(
        self,
        path: str,
        fields: Sequence[tuple[str, int]],
        *,
        arguments: Sequence[tuple[str, int]] = (),
        size: int | None = None,
        kind: str = "struct",
    ) -> int:
        """Add a struct laid out in declaration order with natural alignment."""
        members: list[MemberRow] = []
        end, align = 0, 1
        for name, die in fields:
            row = self.rows[die]
            align = max(align, row.alignment)
            offset = -(-end // row.alignment) * row.alignment if kind == "struct" else 0
            members.append(MemberRow(name, die, offset))
            end = max(end, offset + (row.size or 0))
        total = size if size is not None else -(-end // align) * align
        head, bracket, rest = path.partition("<")
        name = (
            path
            if path.startswith(("&", "*", "(", "dyn "))
            else head.rpartition("::")[2] + bracket + rest
        )
        return self.add(
            SyntheticRow(
                kind,  # type: ignore[arg-type]
                name,
                total,
                path=path,
                alignment=align,
                members=tuple(members),
                template_arguments=tuple(arguments),
                is_tuple=bool(fields) and all(n.startswith("__") for n, _ in fields),
            )
        )

    def tuple(self, *items: int) -> int:
        path = f"({', '.join(self.rows[i].path or self.rows[i].name for i in items)})"
        return self.struct(path, [(f"__{n}", die) for n, die in enumerate(items)])

    def pointer(self, target: int, prefix: str = "&") -> int:
        row = self.rows[target]
        name = f"{prefix}{row.path or row.name}"
        return self.add(SyntheticRow("pointer", name, 8, alignment=8, target=target))

    def array(self, item: int, count: int) -> int:
        row = self.rows[item]
        return self.add(
            SyntheticRow(
                "array",
                f"[{row.path or row.name}; {count}]",
                (row.size or 0) * count,
                alignment=row.alignment,
                target=item,
                count=count,
            )
        )

    def wide(self, name: str, item: int, *, dyn: bool = False) -> int:
        thin = self.add(
            SyntheticRow("pointer", f"{self.rows[item].path} *", 8, alignment=8, target=item)
        )
        names = ("pointer", "vtable") if dyn else ("data_ptr", "length")
        return self.struct(name, [(names[0], thin), (names[1], self.base("usize"))])

    def c_enum(self, path: str, items: Sequence[tuple[str, int]], target: str = "u8") -> int:
        die = self.base(target)
        return self.add(
            SyntheticRow(
                "enum",
                path.rpartition("::")[2],
                self.rows[die].size,
                path=path,
                target=die,
                enumerators=tuple(items),
                alignment=self.rows[die].alignment,
            )
        )

    def enum(
        self,
        path: str,
        size: int,
        tag: tuple[str, int] | None,
        cases: Sequence[tuple[str, tuple[tuple[int, int], ...], Sequence[tuple[str, int, int]]]],
        arguments: Sequence[tuple[str, int]] = (),
        align: int = 8,
    ) -> int:
        """Add an enum.

        Args:
            path: Its path with generic arguments.
            size: Bytes.
            tag: ``(type, offset)`` of the discriminant, ``None`` for an enum without one.
            cases: ``(name, discriminants, [(field, type, offset)])`` of each variant.
            arguments: Generic arguments, as ``(name, type)``.
            align: Bytes.
        """
        variants: list[VariantRow] = []
        for name, discriminants, fields in cases:
            members = tuple(MemberRow(f, die, offset) for f, die, offset in fields)
            inside = self.add(
                SyntheticRow(
                    "struct",
                    name,
                    size,
                    path=f"{path}::{name}",
                    alignment=align,
                    members=members,
                    is_tuple=bool(members) and all(m.name.startswith("__") for m in members),
                )
            )
            variants.append(VariantRow(name, discriminants, inside))
        member = None if tag is None else MemberRow("", self.base(tag[0]), tag[1])
        head, bracket, rest = path.partition("<")
        return self.add(
            SyntheticRow(
                "struct",
                head.rpartition("::")[2] + bracket + rest,
                size,
                path=path,
                alignment=align,
                variants=PartRow(member, tuple(variants)),
                template_arguments=tuple(arguments),
            )
        )

    # -- std ---------------------------------------------------------------------
    def path(self, die: int) -> str:
        return self.rows[die].path or self.rows[die].name

    def vec(self, item: int) -> int:
        t = self.path(item)
        u8 = self.base("u8")
        non_null = self.struct(
            "core::ptr::non_null::NonNull<u8>", [("pointer", self.pointer(u8, "*const "))]
        )
        unique = self.struct("core::ptr::unique::Unique<u8>", [("pointer", non_null)])
        cap = self.struct("core::num::niche_types::UsizeNoHighBit", [("__0", self.base("usize"))])
        inner = self.struct(
            "alloc::raw_vec::RawVecInner<alloc::alloc::Global>", [("ptr", unique), ("cap", cap)]
        )
        raw = self.struct(f"alloc::raw_vec::RawVec<{t}, alloc::alloc::Global>", [("inner", inner)])
        return self.struct(
            f"alloc::vec::Vec<{t}, alloc::alloc::Global>",
            [("buf", raw), ("len", self.base("usize"))],
            arguments=[("T", item), ("A", 0)],
        )

    def old_vec(self, item: int) -> int:
        """Add a ``Vec`` with the layout before ``RawVecInner``: pointer, capacity, length."""
        t = self.path(item)
        unique = self.struct(
            f"core::ptr::unique::Unique<{t}>", [("pointer", self.pointer(item, "*const "))]
        )
        raw = self.struct(
            f"alloc::raw_vec::RawVec<{t}, alloc::alloc::Global>",
            [("ptr", unique), ("cap", self.base("usize"))],
        )
        return self.struct(
            f"alloc::vec::Vec<{t}, alloc::alloc::Global>",
            [("buf", raw), ("len", self.base("usize"))],
            arguments=[("T", item), ("A", 0)],
        )

    def string(self) -> int:
        return self.struct("alloc::string::String", [("vec", self.vec(self.base("u8")))])

    def option(self, item: int, path: str | None = None) -> int:
        """Add ``Option<T>`` with a 32-bit tag in front."""
        row = self.rows[item]
        offset = max(4, row.alignment)
        return self.enum(
            path or f"core::option::Option<{self.path(item)}>",
            offset + (row.size or 0),
            ("u32", 0),
            [("None", ((0, 0),), ()), ("Some", ((1, 1),), [("__0", item, offset)])],
            arguments=[("T", item)],
        )

    def hash_map(self, key: int, value: int) -> int:
        k, v = self.path(key), self.path(value)
        u8 = self.base("u8")
        usize = self.base("usize")
        pair = self.tuple(key, value)
        non_null = self.struct(
            "core::ptr::non_null::NonNull<u8>", [("pointer", self.pointer(u8, "*const "))]
        )
        inner = self.struct(
            "hashbrown::raw::RawTableInner",
            [("bucket_mask", usize), ("ctrl", non_null), ("growth_left", usize), ("items", usize)],
        )
        raw = self.struct(
            f"hashbrown::raw::RawTable<({k}, {v}), alloc::alloc::Global>",
            [("table", inner)],
            arguments=[("T", pair), ("A", 0)],
        )
        state = self.struct("std::hash::random::RandomState", [("k0", usize), ("k1", usize)])
        base = self.struct(
            f"hashbrown::map::HashMap<{k}, {v}, std::hash::random::RandomState>",
            [("hash_builder", state), ("table", raw)],
        )
        return self.struct(
            f"std::collections::hash::map::HashMap<{k}, {v}, std::hash::random::RandomState>",
            [("base", base)],
            arguments=[("K", key), ("V", value)],
        )

    # -- values ------------------------------------------------------------------
    def value(self, die: int, data: bytes) -> Value:
        """Put a value into memory."""
        align = self.rows[die].alignment
        return Value(self.get(die), Memory(Address(self.heap.put(data, align))), self.context)

    def bytes_value(self, die: int, data: bytes) -> Value:
        return Value(self.get(die), Bytes(data), self.context)

    def vec_bytes(self, data: bytes, length: int, capacity: int | None = None) -> bytes:
        """Put the items of a ``Vec`` into memory, and return its three words."""
        address = self.heap.put(data) if data else 8
        return struct.pack("<QQQ", address, length if capacity is None else capacity, length)

    def vec_value(self, item: str, numbers: Sequence[int]) -> Value:
        die = self.base(item)
        size, signed = self.rows[die].size or 1, self.rows[die].encoding == "signed"
        data = b"".join(n.to_bytes(size, "little", signed=signed) for n in numbers)
        return self.value(self.vec(die), self.vec_bytes(data, len(numbers)))

    def string_bytes(self, text: str | bytes) -> bytes:
        data = text.encode() if isinstance(text, str) else text
        return self.vec_bytes(data, len(data))

    def string_value(self, text: str | bytes) -> Value:
        return self.value(self.string(), self.string_bytes(text))

    def hash_bytes(self, buckets: Sequence[bytes | None], stride: int) -> bytes:
        """Put a hash table into memory, and return the bytes of the ``HashMap``.

        Args:
            buckets: Its buckets, a power of two of them; ``None`` for an empty one.
            stride: Bytes of a bucket.
        """
        data = b"".join(b or bytes(stride) for b in reversed(buckets))
        control = bytes(0xFF if b is None else 0x11 for b in buckets)
        address = self.heap.put(data + control + control[:16]) + len(data)
        items = sum(b is not None for b in buckets)
        return struct.pack("<QQQQQQ", 1, 2, len(buckets) - 1, address, 0, items)
