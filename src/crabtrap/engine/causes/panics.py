"""What a Rust panic says, read at the moment it begins, without running anything.

std calls, for every new panic and in this order: ``panic_with_hook`` (older:
``rust_panic_with_hook``), which knows payload and location but has not formatted the
message; the panic hook, with the message formatted; ``rust_panic``, which unwinds.
``resume_unwind`` only calls the last one, and is not a new panic.  The hook's entry is
thus where everything is known and nothing is printed yet: ``default_hook``, or the
closure that the program has set, which ``HOOK`` leads to.

std as rustup ships it describes no arguments, so they are taken from the argument
registers and believed only if they are what they must be: a ``&Location`` points to
read-only data of a module that holds a file name, a vtable's entries are code.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from crabtrap.address import Address
from crabtrap.engine.causes.panic_payload import (
    PanicLocation,
    is_vtable,
    read_any_message,
    read_location,
    read_payload_message,
    read_words,
)
from crabtrap.events import Panicked
from crabtrap.records import dataclass
from crabtrap.symbols.breakpoint_locations import BreakpointLocation

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.symbols.module_table import ModuleTable

Stage = Literal["begin", "hook", "raise"]

_FUNCTIONS: dict[str, Stage] = {
    "std::panicking::panic_with_hook": "begin",
    "std::panicking::rust_panic_with_hook": "begin",
    "std::panicking::default_hook": "hook",
    "__rustc::rust_panic": "raise",
    "std::panicking::rust_panic": "raise",
    "rust_panic": "raise",
}
_HOOK_STATIC = "std::panicking::HOOK"
_MACHINERY = r"^(?:std::panicking|__rustc)::(?:rust_)?panic(?:_with_hook)?$"
_ARGUMENT_REGISTERS = (5, 4, 1, 2, 8, 9)  # rdi rsi rdx rcx r8 r9, by DWARF number
_CALL_SLOT = 5  # drop, size, align, call_once, call_mut, call
_INFO_WORDS = 4
_FRAMES_SEARCHED = 512


@dataclass(frozen=True, slots=True)
class PanicStep:
    """What to do at a stop in the panic machinery.

    Attributes:
        panicked: The panic to report; ``None``: go on without a word.
        stop_at: Where this thread is also to be stopped, once: the program's own hook.
            Without it the panic is still told, but after the hook has run.
    """

    panicked: Panicked | None = None
    stop_at: Address | None = None


def find_panic_locations(table: ModuleTable) -> tuple[BreakpointLocation, ...]:
    """The entries of std's panic functions, where ``PanicWatcher`` wants to be asked.

    They are first instructions, not behind the prologue: arguments must still be in
    their registers.
    """
    locations: dict[Address, BreakpointLocation] = {}
    for module in table:
        for name in _FUNCTIONS:
            for symbol in module.symbols_named(name):
                if symbol.kind == "function" and symbol.size:
                    locations[symbol.address] = BreakpointLocation(
                        symbol.address, module, None, None, name
                    )
    return tuple(locations.values())


@dataclass(slots=True)
class _Panic:
    """A panic that has begun in one thread."""

    payload: int
    location: PanicLocation | None
    hook: Address | None
    reported: bool = False


class PanicWatcher:
    """Follows every panic from its beginning, so that each is reported once."""

    def __init__(self, synthetic_location: Address | None = None) -> None:
        """Follow panics; ``made_location`` is a ``Location`` that the debugger has put there."""
        self._synthetic_location = synthetic_location
        self._panics: dict[int, _Panic] = {}
        self._stages: dict[Address, Stage] = {}

    def locations(self, table: ModuleTable) -> tuple[BreakpointLocation, ...]:
        """Where to stop; to be asked again whenever modules change."""
        locations = find_panic_locations(table)
        self._stages = {
            location.address: _FUNCTIONS[location.function or ""] for location in locations
        }
        return locations

    def observe(self, thread: Thread) -> PanicStep:
        """What it means that ``thread`` has stopped at its present pc.

        Args:
            thread: Stopped at one of ``places()``, or at a ``PanicStep.stop_at``.
        """
        panic = self._panics.get(thread.tid)
        stage = self._stages.get(thread.pc)
        if stage == "begin":
            return self._begin(thread)
        if panic is not None and not panic.reported and stage in ("hook", None):
            if stage is None and thread.pc != panic.hook:
                return PanicStep()
            panic.reported = True
            return PanicStep(self._hook_facts(thread, panic.location))
        if stage == "raise":
            return self._raise(thread, panic)
        return PanicStep()

    def _begin(self, thread: Thread) -> PanicStep:
        arguments = _arguments(thread)
        process = thread.process
        location = next(filter(None, (self._location(process, a) for a in arguments[2:])), None)
        hook = _custom_hook(process, thread.pc)
        self._panics[thread.tid] = _Panic(arguments[0], location, hook)
        return PanicStep(stop_at=hook)

    def _location(self, process: Process, address: int) -> PanicLocation | None:
        if address == self._synthetic_location:
            return PanicLocation("", 0, 0)
        return read_location(process, address)

    def _hook_facts(self, thread: Thread, begun: PanicLocation | None) -> Panicked:
        """Facts from the ``&PanicHookInfo`` (or ``&PanicInfo``) a hook was called with."""
        process = thread.process
        for argument in _arguments(thread)[:2]:
            words = read_words(process, argument, _INFO_WORDS)
            locations = [
                location for location in (self._location(process, w) for w in words) if location
            ]
            if locations and (begun is None or begun in locations):
                message = read_any_message(process, words)
                return _facts(thread, message, locations[0] if begun is None else begun)
        return _facts(thread, None, begun)

    def _raise(self, thread: Thread, panic: _Panic | None) -> PanicStep:
        self._panics.pop(thread.tid, None)
        data, vtable = _arguments(thread)[:2]
        known = panic is not None and panic.payload == data
        if "begin" in self._stages.values() and (not known or panic is None or panic.reported):
            return PanicStep()  # told already, or resume_unwind
        location = panic.location if panic is not None and known else None
        message = read_payload_message(thread.process, data, vtable)
        return PanicStep(_facts(thread, message, location))


def _arguments(thread: Thread) -> tuple[int, ...]:
    """The integer argument registers, in order of the calling convention."""
    return tuple(thread.registers[number] or 0 for number in _ARGUMENT_REGISTERS)


def _facts(thread: Thread, message: str | None, location: PanicLocation | None) -> Panicked:
    frame = find_user_frame(thread)
    if location is None or not location.path:
        return Panicked(message, None, None, None, frame)
    return Panicked(message, location.path, location.line, location.column, frame)


def find_user_frame(thread: Thread) -> int:
    """Index of the frame a user wants to see when ``thread`` panics or faults.

    The innermost of the user's own outside of the machinery (a hook is inside); failing
    that, the innermost that is not std's; failing that, the innermost of all.
    """
    frames = thread.frames(0, _FRAMES_SEARCHED)
    machinery = [f.index for f in frames if f.code and re.match(_MACHINERY, f.code.name)]
    outside = frames[machinery[-1] + 1 :] if machinery else frames
    for frame in outside:
        if frame.is_user:
            return frame.index
    for frame in outside:
        if frame.origin == "dependency":
            return frame.index
    return 0


def _custom_hook(process: Process, pc: Address) -> Address | None:
    """Entry of the closure the program has set as panic hook, ``None`` for std's own."""
    module = process.modules.find(pc)
    if module is None:
        return None
    for symbol in module.symbols_named(_HOOK_STATIC):
        words = read_words(process, symbol.address, max(symbol.size, 16) // 8)
        for data, vtable in pairwise(words):
            if data and is_vtable(process, vtable, _CALL_SLOT + 1):
                return Address(read_words(process, vtable, _CALL_SLOT + 1)[_CALL_SLOT])
    return None
