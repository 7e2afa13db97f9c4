"""The program at one stop: its threads, its modules, its memory."""

from __future__ import annotations

import os
import time
from itertools import count
from typing import TYPE_CHECKING

from crabtrap.engine.inspect.epoch import LIVE
from crabtrap.engine.inspect.thread import Thread
from crabtrap.engine.inspect.tls import find_tls_module_number
from crabtrap.engine.inspect.unwinding import FRAME_LIMIT
from crabtrap.engine.inspect.user_code import Origin, UserCode
from crabtrap.engine.language import Language, NoLanguage
from crabtrap.errors import CrabtrapError, NotFoundError
from crabtrap.lazy import lazy
from crabtrap.records import dataclass, field
from crabtrap.symbols.names import function_name
from crabtrap.values.readers import PagedReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.address import Address
    from crabtrap.engine.inspect.epoch import EpochClock
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.symbols.types import Type
    from crabtrap.target.interface import Mapping, Target, ThreadInfo
    from crabtrap.values.python_behaviour import PythonBehaviour


@dataclass(frozen=True, slots=True)
class InspectionSettings:
    """Settings of the user for inspecting a program.

    Attributes:
        user_code: Which code is the user's.
        frame_limit: Maximum number of physical frames.
        language: Evaluates ``Frame.evaluate``, and says how values behave in Python.
        substitutes: ``(prefix, directory)``: where sources are that were moved.
    """

    user_code: UserCode = field(default_factory=UserCode)
    frame_limit: int = FRAME_LIMIT
    language: Language = NoLanguage()
    substitutes: tuple[tuple[str, str], ...] = ()


