"""The user's function that a thread is in, or will return to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crabtrap.address import Address

if TYPE_CHECKING:
    from crabtrap.engine.plans.thread_view import ThreadView
    from crabtrap.symbols.code_rows import Function

Outside = Callable[["Function"], bool]
"""Whether a function is not part of a task, but runs it: what calls it is no caller of the task."""

_MAX_FRAMES = 64


def nearest_user_frame(view: ThreadView, outside: Outside) -> int | None:
    """Find the innermost frame of the user's code, out to what runs the task.

    Returns:
        Its index; ``None`` where the user has no code in the task, and after 64 physical
        frames without any.
    """
    index = 0
    user_code = view.code.user_code
    for depth, pc in enumerate(map(Address, view.unwind(_MAX_FRAMES).pcs)):
        inside = Address(pc - 1) if depth else pc
        chain = view.modules.inline_chain(inside)
        row = view.modules.row_at(inside)
        for inner, function in enumerate(chain):
            if outside(function):
                return None
            path = row.path if row is not None and not inner else None
            if user_code.is_user_function(function, path):
                return index + inner
        index += max(len(chain), 1)
    return None
