"""The methods that the program's source has written for its types.

An expression never answers for them: a derived ``==`` compares fields, and so does the
debugger, but one that somebody has written does what it likes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.scope import EvaluationError
from crabtrap.session.calls.callee import find_methods
from crabtrap.symbols.names import function_name, path_segments
from crabtrap.symbols.source_evidence import source_evidence
from crabtrap.symbols.source_files import SourceFinder
from crabtrap.symbols.types import parse_type_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.symbols.types import Type


class ProgramMethods:
    """Finds methods of the program's own types that are not derived."""

    def __init__(self, modules: ModuleTable) -> None:
        self._modules = modules
        self._sources = SourceFinder()
        self._known: dict[tuple[str, str], str | None] = {}

    def find(self, type_: Type, name: str) -> str | None:
        """The path of the function that ``value.name(..)`` would run, if it is no derived one.

        Returns:
            ``None`` where the program has no such function, or derives it.  Without the
            source a function of a trait may be either; it counts as written.
        """
        if type_.is_std:
            return None
        key = (type_.path, name)
        if key not in self._known:
            written = (f for f in self._functions(type_, name) if self._is_written(f, name))
            found = next(written, None)
            self._known[key] = None if found is None else function_name(found)
        return self._known[key]

    def can_call(self, type_: Type, name: str) -> bool:
        """Whether ``call`` finds such a method, and knows how it is called."""
        try:
            return bool(find_methods(self._modules, type_, name))
        except EvaluationError:
            return False

    def _functions(self, type_: Type, name: str) -> Iterator[Function]:
        try:
            yield from (callee.function for callee in find_methods(self._modules, type_, name))
        except EvaluationError:
            # It is there, but cannot be called: it was inlined, or is not described.
            owner = path_segments(parse_type_path(type_.path).head)[-1]
            for module in self._modules:
                yield from module.find_functions(f"{owner}::{name}")

    def _is_written(self, function: Function, name: str) -> bool:
        """Whether the source declares the function itself, and no ``derive`` does."""
        path, line = function.declaration_path, function.declaration_line
        if not path:
            return True
        file = self._sources.find(path, evidence=source_evidence(function.module, path))
        text = None if file.stale else file.line(line)
        return text is None or f"fn {name}" in text
