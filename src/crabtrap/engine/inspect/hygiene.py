"""Variables that a macro declares for itself: no name in the function means them.

Debug information tells macros' variables from the function's by their lines alone.  What a
macro's text declares is elsewhere than the function, or, where the compiler gave it the
line of the call, on a line that does not have the name.  What was passed to the macro to be
declared is the other way round.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.engine.inspect.variables import ScopedVariable, scope_variables
from crabtrap.lazy import lazy
from crabtrap.symbols.source_evidence import source_evidence
from crabtrap.symbols.source_files import SourceFinder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap import _core
    from crabtrap.address import Address
    from crabtrap.symbols.code_rows import Function


def variables_at(
    function: Function,
    pc: Address,
    substitutes: Sequence[tuple[str, str]] = (),
    position: tuple[str | None, int] | None = None,
) -> tuple[ScopedVariable, ...]:
    """Return the variables of a function, and which of them names mean at ``pc``.

    Args:
        function: A concrete function or an inline instance.
        pc: An address in it; for a caller, inside its call.
        substitutes: ``(prefix, directory)``: where sources are that were moved.
        position: Path and line of the function there; those of the innermost if not told.
    """
    module = function.module
    found = module.image.variables(function.die)
    if position is None:
        row = module.row_at(pc)
        position = (row.path, row.line) if row is not None else (None, 0)
    macros = MacroNames(function, position, substitutes)
    return scope_variables(found, module.file_address(pc), macros.hide)


class MacroNames:
    """Tells a macro's own variables from those of a function, by the source."""

    def __init__(
        self,
        function: Function,
        position: tuple[str | None, int],
        substitutes: Sequence[tuple[str, str]],
    ) -> None:
        self._function = function
        self._is_in_function = self._is_own(*position)
        self._substitutes = substitutes

    def hide(self, variable: _core.Variable) -> bool:
        """Whether a macro declares the variable for itself, and the pc is in none.

        Without the source nothing is known to be so.
        """
        path, line = variable.declaration_path, variable.declaration_line
        if path is None or not self._is_in_function:
            return False
        text = self._line(path, line)
        if text is None:
            return False
        has_name = re.search(rf"(?<![\w$]){re.escape(variable.name)}\b", text) is not None
        return has_name != self._is_own(path, line)

    def _is_own(self, path: str | None, line: int) -> bool:
        """Whether a line is one of the function's, and not of a macro's text above it."""
        function = self._function
        return path == function.declaration_path and line >= function.declaration_line

    def _line(self, path: str, line: int) -> str | None:
        file = self._finder.find(path, evidence=source_evidence(self._function.module, path))
        return None if file.stale else file.line(line)

    @lazy
    def _finder(self) -> SourceFinder:
        return SourceFinder(self._substitutes)