class Process:
    """The program at one stop; everything is read on first use.

    Attributes:
        target: Where memory and registers are read.
        modules: The modules that are loaded.
        clock: The clock that says whether this is stale.
        epoch: The stop this belongs to, or ``LIVE``.
        moving: Its threads run, so that registers and frames cannot be read.
        settings: The user's settings.
        seen_at: This machine's ``CLOCK_MONOTONIC`` in seconds at the stop.
    """

    def __init__(
        self,
        target: Target,
        modules: ModuleTable,
        clock: EpochClock,
        settings: InspectionSettings | None = None,
        thread_numbers: dict[int, int] | None = None,
        *,
        moving: bool = False,
        listed: Callable[[frozenset[int]], None] | None = None,
    ) -> None:
        """Show a target as it is now.

        Args:
            target: Where memory and registers are read.
            modules: The modules that are loaded now.
            clock: Says whether this is stale.
            settings: The user's settings.
            thread_numbers: Index of every tid ever seen in this run; new threads are added
                to it, so that a thread keeps its index between stops.
            moving: Its threads run at this moment.
            listed: Called with all tids whenever the threads are listed.
        """
        self.target = target
        self.modules = modules
        self.clock = clock
        self.epoch = LIVE if moving else clock.current
        self.moving = moving
        self._listed = listed
        self.settings = settings or InspectionSettings()
        self._numbers = thread_numbers if thread_numbers is not None else {}
        self._threads: dict[int, Thread] = {}
        # With the function itself, because an `id` may be reused.
        self._origins: dict[int, tuple[Function, Origin]] = {}
        self._tls_numbers: dict[Module, int | None] = {}
        self.seen_at = time.clock_gettime(time.CLOCK_MONOTONIC)

    def __repr__(self) -> str:
        return f"<Process {self.target.pid}>"

    def _repr_html_(self) -> str:
        """Its threads, for notebooks."""
        return self.settings.language.html(self)

    @property
    def pid(self) -> int:
        """Process id, in the target's pid namespace."""
        return self.target.pid

    @property
    def executable(self) -> str:
        """Path of the main program's file as the debugger can open it, ``""`` if not known."""
        return self.target.executable()

    @property
    def description(self) -> str:
        """How it is reached, for people: by which server, and through what."""
        return self.target.description

    def check(self) -> None:
        """Refuse use after the program was resumed.

        Raises:
            StaleError: It was.
        """
        self.clock.check(self.epoch, "process")

    def check_values(self) -> None:
        """Refuse to read values after the program was resumed.

        Raises:
            StaleError: It was.
        """
        self.clock.check(self.epoch, "value")

    def note_progress(self, done: int, total: int | None) -> None:
        """Note how far an operation that reads values has come."""
        if self.clock.door is not None:
            self.clock.door.progress.advance(done, total)
        self.check_values()

    @lazy
    def thread_infos(self) -> dict[int, ThreadInfo]:
        """All threads as the target lists them, by tid."""
        self.check()
        infos = {info.tid: info for info in self.target.threads() if info.pid == self.pid}
        if self._listed is not None:
            self._listed(frozenset(infos))
        return infos

    @lazy
    def threads(self) -> tuple[Thread, ...]:
        """All threads, by index."""
        threads = [self._thread_object(tid) for tid in self.thread_infos]
        return tuple(sorted(threads, key=lambda thread: thread.index))

    def thread(self, tid: int) -> Thread:
        """Return the thread with kernel id ``tid``.

        Raises:
            NotFoundError: There is none.
        """
        self.check()
        known = self._threads.get(tid)
        if known is None and not self._exists(tid):
            raise NotFoundError("thread", str(tid), hint="`threads` lists them")
        return known or self._thread_object(tid)

    def _exists(self, tid: int) -> bool:
        """Whether a thread exists: reading its registers is faster than listing all threads."""
        if "thread_infos" not in self.__dict__:
            try:
                self.target.read_registers(tid)
            except CrabtrapError:
                return tid in self.thread_infos
            return True
        return tid in self.thread_infos

    def _thread_object(self, tid: int) -> Thread:
        thread = self._threads.get(tid)
        if thread is None:
            if tid not in self._numbers:
                self._number_threads(tid)
            thread = self._threads[tid] = Thread(self, tid, self._numbers[tid])
        return thread

    def _number_threads(self, tid: int) -> None:
        """Number every thread not seen before, the main thread first, the others by tid."""
        unseen = {tid, *self.thread_infos} - self._numbers.keys()
        first = max(self._numbers.values(), default=0) + 1
        in_order = sorted(unseen, key=lambda each: (each != self.pid, each))
        self._numbers.update(zip(in_order, count(first), strict=False))

    @lazy
    def mappings(self) -> tuple[Mapping, ...]:
        """Mappings of the address space; ``()`` where the target cannot report them."""
        self.check()
        return self.target.mappings()

    # -- memory ------------------------------------------------------------------------
    @lazy
    def memory(self) -> PagedReader:
        """Memory with a page cache for this stop, for values."""
        return PagedReader(self.target.memory, check=self.check_values)

    def read_memory(self, address: Address, size: int) -> bytes:
        """Read exactly ``size`` bytes at run-time ``address``.

        Raises:
            MemoryFault: Some byte cannot be read.
            StaleError: The program was resumed.
        """
        self.check()
        return self.target.read_memory(address, size)

    def forget_memory(self) -> None:
        """Drop cached memory, after the debugger itself has written to it."""
        # Values hold a reference to the reader, so it is emptied, not replaced.
        self.memory.forget()

    def forget_surroundings(self) -> None:
        """Drop what an inferior call may have changed: memory, mappings, the list of threads."""
        for name in ("thread_infos", "threads", "mappings"):
            self.__dict__.pop(name, None)
        if "memory" in self.__dict__:
            self.forget_memory()

    def is_mapped(self, address: Address, size: int) -> bool | None:
        """Whether ``[address, address + size)`` is mapped; ``None`` where unknown."""
        if not self.mappings:
            return None
        position, end = int(address), address + size
        for mapping in self.mappings:
            if mapping.start <= position < mapping.end:
                position = mapping.end
            if position >= end:
                return True
        return False

    def describe_descriptor(self, fd: int) -> str | None:
        """Return what a file descriptor of the program refers to; ``None`` if unknown or remote."""
        if fd < 0 or not self.is_local:
            return None
        try:
            return os.readlink(f"/proc/{self.pid}/fd/{fd}")
        except OSError:
            return None

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The numbers of the program's open file descriptors; ``()`` if unknown or remote."""
        try:
            return tuple(map(int, os.listdir(f"/proc/{self.pid}/fd"))) if self.is_local else ()
        except OSError:
            return ()

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, so that ``/proc`` has it."""
        return self.target.executable().startswith(f"/proc/{self.pid}/")

    @property
    def behaviour(self) -> PythonBehaviour:
        """What Python's operators do to the program's values."""
        return self.settings.language.behaviour

    # -- symbols -----------------------------------------------------------------------
    def describe_code(self, address: Address) -> str | None:
        """Return ``"path::of::function at file.rs:12"`` for the code at ``address``, if known.

        That is the function whose own code it is, whatever was inlined there.
        """
        function = self.modules.function_at(address)
        if function is None:
            return self.modules.describe_address(address) or None
        offset = address - function.entry
        name = function_name(function) + (f"+{offset:#x}" if offset else "")
        if function.declaration_path is None:
            return name
        file = function.declaration_path.rpartition("/")[2]
        return f"{name} at {file}:{function.declaration_line or '?'}"

    def vtable_type(self, address: Address) -> Type | None:
        """Find the concrete type whose vtable begins at ``address``."""
        module = self.modules.find(address)
        variable = module.static_at(address) if module is not None else None
        if module is None or variable is None or variable.type is None:
            return None
        return module.types.type(variable.type).containing

    def function_arguments(self, address: Address) -> tuple[Type, ...]:
        """Find the types that the generic function whose code begins at ``address`` is for."""
        module = self.modules.find(address)
        function = module.function_at(address) if module is not None else None
        if module is None or function is None or function.entry != address:
            return ()
        arguments = module.image.template_arguments(function.die)
        return tuple(module.types.type(die) for _, die in arguments)

    def find_type(self, path: str) -> Type | None:
        """Find the type whose path ends with ``path``, in the main program first."""
        for module in self.modules:
            found = module.types.find(path)
            if found:
                return next((type_ for type_ in found if type_.path == path), found[0])
        return None

    def initial_bytes(self, symbol: str, beside: Type) -> bytes | None:
        """Return the initial bytes of a static of the module that describes ``beside``."""
        for module in self.modules:
            if module.types is beside.table:
                for found in module.image.symbols_named(symbol):
                    return module.image.read(found.address, found.size)
        return None

    def declared_tail(self, type_: Type) -> str:
        """Return the type of a struct's last field as its source has it, ``""`` if unknown."""
        from crabtrap.symbols.source_structs import declared_tail  # noqa: PLC0415 - of use to few

        for module in self.modules:
            if module.types is type_.table:
                return declared_tail(module, type_, self.settings.substitutes)
        return ""

    def declared_flags(self, type_: Type) -> tuple[tuple[str, str], ...]:
        """Return the flags of a struct as its source has them, ``()`` if unknown."""
        from crabtrap.symbols.source_flags import declared_flags  # noqa: PLC0415 - of use to few

        for module in self.modules:
            if module.types is type_.table:
                return declared_flags(module, type_, self.settings.substitutes)
        return ()

    def origin_of(self, function: Function | None, path: str | None) -> Origin:
        """Classify a function by the session's policy.

        Args:
            function: The function, ``None`` without debug information.
            path: Source file of the frame, for functions without a declaration.
        """
        known = self._origins.get(id(function))
        if known is not None and known[0] is function:
            return known[1]
        origin = self.settings.user_code.origin_of_function(function, path)
        if function is not None and function.declaration_path is not None:
            self._origins[id(function)] = (function, origin)
        return origin

    def tls_module_number(self, module: Module) -> int | None:
        """Return the loader's number of a library's thread-local storage, ``None`` if unknown."""
        if module not in self._tls_numbers:
            self._tls_numbers[module] = find_tls_module_number(self, module)
        return self._tls_numbers[module]
