"""The names at a place of the program that no thread has reached: their types, and no values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.environments import is_closure_name
from crabtrap.engine.inspect.hygiene import variables_at
from crabtrap.engine.inspect.statics import (
    Viewpoint,
    is_in_scope,
    resolve_static,
    value_of_static,
)
from crabtrap.engine.inspect.variables import explain_missing, find_binding
from crabtrap.expr.scope import EvaluationError
from crabtrap.lazy import lazy
from crabtrap.session.scopes import ProgramScope, absolute_path
from crabtrap.symbols.lacking import what_lacks
from crabtrap.symbols.types import synthetic_type
from crabtrap.values import NOWHERE, Absent, Value

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.variables import ScopedVariable
    from crabtrap.session.history import ValueHistory
    from crabtrap.symbols.breakpoint_locations import BreakpointLocation
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module

_NOT_REACHED = Absent("no thread is here")


class PlaceScope(ProgramScope):
    """The scope of a breakpoint location, as a frame that stops there will have it."""

    def __init__(
        self, location: BreakpointLocation, module: Module, process: Process, history: ValueHistory
    ) -> None:
        super().__init__(process, history)
        self._location = location
        self._module = module

    def lookup(self, name: str) -> Value | None:
        """Find the innermost local, argument or captured variable, without its value.

        Raises:
            EvaluationError: The function has such a variable, which is not in scope here.
        """
        entry = find_binding(self._variables, name)
        if self._may_be_captured(name, entry):
            # What a closure has captured of it only its environment tells.
            return Value(synthetic_type("opaque", "?"), _NOT_REACHED, NOWHERE)
        if entry is not None:
            return self._of_type(entry)
        reason, _ = explain_missing(self._variables, name)
        if not reason or is_in_scope(self._process.modules, name, self._view):
            return None
        raise EvaluationError(reason)

    def lookup_path(self, path: str) -> Value | None:
        """Find a static, a thread-local or a function by any trailing path."""
        absolute = absolute_path(path, self._view.function)
        chosen = resolve_static(self._process.modules, absolute, self._view)
        if chosen is not None:
            return value_of_static(self._process, None, *chosen)
        if path.rpartition("::")[2].isupper():
            # It may be a constant, which a frame looks up in the source.
            return Value(synthetic_type("opaque", "?"), _NOT_REACHED, NOWHERE)
        return self._function(absolute, self._view)

    def names(self) -> tuple[str, ...]:
        """Return the names of the variables in scope."""
        return tuple(dict.fromkeys(one.name for one in self._variables if one.in_scope))

    @property
    def missing_hint(self) -> str:
        """Hint for a name that was not found: why no name is known here, if so."""
        lacks = what_lacks(self._module.image)
        return f"{self._module.name} {lacks}" if lacks else ""

    def _of_type(self, entry: ScopedVariable) -> Value:
        variable = entry.variable
        if variable.type is None:
            return Value(synthetic_type("opaque", "?"), _NOT_REACHED, NOWHERE)
        type_ = self._module.types.variable_type(variable.type, variable.alignment)
        return Value(type_, _NOT_REACHED, NOWHERE)

    def _may_be_captured(self, name: str, entry: ScopedVariable | None) -> bool:
        """Whether a name may mean a variable that a closure captured, in parts or whole."""
        function = self._code
        if function is None or not is_closure_name(function.name):
            return False
        if entry is not None:
            return entry.kind == "local" and entry.variable.depth == 0
        return any(one.name.startswith(f"{name}__") for one in self._variables)

    @lazy
    def _code(self) -> Function | None:
        chain = self._module.inline_chain(self._location.address)
        return chain[min(self._location.frame, len(chain) - 1)] if chain else None

    @lazy
    def _variables(self) -> tuple[ScopedVariable, ...]:
        if self._code is None:
            return ()
        substitutes = self._process.settings.substitutes
        return variables_at(self._code, self._location.address, substitutes)

    @lazy
    def _view(self) -> Viewpoint:
        near = self._code.name if self._code is not None else ""
        return Viewpoint(near, self._module, self._process.settings.user_code.is_user_path)
