"""Setting, changing and removing breakpoints, watchpoints and catchpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, get_args

from crabtrap.engine.breakpoints.resolver import MAX_WATCHED, split_watched
from crabtrap.engine.breakpoints.stoppoints import (
    AnyStoppoint,
    Breakpoint,
    CatchKind,
    Catchpoint,
    WatchKind,
    Watchpoint,
    require_breakpoint,
)
from crabtrap.engine.causes.signal_table import parse_signal, signal_name
from crabtrap.engine.causes.syscall_names import parse_syscall, syscall_name
from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import Running, Stopped
from crabtrap.errors import RangeError, UnsupportedError, UsageError
from crabtrap.values.value import Value
from crabtrap.values.value_context import ValueContext
from crabtrap.values.value_location import Memory

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.session.client import Client
    from crabtrap.session.core import Core

_HARDWARE_SLOTS = 4


@through_door()
class Breakpoints:
    """The stoppoints of a session, iterable in the order of their numbers."""

    def __init__(self, core: Core, client: Client) -> None:
        """Serve a session; ``client`` is the one whose view counts where none is given."""
        self._core = core
        self._client = client
        self._table = core.table

    @property
    def door(self) -> Door:
        """Where calls of other threads are turned back."""
        return self._core.door

    def __iter__(self) -> Iterator[AnyStoppoint]:
        self._refresh_hits()
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, number: int) -> AnyStoppoint:
        self._refresh_hits()
        return self._table[number]

    # -- making --------------------------------------------------------------------------
    def add(
        self,
        spec: str,
        *,
        condition: str | None = None,
        temporary: bool = False,
        ignore: int = 0,
        thread: int | None = None,
        log: str | None = None,
        callback: Callable[[Frame], bool | None] | None = None,
        hardware: bool = False,
        commands: Sequence[str] = (),
        pending: bool = True,
        frame: Frame | None = None,
    ) -> Breakpoint:
        """Stop at a location; in force at once, also while the program runs.

        Args:
            spec: ``file.rs:10``, ``10``, a function's path or any trailing part of it,
                ``/regex/``, ``*0x401000``, ``*expression``.
            condition: Rust expression that must be true.
            temporary: Delete it at its first stop.
            ignore: Hits to pass over first.
            thread: Only stop this tid.
            log: Do not stop but publish this text, ``{expression}`` parts evaluated.
            callback: Called with the frame at each hit that would stop; the program goes
                on if it returns ``False``.  It may look at everything and run nothing;
                what it raises stops the program and is raised by the verb that ran it.
            hardware: Use a debug register.
            commands: For the console to run at each stop.
            pending: When nothing is found, wait for a library that has it.
            frame: What a bare line number and ``*expression`` are about; ``None`` for the
                selected one.

        Raises:
            NotFoundError: Nothing was found and ``pending`` is false.
            ParseError: ``spec`` cannot be read.
        """
        program = self._core.program
        item = Breakpoint(
            0,
            temporary=temporary,
            ignore=ignore,
            condition=condition,
            thread=thread,
            commands=tuple(commands),
            text=spec,
            spec=self._client.anchor(spec, frame),
            hardware=hardware,
            log=log,
            callback=callback,
        )
        with self.door.cancellable():
            resolution = program.resolver.search(item)
        if not resolution.locations and not pending:
            raise resolution.not_found(spec)
        if hardware:
            self._need_slots(len(resolution.locations))
        item.number = self._table.take_number()
        self._table.insert(item)
        program.resolver.arm(item)
        program.stoppoints_changed()
        return item

    def add_regex(self, pattern: str) -> tuple[Breakpoint, ...]:
        """Stop in every function whose path matches, as ``rbreak``: one breakpoint for all.

        Raises:
            NotFoundError: No function matches.
        """
        return (self.add(f"/{pattern}/", pending=False),)

    def watch(
        self,
        expression: str,
        *,
        kind: WatchKind = "write",
        condition: str | None = None,
        frame: Frame | None = None,
    ) -> Watchpoint:
        """Stop when bytes are written (and changed), or accessed.

        Args:
            expression: Anything that has an address and at most 32 bytes.
            kind: "write", "read" or "access"; x86 cannot trap reads alone, so "read"
                stops at writes that change nothing, too.
            condition: Rust expression that must be true.
            frame: Where names are looked up; ``None`` for the selected one.

        Raises:
            UsageError: The expression has no address, or is too large.
            UnsupportedError: The debug registers do not suffice.
            StateError: There is no program.
        """
        program = self._core.program
        with program.controller.paused():
            if frame is None and program.is_stopped:
                frame = self._client.frame
            item = self._watchpoint(expression, kind, condition, frame)
            self._table.insert(item)
            program.resolver.arm(item)
        program.stoppoints_changed()
        return item

    def _watchpoint(
        self, expression: str, kind: WatchKind, condition: str | None, frame: Frame | None
    ) -> Watchpoint:
        value = self._client.evaluate(expression, frame)
        address, size = value.address, value.type.size
        if value.absent is not None:
            raise UsageError(f"{expression} cannot be watched: {value.absent}")
        if address is None or not size:
            raise UsageError(
                f"{expression} is not in memory", hint="watch a variable, field or *pointer"
            )
        if size > MAX_WATCHED:
            raise UsageError(
                f"{expression} has {size} bytes; debug registers cover {MAX_WATCHED}",
                hint="watch one field of it",
            )
        self._need_slots(len(split_watched(address, size)))
        item = Watchpoint(
            self._table.take_number(),
            condition=condition,
            expression=expression,
            kind=kind,
            address=address,
            size=size,
            old=self._core.program.debuggee.target.read_memory(address, size),
            old_text=self._core.language.render(value),
            render=lambda: self._core.language.render(self._look_again(value, address)),
        )
        if frame is not None:
            self._bind_to_frame(item, frame, value)
        return item

    def catch(self, kind: CatchKind, *which: str) -> Catchpoint:
        """Stop at an event.

        Args:
            kind: "panic", "signal", "fork", "vfork", "exec", "syscall" or "load".
            which: Signals or system calls, by name or number; all when empty.

        Raises:
            UsageError: There is no such event, or it takes no arguments.
            UnsupportedError: The target does not tell of it.
        """
        if kind not in get_args(CatchKind):
            raise UsageError(
                f"cannot catch {kind!r}", hint=f"catch one of {', '.join(get_args(CatchKind))}"
            )
        numbers, names = self._which(kind, which)
        target = self._core.program.debuggee.target
        if kind == "syscall" and target.pid and not target.abilities.syscall_events:
            raise UnsupportedError("system call stops")
        item = Catchpoint(self._table.take_number(), kind=kind, arguments=numbers, names=names)
        self._table.insert(item)
        self._apply_catches()
        return item

    # -- changing ------------------------------------------------------------------------
    def remove(self, number: int) -> None:
        """Delete a stoppoint.

        Raises:
            NotFoundError: There is none with this number.
        """
        item = self._table.remove(number)
        self._core.program.resolver.disarm(item)
        self._apply_catches()

    def enable(self, number: int, on: bool = True) -> None:
        """Enable or disable a stoppoint; it keeps its number and counts."""
        item = self._table[number]
        item.enabled, item.failures = on, 0
        self._rearm(item)

    def set_condition(self, number: int, condition: str | None) -> None:
        """Replace or (``None``) remove a condition."""
        item = self._table[number]
        item.condition, item.failures = condition, 0
        self._rearm(item)

    def set_ignore(self, number: int, count: int) -> None:
        """Pass over the next ``count`` hits.

        Raises:
            RangeError: ``count`` is negative.
        """
        if count < 0:
            raise RangeError(f"cannot ignore {count} hits")
        self._refresh_hits()
        item = self._table[number]
        item.ignore = item.hits + count
        self._rearm(item)

    def set_commands(self, number: int, commands: Sequence[str]) -> None:
        """Replace the console commands of a stoppoint."""
        item = self._table[number]
        item.commands = tuple(commands)
        self._table.changed(item)

    def set_log(self, number: int, text: str | None) -> None:
        """Make a breakpoint a log point, or (``None``) a breakpoint again."""
        item = require_breakpoint(self._table[number], "a log text")
        item.log = text
        self._rearm(item)

    # -- helpers -------------------------------------------------------------------------
    def _rearm(self, item: AnyStoppoint) -> None:
        self._core.program.resolver.arm(item)
        self._apply_catches()
        self._table.changed(item)

    def _refresh_hits(self) -> None:
        """Counts kept by the target are read when somebody looks."""
        if isinstance(self._core.state, Stopped | Running):
            self._core.keep_hits()

    def drop_watchpoints(self) -> tuple[Watchpoint, ...]:
        """Delete all watchpoints: the addresses of one run mean nothing in the next."""
        dropped = tuple(self._table.watchpoints)
        for item in dropped:
            self._table.remove(item.number)
        return dropped

    def forget_failures(self) -> None:
        """A new run begins: conditions that had no value in the last one are told again."""
        for item in self._table:
            item.failures = 0

    def _need_slots(self, count: int) -> None:
        """Refuse what the debug registers cannot hold; before launch, what none could."""
        debuggee = self._core.program.debuggee
        target = debuggee.target
        slots = target.abilities.hardware_slots if target.pid else _HARDWARE_SLOTS
        if not slots:
            raise UnsupportedError("hardware breakpoints and watchpoints")
        if debuggee.sites.hardware_in_use + count > slots:
            raise UnsupportedError(
                f"more than {slots} debug registers at a time",
                hint="delete a watchpoint or a hardware breakpoint",
            )

    def _look_again(self, value: Value, address: Address) -> Value:
        """The value at the present stop, whatever frame it was found in."""
        process = self._core.program.inspector.process
        return Value(value.type, Memory(address), ValueContext(process.memory, process))

    def _bind_to_frame(self, item: Watchpoint, frame: Frame, value: Value) -> None:
        """A local dies with its frame: stop when that returns, as its bytes mean nothing then."""
        address = value.address
        physical = frame.physical
        if address is None or physical.cfa is None:
            return
        low = physical.registers[7]
        if low is None or not low <= address < physical.cfa:
            return
        caller = frame.thread.stack.physical(physical.index + 1)
        if caller is None:
            return
        item.scope_cfa = physical.cfa
        item.scope_return = caller.pc
        item.scope_thread = frame.thread.tid

    def _which(
        self, kind: CatchKind, which: tuple[str, ...]
    ) -> tuple[tuple[int, ...], tuple[str, ...]]:
        match kind:
            case "signal":
                numbers = tuple(parse_signal(each) for each in which)
                return numbers, tuple(signal_name(each) for each in numbers)
            case "syscall":
                numbers = tuple(parse_syscall(each) for each in which)
                return numbers, tuple(syscall_name(each) for each in numbers)
            case _:
                if which:
                    raise UsageError(f"catch {kind} takes no arguments")
                return (), ()

    def _apply_catches(self) -> None:
        """Bring into force which signals, system calls and events are of interest now."""
        program = self._core.program
        program.filters.invalidate()
        program.stoppoints_changed()
