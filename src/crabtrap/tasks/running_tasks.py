"""Which task a thread runs, and which part of its stack is that task's.

The runtime notes the number of the task in a thread-local.  Where the task is stands on the
stack: the runtime's functions keep its address while they poll it.  No search of the memory is
needed, so that a stop costs the same however many tasks there are.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.inspect.coroutines import find_coroutine
from crabtrap.engine.inspect.statics import value_of_static
from crabtrap.errors import CrabtrapError
from crabtrap.lazy import lazy
from crabtrap.present.field_paths import find_part, peel
from crabtrap.tasks.headers import Headers
from crabtrap.tasks.linked import find_contexts, is_linked
from crabtrap.values import Absent
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from crabtrap import _core
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.symbols.module import Module
    from crabtrap.tasks.layouts import TaskLayout
    from crabtrap.tasks.scan import Found
    from crabtrap.values import Value

MOST_STACK = 1 << 20
"""Bytes of a stack that are looked through, from its innermost end."""
_WORD = 8
_STACK_POINTER = 7
_FRAMES_AT_ONCE = 8
_BODY = re.compile(r"\{async_(?:fn|block|closure)#\d+\}(?:<.*>)?$")


class RunningTasks:
    """The tasks that threads run, at one stop and for one runtime.

    Attributes:
        layout: How the runtime keeps its tasks.
    """

    def __init__(self, process: Process, layout: TaskLayout) -> None:
        """Look at a program whose tasks are laid out so."""
        self._process, self.layout = process, layout
        self._headers = Headers(process, layout)

    @lazy
    def is_linked(self) -> bool:
        """Whether the program has this runtime."""
        return is_linked(self._process, self.layout)

    def candidates(self, thread: Thread) -> Iterator[Found]:
        """Yield what may be the task that a thread runs, the likeliest first.

        Where the thread-local says that it runs none, there is none. Where there is no such
        thread-local, or it does not say, the thread has to be in a function that polls tasks; the
        stack may have pointers to others that run as well, left by earlier polls, so that the
        task is likeliest that the async functions are in which the thread is in.
        """
        number = self.number(thread) if self.is_linked else 0
        if number == 0:
            return
        if number is not None:
            yield from self._on_stack(thread, None)
            return
        polled = self._polled(thread)
        if polled is None:
            return
        found = self._on_stack(thread, polled)
        futures = polled_by(thread)
        yield from sorted(found, key=lambda each: not _has_any(each, futures))

    def _on_stack(self, thread: Thread, polled: Address | None) -> Iterator[Found]:
        """Yield the tasks on a thread's stack that may run, the innermost first.

        Args:
            thread: The thread.
            polled: Where the function begins that polls one, for runtimes that note nothing.
        """
        words = stack_words(thread)
        if not self.layout.context:
            words += _register_words(thread)
        for word in dict.fromkeys(words):
            if self._is_data(word):
                candidate = self._headers.at(Address(word))
                if candidate is not None and self._may_run(candidate, polled):
                    yield candidate

    def _polled(self, thread: Thread) -> Address | None:
        """Where the innermost function begins by which the runtime polls a task, if it does."""
        for frame in _each_frame(thread):
            code = frame.code
            if code is not None and re.match(self.layout.polls, code.name):
                return code.entry
        return None

    def _may_run(self, found: Found, polled: Address | None) -> bool:
        """Whether a task runs by its flags, or else by what polls it."""
        running = self.layout.flags.running
        return bool(found.state & running) if running else found.kind.vtable == polled

    def number(self, thread: Thread) -> int | None:
        """The number of the task that a thread runs, 0 for none, ``None`` where unknown."""
        context = self.context(thread)
        if context is None:
            return None
        try:
            found = find_part(context, self.layout.current)
            return None if found is None else _number(peel(found))
        except CrabtrapError as error:
            why_unreadable(error)
            return None  # damaged memory: the stack tells by itself

    def context(self, thread: Thread) -> Value | None:
        """The runtime's thread-local of a thread, ``None`` where it has none."""
        for module, variable in self._contexts:
            value = value_of_static(self._process, thread, module, variable)
            if not isinstance(value.location, Absent):
                return value
        return None

    @lazy
    def _contexts(self) -> tuple[tuple[Module, _core.Variable], ...]:
        return find_contexts(self._process, self.layout)

    @lazy
    def _is_data(self) -> Callable[[int], bool]:
        """Whether an address may be that of a task: it can be written, and is on no stack."""
        stacks = [thread.registers[_STACK_POINTER] or 0 for thread in self._process.threads]
        ranges = [
            range(each.start, each.end)
            for each in self._process.mappings
            if each.permissions.startswith("rw")
            and not any(each.start <= sp < each.end for sp in stacks)
        ]
        return lambda address: address % _WORD == 0 and any(address in each for each in ranges)


def _has_any(found: Found, futures: Collection[int]) -> bool:
    """Whether a future is part of a task."""
    start, end = int(found.address), int(found.address) + found.kind.size
    return any(start <= future < end for future in futures)


def polled_by(thread: Thread) -> tuple[int, ...]:
    """The addresses of the async functions and blocks that a thread is in, as far as known."""
    frames = (frame for frame in thread.frames() if frame.code is not None)
    bodies = (frame for frame in frames if is_coroutine_name(_name(frame)))
    found = map(find_coroutine, bodies)
    return tuple(int(each.address) for each in found if each is not None)


def _name(frame: Frame) -> str:
    return frame.code.name if frame.code is not None else ""


def frames_of_task(thread: Thread, polls: str) -> tuple[Frame, ...]:
    """The frames of a thread that belong to the task it runs, without the runtime's around it.

    Args:
        thread: The thread.
        polls: Pattern of the functions by which a runtime polls tasks.
    """
    frames: list[Frame] = []
    last = 0
    for frame in _each_frame(thread):
        name = _name(frame)
        if frames and re.match(polls, name):
            break
        frames.append(frame)
        if is_coroutine_name(name):
            last = len(frames)
    return tuple(frames[: last or len(frames)])


def _each_frame(thread: Thread) -> Iterator[Frame]:
    """Yield the frames of a thread; no more of its stack is unwound than is asked for."""
    start = 0
    while found := thread.frames(start, _FRAMES_AT_ONCE):
        yield from found
        start += len(found)


def is_coroutine_name(name: str) -> bool:
    """Whether a function, by its path, is the body of an async function, block or closure."""
    return _BODY.search(name) is not None


def _number(option: Value) -> int:
    case, inside = option.variant()
    return 0 if case.name == "None" else peel(inside).integer()


def _register_words(thread: Thread) -> tuple[int, ...]:
    """What is in the registers of a thread's functions: an optimiser may keep a task there."""
    found = (value for frame in _each_frame(thread) for value in frame.physical.registers)
    return tuple(value for value in found if value)


def stack_words(thread: Thread) -> tuple[int, ...]:
    """The words of a stack, the innermost first."""
    start = (thread.registers[_STACK_POINTER] or 0) & ~(_WORD - 1)
    process = thread.process
    end = next((m.end for m in process.mappings if m.start <= start < m.end), start)
    size = min(end - start, MOST_STACK)
    data = process.target.memory.read_partial(start, size)
    return struct.unpack(f"<{len(data) // _WORD}Q", data[: len(data) // _WORD * _WORD])
