"""Guesses who holds a lock of which no variable has a guard: by words on the threads' stacks.

A guard without a variable, as in ``match *lock.lock().unwrap() { .. }``, is somewhere on the
stack of its thread, and points to the lock.  So may do what is left over from earlier calls:
whatever is found this way may be wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.thread import Thread
from crabtrap.errors import CrabtrapError
from crabtrap.tasks.scan import find_words
from crabtrap.tasks.waits.wait import Hold, Wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process

_STACK_POINTER = 7
_MOST_STACK = 1 << 20
"""Bytes of a stack that are looked through, from its innermost end."""


def guess_holders(process: Process, waits: Sequence[Wait]) -> list[Hold]:
    """Find who may hold the locks that threads wait for.

    Args:
        process: The program at a stop.
        waits: Those of whose locks no holder is known.
    """
    locks = {int(wait.address): wait for wait in waits if wait.address is not None}
    waiting = {(wait.address, wait.who) for wait in waits}
    stacks = [(thread, stack) for thread in process.threads if (stack := _stack(thread))]
    found: dict[tuple[int, Thread], Hold] = {}
    for at, address in find_words(process, [stack for _, stack in stacks], list(locks)):
        thread = next(thread for thread, (start, end) in stacks if start <= at < end)
        wait = locks[address]
        if (wait.address, thread) in waiting or wait.resource is None:
            continue
        frame = _frame_around(thread, at)
        if frame is not None:
            hold = Hold(thread, wait.by[0], wait.resource, "", frame, certain=False)
            found.setdefault((address, thread), hold)
    return list(found.values())


def _stack(thread: Thread) -> tuple[int, int] | None:
    sp = thread.registers[_STACK_POINTER] or 0
    for mapping in thread.process.mappings:
        if mapping.start <= sp < mapping.end:
            return sp - sp % 8, min(mapping.end, sp + _MOST_STACK)
    return None


def _frame_around(thread: Thread, address: int) -> Frame | None:
    """The function whose part of the stack an address is in, or the user's that has called it."""
    try:
        frames = thread.frames()
    except CrabtrapError:
        return None
    outer = [each for each in frames if each.cfa is not None and address < each.cfa]
    return next((each for each in outer if each.is_user), outer[0] if outer else None)
