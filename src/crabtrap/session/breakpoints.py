"""Setting, changing and removing breakpoints, watchpoints and catchpoints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, get_args

from crabtrap.engine.breakpoints.resolver import MAX_WATCHED, split_watched
from crabtrap.engine.breakpoints.stoppoints import (
    AnyStoppoint,
    Breakpoint,
    BreakpointTable,
    CatchKind,
    Catchpoint,
    WatchKind,
    Watchpoint,
    require_breakpoint,
)
from crabtrap.engine.causes.signal_table import parse_signal, signal_name
from crabtrap.engine.causes.syscall_names import parse_syscall, syscall_name
from crabtrap.errors import RangeError, UnsupportedError, UsageError
from crabtrap.symbols.linespec import parse_spec
from crabtrap.values.value import Value
from crabtrap.values.value_context import ValueContext
from crabtrap.values.value_location import Memory

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.program import Program

_HARDWARE_SLOTS = 4


class Breakpoints:
    """The stoppoints of a session, iterable in the order of their numbers."""

    def __init__(
        self,
        table: BreakpointTable,
        program: Callable[[], Program],
        evaluate: Callable[[str, Frame], Value],
        render: Callable[[Value], str],
        frame: Callable[[], Frame],
    ) -> None:
        """Join what is needed; front ends get the one of their session."""
        self._table = table
        self._program = program
        self._evaluate = evaluate
        self._render = render
        self._frame = frame

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
        hardware: bool = False,
        commands: Sequence[str] = (),
        pending: bool = True,
    ) -> Breakpoint:
        """Stop at a place.

        Args:
            spec: ``file.rs:10``, ``10``, a function's path or any trailing part of it,
                ``/regex/``, ``*0x401000``, ``*expression``.
            condition: Rust expression that must be true.
            temporary: Delete it at its first stop.
            ignore: Hits to pass over first.
            thread: Only stop this tid.
            log: Do not stop but publish this text, ``{expression}`` parts evaluated.
            hardware: Use a debug register.
            commands: For the console to run at each stop.
            pending: When nothing is found, wait for a library that has it.

        Raises:
            NotFoundError: Nothing was found and ``pending`` is false.
            ParseError: ``spec`` cannot be read.
        """
        program = self._program()
        item = Breakpoint(
            0,
            temporary=temporary,
            ignore=ignore,
            condition=condition,
            thread=thread,
            commands=tuple(commands),
            text=spec,
            spec=parse_spec(spec),
            hardware=hardware,
            log=log,
        )
        resolution = program.resolver.search(item)
        if not resolution.locations and not pending:
            raise resolution.not_found(spec)
        if hardware:
            self._need_slots(len(resolution.locations))
        item.number = self._table.take_number()
        self._table.insert(item)
        program.resolver.arm(item)
        program.set_event_traps()
        return item

    def add_regex(self, pattern: str) -> tuple[Breakpoint, ...]:
        """Stop in every function whose path matches, as ``rbreak``: one breakpoint for all.

        Raises:
            NotFoundError: No function matches.
        """
        return (self.add(f"/{pattern}/", pending=False),)

    def watch(
        self, expression: str, *, kind: WatchKind = "write", condition: str | None = None
    ) -> Watchpoint:
        """Stop when bytes are written (and changed), or accessed.

        Args:
            expression: Anything that has an address and at most 32 bytes.
            kind: "write", "read" or "access"; x86 cannot trap reads alone, so "read"
                stops at writes that change nothing, too.
            condition: Rust expression that must be true.

        Raises:
            UsageError: The expression has no address, or is too large.
            UnsupportedError: The debug registers do not suffice.
        """
        program, frame = self._program(), self._frame()
        value = self._evaluate(expression, frame)
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
            old=program.context.target.read_memory(address, size),
            old_text=self._render(value),
            render=lambda: self._render(self._look_again(value, address)),
        )
        self._bind_to_frame(item, frame, value)
        self._table.insert(item)
        program.resolver.arm(item)
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
        self._program().resolver.disarm(item)
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
        self._program().resolver.arm(item)
        self._apply_catches()
        self._table.changed(item)

    def _refresh_hits(self) -> None:
        """Counts kept by the target are read when somebody looks."""
        if self._program().is_stopped:
            self.keep_hits()

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

    def keep_hits(self) -> None:
        """Read the counts that the target keeps, for a last time before it goes."""
        control = self._program().context.target.control
        if control is None:
            return
        for item in self._table.breakpoints:
            if item.on_target:
                item.hits = control.read_counter(item.number)

    def _need_slots(self, count: int) -> None:
        """Refuse what the debug registers cannot hold; before launch, what none could."""
        context = self._program().context
        slots = context.target.abilities.hardware_slots if context.target.pid else _HARDWARE_SLOTS
        if not slots:
            raise UnsupportedError("hardware breakpoints and watchpoints")
        if context.sites.hardware_in_use + count > slots:
            raise UnsupportedError(
                f"more than {slots} debug registers at a time",
                hint="delete a watchpoint or a hardware breakpoint",
            )

    def _look_again(self, value: Value, address: Address) -> Value:
        """The value at the present stop, whatever frame it was found in."""
        process = self._program().inspector.process
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
        """Tell the target which signals and system calls are of interest now."""
        program = self._program()
        program.set_event_traps()
        program.apply_event_filters()
