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


def has_runtime(process: Process) -> bool:
    """Whether a program has a runtime that tells which task a thread runs."""
    return any(find_contexts(process, layout) for layout in LAYOUTS)
