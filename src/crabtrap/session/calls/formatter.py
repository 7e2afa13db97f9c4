"""A ``core::fmt::Formatter`` as for ``{:?}``, with the layout that it has in the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr import EvaluationError, computed, encode
from crabtrap.symbols.abi import WORD
from crabtrap.values import NOWHERE, Bytes, Value

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.present import Presenter
    from crabtrap.symbols.types import Type

_FILL = 0x20
_ALTERNATE = 1 << 2
# Where the fill character has no field of its own, it is in the low 21 bits of the flags, and
# the alignment (3: unknown) in bits 29 and 30.
_PACKED = _FILL | 3 << 29
_PACKED_ALTERNATE = 1 << 23


def make_formatter(
    type_: Type, data: Address, vtable: Address, presenter: Presenter, *, pretty: bool
) -> bytes:
    """Return the bytes of a formatter that writes to a ``dyn Write``.

    Args:
        type_: ``core::fmt::Formatter``.
        data: First word of the trait object.
        vtable: Second word of the trait object.
        presenter: Finds views of values by the rules for their types.
        pretty: As for ``{:#?}``.

    Raises:
        EvaluationError: It has a field of unknown meaning.
    """
    words = b"".join(int(word).to_bytes(WORD, "little") for word in (data, vtable))

    def content(owner: Type) -> bytes:
        result = bytearray(owner.strip().size or 0)
        for field in owner.strip().fields:
            if field.name == "buf":
                part = words
            elif field.name == "options":
                part = content(field.type)
            else:
                part = _option(owner, field.name, field.type, presenter, pretty)
            result[field.offset : field.offset + len(part)] = part
        return bytes(result)

    return content(type_)


def _option(owner: Type, name: str, type_: Type, presenter: Presenter, pretty: bool) -> bytes:
    shape = type_.strip()
    size = shape.size or 0
    if name == "flags":
        plain = owner.strip().field("fill") is not None
        flags = (0 if plain else _PACKED) | pretty * (_ALTERNATE if plain else _PACKED_ALTERNATE)
        return flags.to_bytes(size, "little")
    if name == "fill":
        return _FILL.to_bytes(size, "little")
    unknown = dict(shape.row.enumerators).get("Unknown")
    if name == "align" and unknown is not None:
        return unknown.to_bytes(size, "little")
    if name in ("align", "width", "precision"):
        if shape.cases is None:
            return bytes(size)
        return encode(
            type_, computed.option(None), Value(type_, Bytes(bytes(size)), NOWHERE), presenter
        )
    raise EvaluationError(f"{owner.name} has a field {name} here, of unknown meaning")
