"""Decoding of scalars from bytes, and of the live variant of an enum.

Bytes that are not a valid value of their type become ``Invalid`` with the reason; they
are never replaced by a plausible value.
"""

from __future__ import annotations

import struct
from typing import assert_never

from crabtrap.errors import (
    CancelledError,
    CrabtrapError,
    StaleError,
    TargetError,
    WrongThreadError,
)
from crabtrap.records import dataclass
from crabtrap.symbols.types import Case, Cases, Type

Scalar = int | float | bool | str


class UnavailableError(TargetError):
    """A value has no bytes, or its bytes are not a valid value of its type.

    Attributes:
        reason: Text for users: "optimised out", "invalid bool: 7", "null pointer".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def why_unreadable(error: CrabtrapError) -> str:
    """What is shown in place of a value that cannot be read.

    Raises:
        CrabtrapError: ``error`` itself, where it is about who asks and when, not the value.
    """
    if isinstance(error, StaleError | WrongThreadError | CancelledError):
        raise error
    return error.reason if isinstance(error, UnavailableError) else str(error)


@dataclass(frozen=True, slots=True)
class Invalid:
    """Bytes that are not a valid value of their type; ``reason`` is for users."""

    reason: str

    def __str__(self) -> str:
        return f"<{self.reason}>"


@dataclass(frozen=True, slots=True)
class Char:
    """A valid ``char``; a class of its own, to be distinct from ``str`` for text."""

    text: str


def decode_scalar(type_: Type, data: bytes) -> Scalar | Char | Invalid:
    """Decode the bytes of a base, pointer or field-less enum type.

    Args:
        type_: Stripped of typedefs and qualifiers.
        data: Exactly ``type_.size`` little-endian bytes.
    """
    match type_.kind:
        case "base":
            return _decode_base(type_, data)
        case "pointer" | "reference":
            return int.from_bytes(data, "little")
        case "enum":
            number = int.from_bytes(data, "little", signed=_is_signed_enum(type_))
            if enumerator_name(type_, data) is None:
                return Invalid(f"invalid {type_.name}: {number}")
            return number
        case _:
            return Invalid(f"{type_.name} is not a scalar")


def _decode_base(type_: Type, data: bytes) -> Scalar | Char | Invalid:
    number = int.from_bytes(data, "little")
    encoding = type_.row.encoding
    match encoding:
        case "unsigned" | "address" | "":
            return number
        case "signed":
            return int.from_bytes(data, "little", signed=True)
        case "bool":
            return bool(number) if number in (0, 1) else Invalid(f"invalid bool: {number}")
        case "char":
            return _decode_char(number)
        case "float":
            return decode_float(data)
        case unknown:
            assert_never(unknown)


def _decode_char(number: int) -> Char | Invalid:
    if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
        return Invalid(f"invalid char: {number:#x}")
    return Char(chr(number))


def decode_float(data: bytes) -> float | Invalid:
    """Decode IEEE 754 binary16, 32, 64 or 128, little-endian.

    A binary128 that a Python float cannot hold exactly is ``Invalid``.
    """
    match len(data):
        case 2:
            return struct.unpack("<e", data)[0]
        case 4:
            return struct.unpack("<f", data)[0]
        case 8:
            return struct.unpack("<d", data)[0]
        case 16:
            return _decode_quad(data)
        case size:
            return Invalid(f"float of {size} bytes: {data[::-1].hex()}")


def _decode_quad(data: bytes) -> float | Invalid:
    bits = int.from_bytes(data, "little")
    mantissa, exponent = bits & ((1 << 112) - 1), bits >> 112 & 0x7FFF
    sign = -1.0 if bits >> 127 else 1.0
    if bits << 1 & ((1 << 128) - 1) == 0:
        return sign * 0.0
    exact = mantissa & ((1 << 60) - 1) == 0 and 0x3C01 <= exponent <= 0x43FE
    if not exact:
        return Invalid(f"f128 beyond f64: {bits:#034x}")
    return sign * (1 + (mantissa >> 60) / (1 << 52)) * 2.0 ** (exponent - 0x3FFF)


def _is_signed_enum(type_: Type) -> bool:
    target = type_.target
    return target is not None and target.strip().row.encoding == "signed"


def enumerator_name(type_: Type, data: bytes) -> str | None:
    """Find the variant of a field-less enum with these bytes as discriminant."""
    number = int.from_bytes(data, "little")
    for name, value in type_.row.enumerators:
        if value == number:
            return name
    return None


def extract_bits(data: bytes, bit_offset: int, bit_size: int) -> int:
    """Extract ``bit_size`` bits from ``bit_offset`` on; bit 0 is the lowest of byte 0."""
    return int.from_bytes(data, "little") >> bit_offset & ((1 << bit_size) - 1)


def is_uninhabited(type_: Type, depth: int = 0) -> bool:
    """Whether a type has no values: ``!``, an enum without variants, or a struct of one."""
    shape = type_.strip()
    if shape.kind == "never":
        return True
    if shape.row.kind == "enum" and shape.cases is None:
        return not shape.row.enumerators
    if shape.cases is not None and not shape.cases.cases:
        return True
    if shape.kind != "struct" or depth > 8:
        return False
    return any(is_uninhabited(field.type, depth + 1) for field in shape.fields)


def live_case(cases: Cases, tag: int | None) -> Case | Invalid:
    """Find the variant that a discriminant selects.

    Args:
        cases: The enum's variants.
        tag: The discriminant, unsigned; ``None`` for an enum without one.
    """
    if tag is None:
        possible = [case for case in cases.cases if not is_uninhabited(case.type)]
        if len(possible) == 1:
            return possible[0]
        return Invalid("enum without discriminant")
    default: Case | None = None
    for case in cases.cases:
        if not case.discriminants:
            default = case
        elif any(low <= tag <= high for low, high in case.discriminants):
            return case
    return default or Invalid(f"invalid discriminant: {tag:#x}")
