"""Where a task ends on a stack: what polls it on behalf of a runtime is not its caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crabtrap.symbols.code_rows import Function

_RUNTIMES = (
    "tokio::runtime::task::",
    "async_task::raw::RawTask",
    "futures_util::stream::futures_unordered::",
    "futures_executor::",
)
"""Paths of what runtimes call to poll a task, with generic arguments left out."""


def runs_tasks(function: Function) -> bool:
    """Whether a function is part of a runtime and polls tasks.

    The caller of such a function may be the user's ``main``, which awaits none of them.
    """
    return function.name.startswith(_RUNTIMES)
