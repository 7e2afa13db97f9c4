"""The scope of a condition at a breakpoint location, before any thread stops there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.engine.inspect.environments import is_closure_name
from crabtrap.engine.inspect.hygiene import variables_at
from crabtrap.engine.inspect.loop_counters import counter_of, counts_otherwise
from crabtrap.engine.inspect.statics import Viewpoint, resolve_static
from crabtrap.engine.inspect.variables import ScopedVariable, find_binding
from crabtrap.expr.agent.storage import probe_storage
from crabtrap.lazy import lazy
from crabtrap.symbols.module_table import ModuleTable
from crabtrap.target.agent_code import Known, NotCompilableError, Storage

if TYPE_CHECKING:
    from crabtrap._core import Piece, Registers
    from crabtrap.symbols.breakpoint_locations import BreakpointLocation
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.types import Type

_NO_MEMORY = _core.CallbackMemory(lambda _address, _size: b"")
"""Memory without bytes: a variable's location must follow from registers alone."""
_SOME_REGISTERS: Registers = (0,) * 17
"""Values that no shape of a location depends on."""


class LocationScope:
    """The variables in scope at a breakpoint location, and its module's statics."""

    def __init__(self, location: BreakpointLocation, module: Module) -> None:
        self._pc = location.address
        self._depth = location.frame
        self._module = module

    def lookup(self, name: str) -> tuple[Type, Storage] | None:
        """Find a variable or static: its type, and where it is stored at this pc."""
        entry = find_binding(self._variables, name)
        if self._may_be_captured(name, entry):
            raise NotCompilableError(f"what was captured of {name} is read by the engine")
        if entry is not None:
            return self._found(entry.variable, relative=True)
        near = self._function.name if self._function is not None else ""
        view = Viewpoint(near, self._module, lambda _path: False)
        chosen = resolve_static(ModuleTable([self._module]), name, view)
        return self._found(chosen[1], relative=False) if chosen is not None else None

    def _may_be_captured(self, name: str, entry: ScopedVariable | None) -> bool:
        """Whether a name means a variable that a closure captured, in parts or by reference."""
        function = self._function
        if function is None or not is_closure_name(function.name):
            return False
        if entry is not None:
            return entry.kind == "local" and entry.variable.depth == 0
        return any(one.name.startswith(f"{name}__") for one in self._variables)

    def find_type(self, text: str) -> Type | None:
        """Find a type by any trailing path."""
        found = self._module.types.find(text)
        return found[0] if found else None

    @lazy
    def _function(self) -> Function | None:
        chain = self._module.inline_chain(self._pc)
        return chain[min(self._depth, len(chain) - 1)] if chain else None

    @lazy
    def _variables(self) -> tuple[ScopedVariable, ...]:
        return variables_at(self._function, self._pc) if self._function is not None else ()

    @lazy
    def _unwinding(self) -> _core.ModuleMap:
        return ModuleTable([self._module]).unwinding_map

    def _found(self, variable: _core.Variable, *, relative: bool) -> tuple[Type, Storage] | None:
        if variable.type is None:
            return None
        type_ = self._module.types.type(variable.type)
        if variable.constant is not None:
            return type_, Known(variable.constant)

        def locate(registers: Registers) -> tuple[Piece, ...]:
            return self._module.locate(
                variable.die,
                pc=self._pc,
                registers=registers,
                cfa=self._cfa(registers) if relative else None,
                memory=_NO_MEMORY,
            )

        if relative and self._depends_on_counter(locate(_SOME_REGISTERS)):
            raise NotCompilableError(f"{variable.name} depends on a counter of a loop")
        return type_, probe_storage(locate, type_.strip().size)

    def _depends_on_counter(self, pieces: tuple[Piece, ...]) -> bool:
        """Whether the compiler may have replaced a counter that the variable depends on."""
        registers = {counter_of(piece) for piece in pieces} - {None}
        function = self._module.function_at(self._pc) if registers else None
        return any(
            register is not None and counts_otherwise(function, int(self._pc), register)
            for register in registers
        )

    def _cfa(self, registers: Registers) -> int | None:
        """Compute the frame's CFA for synthetic registers; CFI needs no memory for it."""
        here = (*registers[:16], int(Address(self._pc)))
        return _core.unwind(self._unwinding, here, _NO_MEMORY, 1).cfas[0]
