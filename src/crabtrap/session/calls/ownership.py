"""Questions about types that need the whole program: ownership, and vtables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.statics import value_of_static
from crabtrap.expr import owns_memory
from crabtrap.symbols.names import path_segments
from crabtrap.symbols.types import parse_type_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.address import Address
    from crabtrap.engine.inspect.process import Process
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.symbols.types import Type

_MAX_DEPTH = 16


class Ownership:
    """Ownership and vtables of the types of one program."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def _modules(self) -> ModuleTable:
        return self._process.modules

    def reason_not_to_copy(self, type_: Type) -> str:
        """Return why a value must not be copied bitwise, ``""`` if it may be.

        A type that implements ``Drop`` is recognised by its ``drop`` function or inline
        instances of it; one that owns memory by the pointers in it.
        """
        if owns_memory(type_):
            return "it owns memory elsewhere"
        dropped = next((each for each in _parts(type_) if self._implements_drop(each)), None)
        return "" if dropped is None else f"{dropped.name} implements Drop"

    def _implements_drop(self, type_: Type) -> bool:
        path = parse_type_path(type_.path).head
        query = f"<{path} as core::ops::drop::Drop>::drop"
        return any(
            module.find_functions(query) or module.find_inlined(query) for module in self._modules
        )

    def find_vtable(self, type_: Type, trait_object: str) -> Address | None:
        """Find the vtable of ``type_`` for ``dyn Trait``, ``None`` if the program has none."""
        trait = trait_object.removeprefix("dyn ").partition(" + ")[0]
        wanted = f"<{type_.path} as {trait}>::{{vtable}}".replace(" ", "")
        for module in self._modules:
            for variable in module.image.find_statics("{vtable}"):
                if variable.name.replace(" ", "") == wanted:
                    return value_of_static(self._process, None, module, variable).address
        return None


def _parts(type_: Type, depth: int = 0) -> Iterator[Type]:
    """Yield the structs and enums that a value consists of, its own type included."""
    shape = type_.strip()
    if depth > _MAX_DEPTH:
        return
    if shape.kind in ("struct", "union", "enum") and path_segments(shape.path)[1:]:
        yield shape
    inner = [field.type for field in shape.fields]
    if shape.cases is not None:
        inner += [case.type for case in shape.cases.cases]
    if shape.kind == "array" and shape.target is not None:
        inner.append(shape.target)
    for each in inner:
        yield from _parts(each, depth + 1)
