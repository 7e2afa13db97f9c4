"""All requests that are understood, and the capabilities that follow from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.dap import (
    breakpoint_requests,
    code_requests,
    data_breakpoints,
    exception_requests,
    memory_requests,
    run_requests,
    session_requests,
    stack_requests,
    task_requests,
    value_requests,
    wait_requests,
)

if TYPE_CHECKING:
    from crabtrap.frontends.dap.handler import Handler

_ROOMS = (
    session_requests,
    breakpoint_requests,
    exception_requests,
    run_requests,
    stack_requests,
    value_requests,
    code_requests,
    data_breakpoints,
    memory_requests,
    wait_requests,
    task_requests,
)

HANDLERS: dict[str, Handler] = {each.command: each for room in _ROOMS for each in room.HANDLERS}
"""Every request by its name."""


def capabilities() -> dict[str, object]:
    """What ``initialize`` announces: what the requests above can do, and nothing else."""
    found: dict[str, object] = {}
    for handler in HANDLERS.values():
        found.update(handler.capabilities)
    return found
