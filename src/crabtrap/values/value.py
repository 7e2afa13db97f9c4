"""A value: a type and a place joined, read only when someone looks.

Nothing here knows ``Vec`` or ``HashMap``; that is ``crabtrap.present``.  This is what
the debug information itself says: scalars, structs, enums, arrays, pointers.
"""

from __future__ import annotations

from crabtrap.address import Address
from crabtrap.errors import NotFoundError, RangeError, UsageError
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
    Register,
    Synthetic,
    ValueLocation,
    narrow,
)

MAX_VALUE_SIZE = 64 << 20
"""Most bytes fetched for one value at once; a larger type is read in parts."""


class Value:
    """A typed place in the program, or a computed value.

    Attributes:
        type: Its type as declared, typedefs included.
        place: Where it is.
        context: Memory, modules and frame it belongs to.
        metadata: Of an unsized value: its length, or the address of its vtable.
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

    def __repr__(self) -> str:
        return f"<Value {self.type.name} in {self.location}>"

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
        """Why the value is not there; ``None`` when it is, at least in part."""
        match self.location:
            case Absent(reason):
                return reason
            case Pieces(parts):
                reasons = [p.location.reason for p in parts if isinstance(p.location, Absent)]
                return reasons[0] if reasons and len(reasons) == len(parts) else None
            case _:
                return None

    def read_bytes(self) -> bytes:
        """The value's bytes.

        Raises:
            MemoryFault: They cannot be read.
            UnavailableError: They are nowhere, or the type has no known size.
        """
        if self._data is None:
            size = self.shape.size
            if size is None:
                raise UnavailableError(f"{self.type.name} has no known size")
            if size > MAX_VALUE_SIZE:
                raise UnavailableError(f"{size} bytes are too many to read at once")
            self._data = self._read(self.location, size)
        return self._data

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
        """A scalar with ``char`` told apart and bad bytes as ``Invalid``; reads."""
        return decode.decode_scalar(self.shape, self.read_bytes())

    def scalar(self) -> Scalar:
        """A base, pointer or field-less enum value; ``char`` as ``str`` of one character.

        Raises:
            UnavailableError: Its bytes are no value of the type.
        """
        match self.decoded():
            case Invalid(reason):
                raise UnavailableError(reason)
            case Char(text):
                return text
            case number:
                return number

    def integer(self) -> int:
        """The number inside an integer, a pointer, or newtypes around one.

        Raises:
            UnavailableError: There is none.
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
        """The value of ``type_`` that lies ``offset`` bytes into this one; reads nothing."""
        location = narrow(self.location, offset, type_.strip().size)
        return Value(type_, location, self.context, metadata)

    def elsewhere(self, type_: Type, location: ValueLocation, metadata: int | None = None) -> Value:
        """Another value in the same context."""
        return Value(type_, location, self.context, metadata)

    def at_field(self, field: Field) -> Value:
        """The value of one of the type's own fields; reads nothing but a bit field."""
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
        """Fields by name, in declaration order; of an enum, those of the live variant.

        Raises:
            UnavailableError: The discriminant is invalid or cannot be read.
        """
        if self.shape.cases is not None:
            return self.variant()[1].fields() + self._own_fields()
        return self._own_fields()

    def _own_fields(self) -> tuple[tuple[str, Value], ...]:
        return tuple((field.name, self.at_field(field)) for field in self.shape.fields)

    def field(self, name: str) -> Value:
        """One field, of the live variant for an enum.

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
        """An item of an array.

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
        """The part of an array from item ``start`` on, as an array; bounds unchecked."""
        element = self.shape.target or UNIT
        part = array_type(element, count)
        return Value(
            part, narrow(self.location, start * (element.size or 0), part.size), self.context
        )

    # -- enums -------------------------------------------------------------------
    def case(self) -> Case | Invalid:
        """The live variant, or why there is none; reads the discriminant."""
        cases = self.shape.cases
        if cases is None:
            return Invalid(f"{self.type.name} is not an enum")
        tag: int | None = None
        if cases.discriminant is not None:
            field = cases.discriminant
            tag = int.from_bytes(self.at(field.type, field.offset).read_bytes(), "little")
        return decode.live_case(cases, tag)

    def variant(self) -> tuple[Case, Value]:
        """The live variant and its fields as a struct value.

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
        """A thin or wide reference, raw pointer or ``Box``."""
        shape = self.shape
        return shape.kind in ("pointer", "reference") or unsized.wide_kind(shape) is not None

    def pointer_address(self) -> Address:
        """Where a thin or wide pointer points; reads it."""
        shape = self.shape
        wide = unsized.wide_kind(shape)
        if wide is not None:
            return Address(self.field(unsized.ADDRESS_FIELD[wide]).integer())
        return Address(self.integer())

    def deref(self) -> Value:
        """What a pointer points to; a trait object as its concrete type.

        Raises:
            UsageError: Not a pointer, or one to anything (``*const ()``) or a function.
            UnavailableError: A null pointer, or one that the program does not have.
        """
        if isinstance(self.location, ImplicitPointer):
            return self._deref_implicit(self.location)
        if not self.is_pointer:
            raise UsageError(f"{self.type.name} is not a pointer")
        if unsized.wide_kind(self.shape) is not None:
            return unsized.deref_wide(self)
        target = self.shape.target
        if target is None or not self.shape.leads_to_value:
            raise UsageError(f"nothing is known of what {self.type.name} points to")
        address = self.pointer_address()
        if address == 0:
            raise UnavailableError("null pointer")
        return Value(target, Memory(address), self.context)

    def _deref_implicit(self, location: ImplicitPointer) -> Value:
        frame = self.context.frame
        whole = frame.variable(location.die) if frame is not None else None
        if whole is None:
            raise UnavailableError("optimised out")
        target = self.shape.target or whole.type
        return whole if location.offset == 0 else whole.at(target, location.offset)


def _sign_extended(bits: int, field: Field) -> bytes:
    size = field.type.strip().size or 0
    if field.type.strip().row.encoding == "signed" and bits >> (field.bit_size - 1):
        bits -= 1 << field.bit_size
    return (bits & ((1 << size * 8) - 1)).to_bytes(size, "little")
