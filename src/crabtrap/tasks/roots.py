"""Futures that threads are blocked on by ``block_on``: no runtime has them in a list.

The functions that poll such a future are generic over it, which tells its type.  It lies on
the thread's stack, or in a box.  Several functions have moved it on the way, and what they
have left behind looks as if it were not started; the one that was polled is suspended, and
pinned, so that the functions further in have pointers to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import CrabtrapError
from crabtrap.present.field_paths import each_layer
from crabtrap.present.structural import is_coroutine
from crabtrap.records import dataclass
from crabtrap.tasks.futures import future_name
from crabtrap.tasks.layouts import LAYOUTS
from crabtrap.tasks.running_tasks import is_coroutine_name, stack_words
from crabtrap.tasks.soundness import is_sound_wait
from crabtrap.values import Invalid, Memory, Value, ValueContext
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.symbols.types import Type
    from crabtrap.tasks.futures import FutureDecoder
    from crabtrap.tasks.layouts import TaskState

_BLOCK_ON = r"(?:.*::)?block_on(?:_inner|_all)?(?:::\{closure#\d+\})*(?:<|$)"
"""Functions that poll a future until it has ended, of whatever executor."""
_WORD = 8
_STACK_POINTER = 7


@dataclass(frozen=True, slots=True)
class Root:
    """A future that a thread is blocked on; see ``TaskSource``."""

    label: str
    address: Address
    state: TaskState
    root: str
    blocked: Thread
    future: Value | None = None
    runtime: str = "block_on"
    polls: str = _BLOCK_ON
    number: None = None
    kind: None = None
    other_roots: tuple[str, ...] = ()
    references: int = 0
    doubt: str = ""
    output: None = None
    scheduler: None = None


@dataclass(frozen=True, slots=True)
class _Blocked:
    """A thread in ``block_on``.

    Attributes:
        thread: The thread.
        future: The type of the future that the innermost such function polls.
        frames: The frames of such functions, one calling the next, the innermost first.
        is_polling: The thread polls the future now.
    """

    thread: Thread
    future: Type
    frames: tuple[Frame, ...]
    is_polling: bool

    @property
    def end(self) -> int:
        """The address at which the outermost of those frames ends."""
        return self.frames[-1].cfa or 0


def find_roots(process: Process, decoder: FutureDecoder) -> Iterator[Root]:
    """Find what threads are blocked on, in the order of the threads."""
    number = 0
    for thread in process.threads:
        try:
            blocked = _find_blocked(thread)
        except CrabtrapError as error:
            why_unreadable(error)
            continue  # the thread has ended meanwhile
        if blocked is not None:
            number += 1
            yield _facts(blocked, number, decoder)


def find_running_root(thread: Thread) -> Root | None:
    """Find the future that a thread is blocked on, if it polls that now."""
    blocked = _find_blocked(thread)
    if blocked is None or not blocked.is_polling:
        return None
    others = thread.process.threads
    number = 1 + sum(1 for each in others if each.index < thread.index and _find_blocked(each))
    return _described(blocked, number, None)


def _facts(blocked: _Blocked, number: int, decoder: FutureDecoder) -> Root:
    if blocked.is_polling:
        return _described(blocked, number, None)
    found = next(_suspended(blocked, decoder), None)
    return _described(blocked, number, found)


def _described(blocked: _Blocked, number: int, future: Value | None) -> Root:
    thread = blocked.thread
    address = future.address if future is not None else None
    return Root(
        label=f"block_on#{number}",
        address=Address(address if address is not None else blocked.end),
        state="running" if blocked.is_polling else "idle",
        root=future_name(blocked.future),
        blocked=thread,
        future=future,
        doubt="" if future is not None or blocked.is_polling else "its future was not found",
    )


def _find_blocked(thread: Thread) -> _Blocked | None:
    """What a thread is blocked on: by the innermost ``block_on``, if there are several."""
    future: Type | None = None
    is_polling = False
    frames: list[Frame] = []
    for frame in thread.frames():
        name = frame.code.name if frame.code is not None else ""
        polled = _future_of(frame) if re.match(_BLOCK_ON, name) else None
        if polled is not None:
            future = future or polled
            frames.append(frame)
        elif any(re.match(layout.polls, name) for layout in LAYOUTS):
            if frames:
                break  # what is further out runs a task, which has called block_on
            is_polling = False  # what is further in is a task's
        elif is_coroutine_name(name):
            if frames:
                break
            is_polling = True
    return None if future is None else _Blocked(thread, future, tuple(frames), is_polling)


def _future_of(frame: Frame) -> Type | None:
    """The coroutine that a function is generic over, be it behind a pointer."""
    code = frame.code
    assert code is not None  # so the caller has seen
    for _, die in code.module.image.template_arguments(code.die):
        for type_ in each_layer(code.module.types.type(die).strip(), _pointed_type):
            if is_coroutine(type_):
                return type_
    return None


def _pointed_type(type_: Type) -> Type | None:
    """What a pointer, or one in a ``Pin``, points to."""
    if type_.kind in ("pointer", "reference"):
        return None if type_.target is None else type_.target.strip()
    only = type_.only_field()
    return None if only is None else only.type.strip()


def _suspended(blocked: _Blocked, decoder: FutureDecoder) -> Iterator[Value]:
    """Yield futures of the type that wait: those that variables are or lead to come first."""
    thread = blocked.thread
    start = thread.registers[_STACK_POINTER] or 0
    end = max(blocked.end, start)
    words = dict.fromkeys(stack_words(thread)[: (end - start) // _WORD])
    places = (
        _of_variables(blocked),
        (word for word in words if start <= word < end),
        range(start, end, max(blocked.future.alignment, 1)),
        (word for word in words if not start <= word < end),
    )
    for addresses in places:
        yield from _waiting(blocked.future, thread.process, addresses, decoder)


def _of_variables(blocked: _Blocked) -> Iterator[int]:
    """Yield where variables of the type are, and where pointers to it in variables lead."""
    wanted = blocked.future.strip()
    for frame in blocked.frames:
        for entry in frame.scoped_variables:
            try:
                yield from _places(frame.value_of(entry.variable), wanted)
            except CrabtrapError as error:
                why_unreadable(error)
                continue  # it is not known here


def _places(value: Value, wanted: Type) -> Iterator[int]:
    for layer in each_layer(value, _inside):
        if layer.shape is wanted and layer.address is not None:
            yield int(layer.address)


def _inside(value: Value) -> Value | None:
    """What a pointer leads to, or the one field of a ``Pin``."""
    if value.is_pointer:
        return value.deref() if value.pointer_address() else None
    only = value.shape.only_field()
    return None if only is None else value.at_field(only)


def _waiting(
    type_: Type, process: Process, addresses: Iterable[int], decoder: FutureDecoder
) -> Iterator[Value]:
    """Yield futures of a type that are suspended where all that they await makes sense."""
    context = ValueContext(process.memory, process)
    alignment = max(type_.alignment, 1)
    for address in addresses:
        if not address or address % alignment:
            continue
        value = Value(type_, Memory(Address(address)), context)
        try:
            case = value.case()
            if isinstance(case, Invalid) or not case.name.startswith("Suspend"):
                continue
            if is_sound_wait(decoder.decode(value), process):
                yield value
        except CrabtrapError as error:
            why_unreadable(error)
            continue
