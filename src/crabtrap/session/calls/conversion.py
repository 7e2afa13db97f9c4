"""Conversion of expression values to arguments, with the coercions of Rust and no others.

A reference to something that is not in the program's memory (a literal, a result of a call)
becomes a reference to a copy in scratch memory.  Passing by value is a move: the program
and the callee would both drop a variable that owns something, so only results of calls may
be passed in that way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr import EvaluationError, encode
from crabtrap.expr.indirection import layers
from crabtrap.present.containers.walkers import ContiguousItems
from crabtrap.present.view import PointerView, SequenceView, TextView
from crabtrap.symbols.abi import WORD
from crabtrap.symbols.types import REFERENCES
from crabtrap.values import Bytes, Memory, Synthetic, Value
from crabtrap.values.unsized import METADATA_FIELD, pointee_name, wide_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.address import Address
    from crabtrap.present import Presenter
    from crabtrap.session.calls.scratch import Scratch
    from crabtrap.symbols.types import Type

_RAW = ("*const ", "*mut ")


class Converter:
    """Converts values to the bytes of parameters.

    Attributes:
        scratch: Memory for copies that must have an address.
    """

    def __init__(
        self,
        scratch: Scratch,
        presenter: Presenter,
        owns: Callable[[Type], str],
        is_temporary: Callable[[Value], bool],
        find_vtable: Callable[[Type, str], Address | None],
    ) -> None:
        """Store the parts.

        Args:
            scratch: Memory for copies.
            presenter: Finds views of values by the rules for their types.
            owns: Returns why values of a type must not be copied, or ``""``.
            is_temporary: Whether a value is the result of a call, owned by no variable.
            find_vtable: Finds the vtable of a type for a trait object type, by its name.
        """
        self._find_vtable = find_vtable
        self.scratch = scratch
        self._presenter = presenter
        self._owns = owns
        self._is_temporary = is_temporary

    def convert(self, type_: Type, value: Value) -> bytes:
        """Convert ``value`` to the bytes of a parameter of this type.

        Raises:
            EvaluationError: It is not of that type, or cannot be moved.
        """
        shape = type_.strip()
        prefix = next((p for p in (*REFERENCES, *_RAW) if shape.row.name.startswith(p)), "")
        if prefix and wide_kind(shape) is not None:
            return self._wide_pointer(type_, prefix, value)
        if prefix and shape.kind in ("pointer", "reference") and shape.target is not None:
            return self._thin_pointer(type_, prefix, value)
        return self._by_value(type_, value)

    def borrow(self, type_: Type, value: Value) -> bytes:
        """Return a pointer of type ``type_`` to ``value``, for a receiver.

        Raises:
            EvaluationError: The pointer is mutable, and the value is not in memory.
        """
        mutable = type_.strip().row.name.startswith(("&mut ", "*mut "))
        address = int(self._address_of(value, mutable))
        wide = wide_kind(type_.strip())
        words = [address] if wide is None else [address, _metadata(value, type_)]
        return b"".join(word.to_bytes(WORD, "little") for word in words)

    def _by_value(self, type_: Type, value: Value) -> bytes:
        if value.type.same_as(type_) and not _is_made(value):
            reason = "" if self._is_temporary(value) else self._owns(type_)
            if reason:
                raise EvaluationError(
                    f"a {type_.name} passed by value would be dropped twice: {reason}",
                    hint="pass what a call returns: call f(x.clone())",
                )
            return value.read_bytes()
        blank = Value(type_, Bytes(bytes(type_.strip().size or 0)), value.context)
        return encode(type_, value, blank, self._presenter)

    def _thin_pointer(self, type_: Type, prefix: str, value: Value) -> bytes:
        target = type_.strip().target
        assert target is not None  # checked by the caller
        pointee = self._pointee(value)
        if pointee is not None:
            for layer in layers(pointee, self._presenter):
                if layer.type.same_as(target) and layer.absent is None:
                    return self.borrow(type_, layer)
            if _is_made(pointee) and prefix != "&mut ":
                return self._copy(target, pointee)
        if prefix in _RAW and value.shape.row.encoding in ("signed", "unsigned"):
            return value.integer().to_bytes(WORD, "little")
        raise _mismatch(type_, value)

    def _pointee(self, value: Value) -> Value | None:
        """Return what a reference points to, ``None`` if the value is no reference."""
        if value.is_pointer:
            return value.deref()
        view = self._presenter.view(value) if _is_made(value) else None
        return view.target() if isinstance(view, PointerView) else None

    def _copy(self, target: Type, value: Value) -> bytes:
        data = self._by_value(target, value)
        address = self.scratch.put(data, max(target.strip().alignment, WORD))
        return int(address).to_bytes(WORD, "little")

    def _address_of(self, value: Value, mutable: bool) -> int:
        if isinstance(value.location, Memory):
            return value.location.address
        if mutable and not self._is_temporary(value):
            raise EvaluationError(
                "it is not in memory now, so a change of it would be lost",
                hint="it lives in a register here; try at another line",
            )
        data = self._by_value(value.type, value) if _is_made(value) else value.read_bytes()
        return self.scratch.put(data, max(value.shape.alignment, WORD))

    # -- slices, strings, trait objects ---------------------------------------------------
    def _wide_pointer(self, type_: Type, prefix: str, value: Value) -> bytes:
        if value.type.same_as(type_):
            return value.read_bytes()
        if wide_kind(type_.strip()) == "dyn":
            return self._trait_object(type_, value)
        name = pointee_name(type_.strip())
        pointee = value if _is_made(value) else self._pointee(value)
        for layer in layers(pointee, self._presenter) if pointee is not None else ():
            view = self._presenter.view(layer)
            if name == "str" and isinstance(view, TextView) and view.kind == "str":
                return self._text(view)
            if name.startswith("[") and isinstance(view, SequenceView):
                return self._slice(type_, prefix, view)
        raise _mismatch(type_, value)

    def _text(self, view: TextView) -> bytes:
        address = view.address
        if address is None:
            address = int(self.scratch.put(view.all_bytes(), 1))
        return address.to_bytes(WORD, "little") + view.length.to_bytes(WORD, "little")

    def _slice(self, type_: Type, prefix: str, view: SequenceView) -> bytes:
        item = type_.strip().fields[0].type.strip().target
        if item is None:
            raise EvaluationError(f"nothing is known of the items of {type_.name}")
        items = view.items
        if isinstance(items, ContiguousItems) and items.array.address is not None:
            if not items.item.same_as(item):
                raise EvaluationError(f"expected {type_.name}, found items {items.item.name}")
            address, count = int(items.array.address), items.length
        elif prefix == "&mut ":
            raise EvaluationError("it is not in memory, so a change of it would be lost")
        else:
            data = [self._by_value(item, each) for each in items.walk(0, 1 << 16)]
            address, count = int(self.scratch.put(b"".join(data), item.alignment)), len(data)
        return address.to_bytes(WORD, "little") + count.to_bytes(WORD, "little")

    def _trait_object(self, type_: Type, value: Value) -> bytes:
        """Convert ``&T`` to ``&dyn Trait``, with the vtable that the program has for them."""
        pointee = self._pointee(value)
        if pointee is None:
            raise _mismatch(type_, value)
        vtable = self._find_vtable(pointee.type, pointee_name(type_.strip()))
        if vtable is None:
            raise EvaluationError(
                f"the program makes no {type_.name} of a {pointee.type.name}, so it has no vtable"
            )
        address = int(self._address_of(pointee, type_.strip().row.name.startswith("&mut ")))
        return address.to_bytes(WORD, "little") + int(vtable).to_bytes(WORD, "little")


def _is_made(value: Value) -> bool:
    """Whether an expression made a value of fields, so that it has no bytes yet."""
    return isinstance(value.location, Synthetic)


def _metadata(value: Value, type_: Type) -> int:
    """Return the second word of a wide pointer to an unsized value."""
    if value.metadata is not None:
        return value.metadata
    if value.shape.kind == "array" and value.shape.row.count is not None:
        return value.shape.row.count
    raise EvaluationError(f"the {METADATA_FIELD['slice']} for a {type_.name} to it is not known")


def _mismatch(type_: Type, value: Value) -> EvaluationError:
    return EvaluationError(f"expected {type_.name}, found {value.type.name}")
