"""Setting, changing and removing breakpoints, watchpoints and catchpoints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, get_args

from crabtrap.engine.breakpoints.stoppoints import (
    PANIC_STOP,
    AnyStoppoint,
    Breakpoint,
    CatchKind,
    Catchpoint,
    PanicStop,
    Unjudged,
    WatchKind,
    Watchpoint,
    require_breakpoint,
)
from crabtrap.engine.breakpoints.watched import MAX_WATCHED, split_watched
from crabtrap.engine.causes.signal_table import parse_signal
from crabtrap.engine.causes.syscall_names import parse_syscall, syscall_name
from crabtrap.engine.door import Door, through_door
from crabtrap.engine.inspect.frame import Frame
from crabtrap.engine.inspect.frame_place import place_of
from crabtrap.engine.machine import Running, Stopped
from crabtrap.errors import RangeError, UnsupportedError, UsageError
from crabtrap.signal_names import signal_name
from crabtrap.symbols.nesting import is_plain
from crabtrap.tasks.runtime_code import expand_spec, task_matcher
from crabtrap.values.value import Value
from crabtrap.values.value_context import ValueContext
from crabtrap.values.value_location import Bytes, Memory

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.session.client import Client
    from crabtrap.session.core import Core
    from crabtrap.symbols.breakpoint_locations import BreakpointLocation

_HARDWARE_SLOTS = 4


@through_door()
class Breakpoints:
    """The stoppoints of a session, iterable in the order of their numbers."""

    def __init__(self, core: Core, client: Client) -> None:
        """Serve a session.

        Args:
            core: The core of the session.
            client: The client whose selected frame is used where no frame is given.
        """
        self._core = core
        self._client = client
        self._table = core.table

    @property
    def door(self) -> Door:
        """The check that refuses calls of other threads."""
        return self._core.door

    def __iter__(self) -> Iterator[AnyStoppoint]:
        self._refresh_hits()
        return iter(self._table)

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, number: int) -> AnyStoppoint:
        self._refresh_hits()
        return self._table[number]

    # -- adding --------------------------------------------------------------------------
    def add(
        self,
        spec: str,
        *,
        condition: str | None = None,
        temporary: bool = False,
        ignore: int = 0,
        thread: int | None = None,
        task: str = "",
        log: str | None = None,
        callback: Callable[[Frame], bool | None] | None = None,
        hardware: bool = False,
        every_poll: bool = False,
        commands: Sequence[str] = (),
        pending: bool = True,
        frame: StackFrame | None = None,
    ) -> Breakpoint:
        """Add a breakpoint; it is active at once, also while the program runs.

        Args:
            spec: ``file.rs:10``, ``10``, a function's path or any trailing part of it,
                ``/regex/``, ``*0x401000``, ``*expression``; ``task-spawn`` and
                ``task-complete``, with the ``/regex/`` of a future's path or without.
            condition: Rust expression that must be true.
            temporary: Delete it at its first stop.
            ignore: Number of hits to ignore first.
            thread: tid of the only thread it stops, ``None`` for any.
            task: Number of the only task it stops, or ``/regex/`` for tasks by the path of
                the future that was spawned; ``""`` for any, and for none.
            log: Text to publish instead of stopping, ``{expression}`` parts evaluated.
            callback: Called with the frame at each hit that would stop or be logged; the
                program runs on, and nothing is logged, if it returns ``False``.  It may read
                everything and run nothing; what it raises stops the program and is raised by
                the verb that ran it.
            hardware: Use a debug register.
            every_poll: Stop at the line of an await also when a later poll goes on with it,
                not once an arrival.
            commands: Console commands to run at each stop.
            pending: If no location is found, wait for a library that has one.
            frame: The frame for a bare line number and ``*expression``; ``None`` for the
                selected one.

        Raises:
            NotFoundError: No location was found and ``pending`` is false; or a name in the
                condition means something of a library's only.
            ParseError: ``spec`` or the condition cannot be parsed.
            EvaluationError: The condition cannot be typed at any of the locations.
            UnsupportedError: The debug registers do not suffice.
            CrabtrapError: ``*expression`` has no value.
        """
        program = self._core.program
        if condition is not None:
            self._check_syntax(condition)
        item = Breakpoint(
            0,
            temporary=temporary,
            ignore=ignore,
            condition=condition,
            thread=thread,
            task=task,
            of_task=self._of_task(task) if task else None,
            commands=tuple(commands),
            text=spec,
            spec=self._client.anchor(expand_spec(spec), frame),
            hardware=hardware,
            every_poll=every_poll,
            log=log,
            callback=callback,
        )
        if isinstance(self._core.state, Running):
            program.tracker.follow()
        with self.door.cancellable(f"looking for {spec}"):
            resolution = program.resolver.search(item)
        if not resolution.locations and not pending:
            raise resolution.not_found(spec)
        _need_one_judged(item.unjudged, resolution.locations)
        if hardware:
            self._need_slots(len(resolution.locations))
        item.number = self._table.take_number()
        self._table.insert(item)
        program.resolver.arm(item)
        program.stoppoints_changed()
        return item

    def _of_task(self, task: str) -> Callable[[Thread], bool]:
        """Make the test whether a thread runs a task that is meant."""
        matches = task_matcher(task)

        def runs_it(thread: Thread) -> bool:
            found = self._core.tasks.now.on_thread(thread)
            return found is not None and matches(found)

        return runs_it

    def add_regex(self, pattern: str) -> tuple[Breakpoint, ...]:
        """Add one breakpoint for all functions whose path matches, see ``rbreak`` of gdb.

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
        frame: StackFrame | None = None,
    ) -> Watchpoint:
        """Add a watchpoint: stop when a value is changed, or accessed.

        Args:
            expression: An expression with an address and at most 32 bytes.
            kind: "write" stops when the value was changed; "access" and "read" stop at every
                access, because x86 cannot trap reads alone.
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
            if condition is not None:
                process = program.inspector.process
                place = frame if isinstance(frame, Frame) else None
                self._core.language.check_condition(condition, process, place)
            item = self._watchpoint(expression, kind, condition, frame)
            self._table.insert(item)
            program.resolver.arm(item)
        program.stoppoints_changed()
        return item

    def _watchpoint(
        self, expression: str, kind: WatchKind, condition: str | None, frame: StackFrame | None
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
            home=place_of(frame) if isinstance(frame, Frame) else None,
            render=lambda: self._core.language.render(self._look_again(value, address)),
            render_bytes=self._renderer_of_bytes(value) if is_plain(value.type) else None,
        )
        if isinstance(frame, Frame):
            self._bind_to_frame(item, frame, value)
        return item

    def catch(self, kind: CatchKind, *which: str) -> Catchpoint:
        """Add a catchpoint: stop at an event.

        Args:
            kind: "panic", "signal", "fork", "vfork", "exec", "syscall" or "load".
            which: Signals or system calls, by name or number; all when empty.

        Raises:
            UsageError: There is no such event, or it takes no arguments.
            NotFoundError: There is no such signal or system call.
            UnsupportedError: The target does not report such events.
        """
        if kind not in get_args(CatchKind):
            raise UsageError(
                f"cannot catch {kind!r}", hint=f"catch one of {', '.join(get_args(CatchKind))}"
            )
        if kind == "panic" and not which:
            return self.catch_panics()
        numbers, names = self._which(kind, which)
        target = self._core.program.debuggee.target
        if kind == "syscall" and target.pid and not target.abilities.syscall_events:
            raise UnsupportedError("system call stops")
        item = Catchpoint(self._table.take_number(), kind=kind, arguments=numbers, names=names)
        self._table.insert(item)
        self._apply_catches()
        return item

    def catch_panics(
        self,
        *,
        uncaught: bool = False,
        message: str | None = None,
        crate: str | None = None,
        own: bool = False,
        condition: str | None = None,
    ) -> Catchpoint:
        """Add a catchpoint for some panics, in place of the stop at every panic.

        Args:
            uncaught: Only those that no code of the program will catch.
            message: Regular expression that must be found in the message.
            crate: Name of the crate that the panic is shown in: of the innermost frame of
                the user's code, else of a dependency.
            own: Only those that the user's code has raised: by ``panic!``, or by a call whose
                caller is to blame, as of ``unwrap``.
            condition: Rust expression that must be true in that frame.

        Raises:
            UsageError: ``message`` is not a regular expression.
            ParseError: The condition cannot be parsed.
        """
        if message is not None:
            try:
                re.compile(message)
            except re.error as error:
                raise UsageError(f"{message!r} is not a regular expression: {error}") from None
        if condition is not None:
            self._check_syntax(condition)
        item = Catchpoint(
            self._table.take_number(),
            condition=condition,
            kind="panic",
            uncaught=uncaught,
            message=message,
            crate=crate.replace("-", "_") if crate else None,
            own=own,
        )
        if self.panic_stop != "off":
            self.stop_at_panics("off")
        self._table.insert(item)
        self._apply_catches()
        return item

    @property
    def panic_stop(self) -> PanicStop:
        """Which panics the catchpoint ``PANIC_STOP`` stops at."""
        item = self._table.find(PANIC_STOP)
        if not isinstance(item, Catchpoint) or not item.enabled:
            return "off"
        return "uncaught" if item.uncaught else "on"

    def stop_at_panics(self, which: PanicStop) -> None:
        """Have the catchpoint ``PANIC_STOP`` stop at panics; a deleted one is made again."""
        item = self._table.find(PANIC_STOP)
        if not isinstance(item, Catchpoint):
            item = Catchpoint(PANIC_STOP, kind="panic")
            self._table.insert(item)
        item.enabled, item.chosen = which != "off", True
        if item.enabled:
            item.uncaught = which == "uncaught"
        self._rearm(item)

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
        if isinstance(item, Catchpoint):
            item.chosen = True
        self._rearm(item)

    def set_condition(self, number: int, condition: str | None) -> None:
        """Replace or (``None``) remove a condition.

        Raises:
            UsageError: It is a catchpoint of other events than panics, which have no frame.
            ParseError: It is no expression.
            EvaluationError: It cannot be typed where it will be asked.
        """
        item = self._table[number]
        if condition is not None:
            if isinstance(item, Catchpoint) and item.kind != "panic":
                raise UsageError(f"a catchpoint for {item.kind} takes no condition")
            self._check_condition(item, condition)
        elif isinstance(item, Breakpoint):
            item.unjudged = ()
        item.condition, item.failures = condition, 0
        self._rearm(item)

    def set_ignore(self, number: int, count: int) -> None:
        """Ignore the next ``count`` hits.

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
        """Make a breakpoint a logpoint, or (``None``) a breakpoint again.

        Raises:
            UsageError: It is a watchpoint or a catchpoint.
        """
        item = require_breakpoint(self._table[number], "a log text")
        item.log = text
        self._rearm(item)

    # -- helpers -------------------------------------------------------------------------
    def _check_syntax(self, condition: str) -> None:
        core = self._core
        core.language.check_condition(condition, core.program.inspector.process, None)

    def _check_condition(self, item: AnyStoppoint, condition: str) -> None:
        """Check a new condition where it will be asked; elsewhere its syntax."""
        if not isinstance(item, Breakpoint):
            self._check_syntax(condition)
            return
        with self.door.cancellable("checking the condition"):
            unjudged = self._core.program.resolver.find_unjudged(condition, item.locations)
        _need_one_judged(unjudged, item.locations)
        item.unjudged = unjudged

    def _rearm(self, item: AnyStoppoint) -> None:
        self._core.program.resolver.arm(item)
        self._apply_catches()
        self._table.changed(item)

    def _refresh_hits(self) -> None:
        """Read the hits that the target counts, while there is a program."""
        if isinstance(self._core.state, Stopped | Running):
            self._core.keep_hits()

    def _need_slots(self, count: int) -> None:
        """Check that ``count`` debug registers are free; before launch, of all that x86 has."""
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
        """Return the value that is now at the address, independent of a frame."""
        process = self._core.program.inspector.process
        return Value(value.type, Memory(address), ValueContext(process.memory, process))

    def _renderer_of_bytes(self, value: Value) -> Callable[[bytes], str]:
        def render(data: bytes) -> str:
            process = self._core.program.inspector.process
            context = ValueContext(process.memory, process)
            return self._core.language.render(Value(value.type, Bytes(data), context))

        return render

    def _bind_to_frame(self, item: Watchpoint, frame: Frame, value: Value) -> None:
        """Bind the watchpoint of a local to its frame: it is deleted when the frame returns."""
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
        item.scope_pads = self._pads_above(frame)
        item.scope_thread = frame.thread.tid

    def _pads_above(self, frame: Frame) -> frozenset[Address]:
        """Return every landing pad of the callers, the first of which ends the frame."""
        code, stack = self._core.program.debuggee.code, frame.thread.stack
        found: set[Address] = set()
        index = frame.physical.index + 1
        while (caller := stack.physical(index)) is not None:
            found.update(pad.address for pad in code.pads_of_call(caller.pc))
            index += 1
        return frozenset(found)

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
        """Apply the signals, system calls and events that are caught now."""
        program = self._core.program
        program.filters.invalidate()
        program.stoppoints_changed()


def _need_one_judged(
    unjudged: tuple[Unjudged, ...], locations: tuple[BreakpointLocation, ...]
) -> None:
    """Refuse a condition that has no meaning at any location, for the reason at the first."""
    if unjudged and len(unjudged) == len(locations):
        raise unjudged[0].error
