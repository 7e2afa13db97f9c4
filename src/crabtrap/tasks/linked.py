"""Whether a program has an asynchronous runtime at all.

Every stop asks, of every program: nothing else of this package is needed for the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.statics import known_thread_locals
from crabtrap.engine.inspect.user_code import is_system_library
from crabtrap.tasks.layouts import LAYOUTS

if TYPE_CHECKING:
    from crabtrap import _core
    from crabtrap.engine.inspect.process import Process
    from crabtrap.symbols.module import Module
    from crabtrap.tasks.layouts import TaskLayout


def find_contexts(
    process: Process, layout: TaskLayout
) -> tuple[tuple[Module, _core.Variable], ...]:
    """Find the thread-locals of a runtime, one for each module that has the runtime in it."""
    if not layout.context:
        return ()
    return tuple(
        (module, variable)
        for module in process.modules
        if not is_system_library(module.path)
        for variable in known_thread_locals(module, layout.context)
    )


def is_linked(process: Process, layout: TaskLayout) -> bool:
    """Whether a program has a runtime, which symbols tell at once."""
    if layout.context:
        return bool(find_contexts(process, layout))
    modules = (each for each in process.modules if not is_system_library(each.path))
    return any(_has_symbols(module, layout.symbols) for module in modules)


def has_runtime(process: Process) -> bool:
    """Whether a program has any runtime that tells which task a thread runs."""
    return any(is_linked(process, layout) for layout in LAYOUTS)


def _has_symbols(module: Module, pattern: str) -> bool:
    """Whether a symbol of a module fits a pattern; searched once."""
    if pattern not in module.known_symbols:
        module.known_symbols[pattern] = bool(module.image.symbols_matching(pattern, 1))
    return module.known_symbols[pattern]
