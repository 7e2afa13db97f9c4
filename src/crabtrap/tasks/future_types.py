"""Which types are futures, and which may hold one: by the program's own implementations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.present.field_paths import each_layer
from crabtrap.present.structural import is_coroutine
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.tasks.combinators import COLLECTIONS, LINKED, MAYBE_DONE, NEVER_WAIT
from crabtrap.tasks.type_search import TypeSearch, owned_types
from crabtrap.values.unsized import ADDRESS_FIELD, pointee_name, wide_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type
    from crabtrap.values import Value

_POLLS = (
    " as core::future::future::Future>::poll",
    " as futures_core::stream::Stream>::poll_next",
)
_TRAIT = "core::future::future::Future"
_EVERY = 1 << 32
_STD = frozenset(("core::future::pending::Pending", "core::future::ready::Ready"))
"""Futures whose ``poll`` an optimiser leaves nowhere."""
_OWNERS = frozenset(("core::pin::Pin", "alloc::boxed::Box"))


class FutureTypes:
    """Knows the futures of one program; remembers every type it was asked for."""

    def __init__(self, heads: Iterable[str]) -> None:
        """Know the types with these paths, generic arguments left out, as futures."""
        self._heads = (frozenset(heads) | _STD | LINKED.keys()) - NEVER_WAIT
        self._futures: dict[Type, bool] = {}
        self._holding = TypeSearch(self._is_work, self._parts)

    def is_future(self, shape: Type) -> bool:
        """Whether a type is a coroutine, or the program implements ``Future`` for it."""
        known = self._futures.get(shape)
        if known is None:
            head = parse_type_path(shape.path).head
            known = is_coroutine(shape) or head in self._heads or bool(MAYBE_DONE.fullmatch(head))
            self._futures[shape] = known
        return known

    def behind_pointers(self, value: Value) -> Value:
        """Return what a value points to through ``Pin``, ``Box``, ``&mut`` and ``dyn Future``.

        A pointer that leads nowhere is returned itself.
        """

        def inner(layer: Value) -> Value | None:
            shape = layer.shape
            if parse_type_path(shape.path).head in _OWNERS and not layer.is_pointer:
                only = shape.only_field()
                return None if only is None else layer.at_field(only)
            if self._is_followed(shape) and layer.is_pointer:
                return layer.deref() if layer.pointer_address() else None
            return None

        *_, found = each_layer(value, inner)
        return found

    def may_hold(self, type_: Type) -> bool:
        """Whether a value of a type may have a future in it, as far as it owns or borrows it."""
        return self._holding.finds(type_)

    def _is_work(self, shape: Type) -> bool:
        if shape.kind in ("pointer", "reference") or wide_kind(shape) is not None:
            return self._is_followed(shape) and _is_trait_object(shape)
        return self.is_future(shape)

    def _parts(self, shape: Type) -> Iterator[Type]:
        """The types of what a value owns or has borrowed to poll it."""
        found: Iterable[Type | None]
        if self._is_followed(shape):
            found = (_pointee(shape),)
        elif parse_type_path(shape.path).head in COLLECTIONS:
            found = (shape.argument(index) for index in range(2))
        elif shape.kind in ("pointer", "reference") or wide_kind(shape) is not None:
            found = ()
        else:
            found = owned_types(shape)
        yield from (each for each in found if each is not None)

    def _is_followed(self, shape: Type) -> bool:
        """Whether what a pointer leads to is part of its owner's work: ``&mut``, ``Box``."""
        is_wide = wide_kind(shape) is not None
        is_owner = shape.row.name.startswith(("&mut ", "alloc::boxed::Box<", "Box<"))
        if is_wide:
            return _is_trait_object(shape) or (wide_kind(shape) == "slice" and is_owner)
        return is_owner and shape.kind in ("pointer", "reference")


def _is_trait_object(shape: Type) -> bool:
    return wide_kind(shape) is not None and _TRAIT in pointee_name(shape).partition("<")[0]


def _pointee(shape: Type) -> Type | None:
    """What a pointer leads to; of a slice, an item."""
    kind = wide_kind(shape)
    if kind is None:
        return shape.target
    pointer = shape.field(ADDRESS_FIELD[kind])
    return None if pointer is None else pointer.type.strip().target


def find_implementors(module: Module) -> frozenset[str]:
    """Find the paths of all types that a module implements ``Future`` or ``Stream`` for."""
    pattern = f"({'|'.join(map(re.escape, _POLLS))})$"
    found: set[str] = set()
    for functions in (module.find_code_matching, module.find_inlined_code_matching):
        for function in functions(pattern, _EVERY):
            start = function.path.find("<")
            end = max(function.path.rfind(poll) for poll in _POLLS)
            if 0 <= start < end:
                found.add(parse_type_path(function.path[start + 1 : end]).head)
    return frozenset(head for head in found if not head.startswith("&")) - _OWNERS
