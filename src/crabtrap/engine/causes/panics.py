"""Reading message and location of a Rust panic when it begins, without running anything.

std calls, for every new panic and in this order: ``panic_with_hook`` (older:
``rust_panic_with_hook``), which has payload and location but not the formatted message;
the panic hook, with the message formatted; ``rust_panic``, which unwinds.
``resume_unwind`` only calls the last one, and is not a new panic.  So at the hook's entry
everything is known and nothing is printed yet.  The hook is ``default_hook``, or the
closure that the program has set, which the static ``HOOK`` points to.

The std that rustup ships has no debug information for parameters, so they are read from
the argument registers and checked: a ``&Location`` must point to data of a module that
contains a file name, the entries of a vtable must be code.
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
    """What to do at a stop in std's panic functions.

    Attributes:
        panicked: The panic to report, ``None`` to continue without a report.
        stop_at: Where to stop this thread next: the entry of the program's own hook.
            Without that stop the panic is reported only after the hook has run.
    """

    panicked: Panicked | None = None
    stop_at: Address | None = None


def find_panic_locations(table: ModuleTable) -> tuple[BreakpointLocation, ...]:
    """Find the entries of std's panic functions, where ``PanicWatcher`` observes threads.

    They are the first instructions, not the ends of the prologues: the arguments must
    still be in their registers.
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
        """Follow panics.

        Args:
            synthetic_location: Address of a ``Location`` that the debugger itself has
                written, ``None`` if there is none.
        """
        self._synthetic_location = synthetic_location
        self._panics: dict[int, _Panic] = {}
        self._stages: dict[Address, Stage] = {}

    def locations(self, table: ModuleTable) -> tuple[BreakpointLocation, ...]:
        """Return where threads must be stopped; call it again whenever modules change."""
        locations = find_panic_locations(table)
        self._stages = {
            location.address: _FUNCTIONS[location.function or ""] for location in locations
        }
        return locations

    def observe(self, thread: Thread) -> PanicStep:
        """Determine what it means that ``thread`` has stopped at its present pc.

        Args:
            thread: Stopped at one of ``locations()``, or at a ``PanicStep.stop_at``.
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
        """Read the ``&PanicHookInfo`` (older: ``&PanicInfo``) that a hook was called with."""
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
            return PanicStep()  # reported already, or resume_unwind
        location = panic.location if panic is not None and known else None
        message = read_payload_message(thread.process, data, vtable)
        return PanicStep(_facts(thread, message, location))


def _arguments(thread: Thread) -> tuple[int, ...]:
    """Return the integer argument registers, in the order of the calling convention."""
    return tuple(thread.registers[number] or 0 for number in _ARGUMENT_REGISTERS)


def _facts(thread: Thread, message: str | None, location: PanicLocation | None) -> Panicked:
    frame = find_user_frame(thread)
    if location is None or not location.path:
        return Panicked(message, None, None, None, frame)
    return Panicked(message, location.path, location.line, location.column, frame)


def find_user_frame(thread: Thread) -> int:
    """Return the index of the frame to show when ``thread`` panics or faults.

    That is the innermost frame of the user's code outside of std's panic functions (a hook
    is inside of them); else the innermost of a dependency; else the innermost of all.
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
    """Return the entry of the program's own panic hook, ``None`` for std's."""
    module = process.modules.find(pc)
    if module is None:
        return None
    for symbol in module.symbols_named(_HOOK_STATIC):
        words = read_words(process, symbol.address, max(symbol.size, 16) // 8)
        for data, vtable in pairwise(words):
            if data and is_vtable(process, vtable, _CALL_SLOT + 1):
                return Address(read_words(process, vtable, _CALL_SLOT + 1)[_CALL_SLOT])
    return None
