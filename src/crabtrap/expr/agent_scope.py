"""Names at a place in the code, for conditions that are compiled before it is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.engine.statics import choose_static, find_statics
from crabtrap.engine.variables import explain_missing, find_binding, scope_variables
from crabtrap.expr import agent_code as asm
from crabtrap.expr.agent_place import probe_storage

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.expr.agent_code import Storage
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.table import ModuleTable
    from crabtrap.symbols.types import Type

_REFUSING = _core.CallbackMemory(lambda address, size: b"")
"""Memory without a byte: a location that needs some cannot be known beforehand."""


class PlaceScope:
    """What names will mean whenever a thread is at one address.

    Args:
        modules: Of the program, for statics and types.
        module: The one the address is in.
        address: Run-time address of the site.
    """

    def __init__(self, modules: ModuleTable, module: Module, address: Address) -> None:
        self._modules = modules
        self._module = module
        self._address = address

    def lookup(self, name: str) -> tuple[Type, Storage] | None:
        """A variable of the innermost function or inlined copy, else a static."""
        chain = self._module.inline_chain(self._address)
        if chain:
            pc = self._module.file_address(self._address)
            scoped = scope_variables(self._module.image.variables(chain[0].die), pc)
            entry = find_binding(scoped, name)
            if entry is not None:
                return self._place(self._module, entry.variable)
            if explain_missing(scoped, name)[0]:
                raise asm.NotCompilableError(f"{name} is not in scope here")
        near = chain[0].name if chain else ""
        static = choose_static(find_statics(self._modules, name), name, near)
        return None if static is None else self._place(*static)

    def _place(self, module: Module, variable: _core.Variable) -> tuple[Type, Storage]:
        if variable.type is None:
            raise asm.NotCompilableError(f"the type of {variable.name} is not described")
        type_ = module.types.type(variable.type)
        size = type_.strip().size
        if variable.constant is not None:
            return type_, asm.Known(variable.constant)
        if not variable.has_location:
            return type_, asm.Nowhere(f"{variable.name} is optimised out")
        pc = module.file_address(self._address)
        bias = module.address(0)
        storage = probe_storage(
            lambda registers: module.image.locate(
                variable.die, pc=pc, bias=bias, registers=registers, cfa=None, memory=_REFUSING
            ),
            size,
        )
        return type_, storage

    def find_type(self, text: str) -> Type | None:
        """A type by any trailing path; this module's first."""
        for module in (self._module, *self._modules):
            for found in module.types.find(text):
                return found
        return None
