"""Values: a type and a value location, read lazily.

These are values as the debug information describes them: scalars, structs, enums, arrays
and pointers.  ``crabtrap.present`` adds what a ``Vec`` or a ``HashMap`` is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import CrabtrapError, NotFoundError, RangeError, UsageError
from crabtrap.symbols.types import UNIT, Case, Field, Type, array_type
from crabtrap.values import decode, unsized
from crabtrap.values.decode import Char, Invalid, Scalar, UnavailableError
from crabtrap.values.value_context import ValueContext
from crabtrap.values.value_location import (
    Absent,
    Bytes,
    ImplicitPointer,
    Memory,
    Pieces,
    PointerTo,
    Register,
    Synthetic,
    ValueLocation,
    narrow,
)

if TYPE_CHECKING:
    from crabtrap.values.python_behaviour import PythonBehaviour

_MAX_VARIANTS = 32
"""Enums that a variant may be within each other; more are a circle in damaged files."""
MAX_VALUE_SIZE = 64 << 20
"""Most bytes fetched for one value at once; a larger type is read in parts."""


class Value:
    """A value in the program, or one computed by the debugger.

    It behaves in Python as what it is in Rust, references and smart pointers looked
    through: ``v[0]``, ``v["field"]``, ``len(v)``, ``for item in v``, ``int(v)``,
    ``str(v)``, ``v == "text"``, ``if v``.  See ``docs/python.md``.  Values are compared by
    content, which the program may change, and therefore have no hash.

    Attributes:
        type: Its type as declared, typedefs included.
        location: Memory, registers, pieces of both, or why it has none.
        context: The memory, modules and frame it is read from.
        metadata: The length or vtable address of an unsized value, as in a wide pointer.
    """

    __slots__ = ("_data", "context", "location", "metadata", "type")

    def __init__(
        self,
        type_: Type,
        location: ValueLocation,
        context: ValueContext,
        metadata: int | None = None,
    ) -> None:
        self.type = type_
        self.location = location
        self.context = context
        self.metadata = metadata
        self._data: bytes | None = None

    @property
    def shape(self) -> Type:
        """The type behind typedefs and qualifiers."""
        return self.type.strip()

    @property
    def address(self) -> Address | None:
        """Run-time address, ``None`` for a value that is not in memory."""
        return self.location.address if isinstance(self.location, Memory) else None

    @property
    def absent(self) -> str | None:
        """Why no part of the value exists; ``None`` where one does."""
        match self.location:
            case Absent(reason):
                return reason
            case Pieces(parts):
                reasons = [p.location.reason for p in parts if isinstance(p.location, Absent)]
                return reasons[0] if reasons and len(reasons) == len(parts) else None
            case _:
                return None

    def read_bytes(self) -> bytes:
        """Read the value's bytes, once.

        Raises:
            StaleError: The program was resumed since the stop that the value belongs to.
            MemoryFault: They cannot be read.
            UnavailableError: There are none, or their number is unknown or too large.
        """
        self.context.program.check_values()
        if self._data is None:
            size = self.shape.size
            if size is None:
                raise UnavailableError(f"{self.type.name} has no known size")
            if size > MAX_VALUE_SIZE:
                raise UnavailableError(f"{size} bytes are too many to read at once")
            self._data = self._read(self.location, size)
        return self._data

    def kept(self, context: ValueContext) -> Value:
        """Return the value as its bytes were read, for a later stop.

        What it points to is read from ``context``.  One whose bytes were not read stays of
        its own stop.
        """
        if self._data is None:
            return self
        return Value(self.type, Bytes(self._data), context, self.metadata)

    def _read(self, location: ValueLocation, size: int) -> bytes:
        match location:
            case Memory(address):
                return self.context.reader.read(address, size) if size else b""
            case Bytes(data):
                if len(data) < size:
                    raise UnavailableError(f"only {len(data)} of {size} bytes are known")
                return data[:size]
            case Register(number, offset):
                return self._read_register(number, offset, size)
            case Pieces(parts):
                return self._read_pieces(location, size) if parts else b""
            case Absent(reason):
                raise UnavailableError(reason)
            case ImplicitPointer():
                raise UnavailableError("pointer optimised away; only what it points to is known")
            case PointerTo():
                raise UnavailableError("pointer not captured; only what it points to is")
            case Synthetic():
                raise UnavailableError("computed by the debugger; it has no bytes")

    def _read_register(self, number: int, offset: int, size: int) -> bytes:
        frame = self.context.frame
        data = frame.register_bytes(number) if frame is not None else None
        if data is None:
            raise UnavailableError("its register was overwritten by a called function")
        if offset + size > len(data):
            raise UnavailableError(f"{size} bytes do not fit its register")
        return data[offset : offset + size]

    def _read_pieces(self, location: Pieces, size: int) -> bytes:
        chunks: list[bytes] = []
        for part in location.parts:
            if part.bit_offset:
                whole = self._read(part.location, part.size + (part.bit_offset + 7) // 8)
                bits = decode.extract_bits(whole, part.bit_offset, part.size * 8)
                chunks.append(bits.to_bytes(part.size, "little"))
            else:
                chunks.append(self._read(part.location, part.size))
        data = b"".join(chunks)
        if len(data) < size:
            raise UnavailableError(f"only {len(data)} of {size} bytes are known")
        return data[:size]

    # -- scalars -----------------------------------------------------------------
    def decoded(self) -> Scalar | Char | Invalid:
        """Decode a scalar, with ``char`` as ``Char`` and invalid bytes as ``Invalid``."""
        return decode.decode_scalar(self.shape, self.read_bytes())

    def valid(self) -> Scalar | Char:
        """Decode a scalar as ``decoded`` does, one that is valid.

        Raises:
            UnavailableError: Its bytes are not a valid value of the type.
        """
        found = self.decoded()
        if isinstance(found, Invalid):
            raise UnavailableError(found.reason)
        return found

    def scalar(self) -> Scalar:
        """Decode a base, pointer or field-less enum value; ``char`` as a one-character ``str``.

        Raises:
            UnavailableError: Its bytes are not a valid value of the type.
        """
        found = self.valid()
        return found.text if isinstance(found, Char) else found

    def integer(self) -> int:
        """Decode an integer or pointer, inside any newtypes.

        Raises:
            UnavailableError: The value holds no integer.
        """
        inner, offset = self.shape.innermost
        if inner.kind in ("base", "pointer", "reference", "enum"):
            value = self if inner is self.type else self.at(inner, offset)
            number = value.scalar()
            if isinstance(number, int):
                return int(number)
        raise UnavailableError(f"{self.type.name} holds no integer")

    # -- parts -------------------------------------------------------------------
    def at(self, type_: Type, offset: int, metadata: int | None = None) -> Value:
        """Return the part of type ``type_`` at byte ``offset`` of this value; reads nothing."""
        location = narrow(self.location, offset, type_.strip().size)
        return Value(type_, location, self.context, metadata)

    def elsewhere(self, type_: Type, location: ValueLocation, metadata: int | None = None) -> Value:
        """Return a value of any type and location in the same context."""
        return Value(type_, location, self.context, metadata)

    def at_field(self, field: Field) -> Value:
        """Return a field of this value; reads nothing, unless it is a bit field."""
        if self.metadata is not None and field is self.shape.fields[-1]:
            return unsized.tail(self, field, self.metadata)
        inner = self.at(field.type, field.offset)
        if not field.bit_size:
            return inner
        try:
            bits = decode.extract_bits(inner.read_bytes(), field.bit_offset, field.bit_size)
        except UnavailableError as error:
            return Value(field.type, Absent(error.reason), self.context)
        return Value(field.type, Bytes(_sign_extended(bits, field)), self.context)

    def fields(self) -> tuple[tuple[str, Value], ...]:
        """List the fields by name, in declaration order; of an enum, the live variant's.

        Raises:
            UnavailableError: The discriminant is invalid or cannot be read.
        """
        value, found = self, self._own_fields()
        for _ in range(_MAX_VARIANTS):
            if value.shape.cases is None:
                return found
            value = value.variant()[1]
            found = value._own_fields() + found
        raise UnavailableError(f"the variants of {self.type.name} lead in a circle")

    def _own_fields(self) -> tuple[tuple[str, Value], ...]:
        return tuple((field.name, self.at_field(field)) for field in self.shape.fields)

    def field(self, name: str) -> Value:
        """Return the field called ``name``; of an enum, the live variant's.

        Raises:
            NotFoundError: The type has no such field.
        """
        field = self.shape.field(name)
        if field is not None:
            return self.at_field(field)
        if self.shape.cases is not None:
            return self.variant()[1].field(name)
        known = tuple(field.name for field in self.shape.fields)
        raise NotFoundError("field", name, known[:8])

    def index(self, index: int) -> Value:
        """Return an element of an array.

        Raises:
            RangeError: ``index`` is not below the array's length.
            UsageError: It is not an array.
        """
        shape = self.shape
        if shape.kind != "array":
            raise UsageError(f"{self.type.name} is not an array")
        count = shape.row.count
        if index < 0 or (count is not None and index >= count):
            raise RangeError(f"index {index} is out of range for {self.type.name}")
        element = shape.target or UNIT
        return self.at(element, index * (element.size or 0))

    def elements(self, start: int, count: int) -> Value:
        """Return ``count`` elements of an array from ``start`` on; bounds are not checked."""
        element = self.shape.target or UNIT
        part = array_type(element, count)
        return Value(
            part, narrow(self.location, start * (element.size or 0), part.size), self.context
        )

    # -- enums -------------------------------------------------------------------
    def case(self) -> Case | Invalid:
        """Read the discriminant and find the live variant, or why there is none."""
        cases = self.shape.cases
        if cases is None:
            return Invalid(f"{self.type.name} is not an enum")
        tag: int | None = None
        if cases.discriminant is not None:
            field = cases.discriminant
            tag = int.from_bytes(self.at(field.type, field.offset).read_bytes(), "little")
        return decode.live_case(cases, tag)

    def variant(self) -> tuple[Case, Value]:
        """Read the live variant, and return its fields as a struct value.

        Raises:
            UnavailableError: No variant has this discriminant.
        """
        case = self.case()
        if isinstance(case, Invalid):
            raise UnavailableError(case.reason)
        return case, self.at(case.type, case.offset)

    # -- pointers ----------------------------------------------------------------
    @property
    def is_pointer(self) -> bool:
        """Whether this is a thin or wide reference, raw pointer or ``Box``."""
        shape = self.shape
        return shape.kind in ("pointer", "reference") or unsized.wide_kind(shape) is not None

    def pointer_address(self) -> Address:
        """Read the address that a thin or wide pointer holds."""
        shape = self.shape
        wide = unsized.wide_kind(shape)
        if wide is not None:
            return Address(self.field(unsized.ADDRESS_FIELD[wide]).integer())
        return Address(self.integer())

    def deref(self) -> Value:
        """Follow a pointer; a trait object becomes a value of its concrete type.

        Raises:
            UsageError: Not a pointer, or its pointee is a function or unknown (``*const ()``).
            UnavailableError: A null pointer, or one that was optimised out.
        """
        if isinstance(self.location, ImplicitPointer):
            return self._deref_implicit(self.location)
        if not self.is_pointer:
            raise UsageError(f"{self.type.name} is not a pointer")
        if isinstance(self.location, PointerTo):
            return Value(self._target, self.location.pointee, self.context)
        if unsized.wide_kind(self.shape) is not None:
            return unsized.deref_wide(self)
        target = self.shape.target
        if target is None or not self.shape.leads_to_value:
            raise UsageError(f"nothing is known of what {self.type.name} points to")
        address = self.pointer_address()
        if address == 0:
            raise UnavailableError("null pointer")
        return Value(target, Memory(address), self.context)

    @property
    def _target(self) -> Type:
        wide = unsized.wide_kind(self.shape)
        pointer = self.shape if wide is None else self.field(unsized.ADDRESS_FIELD[wide]).shape
        return pointer.target or UNIT

    def _deref_implicit(self, location: ImplicitPointer) -> Value:
        frame = self.context.frame
        whole = frame.variable(location.die) if frame is not None else None
        if whole is None:
            raise UnavailableError("optimised out")
        target = self.shape.target or whole.type
        return whole if location.offset == 0 else whole.at(target, location.offset)

    # -- as Python sees it -------------------------------------------------------
    @property
    def _behaviour(self) -> PythonBehaviour:
        return self.context.program.behaviour

    def __repr__(self) -> str:
        try:
            return f"<Value {self.type.name}: {self._behaviour.summary(self)}>"
        except CrabtrapError as error:
            return f"<Value {self.type.name}: <{error}>>"

    def __str__(self) -> str:
        return self._behaviour.text(self)

    def __format__(self, spec: str) -> str:
        from crabtrap.values.python_behaviour import formatted  # noqa: PLC0415 - rarely needed

        return formatted(self, self._behaviour, spec)

    def __bool__(self) -> bool:
        return self._behaviour.truth(self)

    def __int__(self) -> int:
        return int(self._behaviour.number(self))

    def __index__(self) -> int:
        number = self._behaviour.number(self)
        if isinstance(number, float):
            raise TypeError(f"{self.type.name} is not an integer")
        return int(number)

    def __float__(self) -> float:
        return float(self._behaviour.number(self))

    def __eq__(self, other: object) -> bool:
        return other is self or self._behaviour.equal(self, other)

    __hash__ = None  # type: ignore[assignment]  # what it is equal to changes as the program runs

    def __getitem__(self, key: object) -> Value:
        return self._behaviour.item(self, key)

    def __len__(self) -> int:
        return self._behaviour.length(self)

    def __iter__(self) -> Iterator[Value]:
        return self._behaviour.walk(self)

    def __contains__(self, item: object) -> bool:
        return self._behaviour.contains(self, item)

    def items(self) -> Iterator[tuple[Value, Value]]:
        """The keys and values of a map, read as they are walked over.

        Raises:
            TypeError: It is not a map.
        """
        return self._behaviour.entries(self)

    def _repr_html_(self) -> str:
        """For notebooks."""
        return self._behaviour.html(self)


def _sign_extended(bits: int, field: Field) -> bytes:
    size = field.type.strip().size or 0
    if field.type.strip().row.encoding == "signed" and bits >> (field.bit_size - 1):
        bits -= 1 << field.bit_size
    return (bits & ((1 << size * 8) - 1)).to_bytes(size, "little")
