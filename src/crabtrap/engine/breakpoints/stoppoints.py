"""Stoppoints of the user: numbers, locations, conditions, hit counts.

A ``Breakpoint`` is what the user asked for and outlives the program; its ``locations`` are
resolved again whenever modules are loaded or unloaded.  Traps are the matter of
``engine.breakpoints.sites``; this module only holds the locations of each breakpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from crabtrap.address import Address
from crabtrap.errors import CrabtrapError, NotFoundError, UsageError
from crabtrap.events import BreakpointChanged
from crabtrap.records import dataclass, field
from crabtrap.symbols.breakpoint_locations import BreakpointLocation
from crabtrap.symbols.linespec import Spec

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.frame_place import FramePlace
    from crabtrap.engine.inspect.thread import Thread

CatchKind = Literal["panic", "signal", "fork", "vfork", "exec", "syscall", "load"]
WatchKind = Literal["write", "access", "read"]
PanicStop = Literal["on", "uncaught", "off"]
"""Which panics the catchpoint ``PANIC_STOP`` stops at."""

PANIC_STOP = 0
"""Number of the catchpoint for panics that every session begins with."""


@dataclass(slots=True)
class Stoppoint:
    """The common part of breakpoints, watchpoints and catchpoints.

    Attributes:
        number: Counted from 1 over all kinds, never reused; ``PANIC_STOP`` is 0.
        enabled: It can stop; a disabled one keeps its number and counts.
        temporary: The first hit that stops deletes it.
        hits: Times it was hit with the condition true, ignored hits included.
        judged: What ``hits`` was at the last stop that was judged: the target may have counted
            more since, of which a stop is still to come.
        ignore: Hits up to this count do not stop.
        condition: Rust expression, or ``None``.
        failures: How often the condition could not be evaluated; only the first time stops.
        failure: Why, the last time.
        thread: tid of the only thread it stops, ``None`` for any.
        commands: Console commands to run at a stop.
        on_target: The condition was compiled and is evaluated by the target.
        not_on_target: Why it is not, ``""`` before it was tried.
    """

    number: int
    enabled: bool = True
    temporary: bool = False
    hits: int = 0
    judged: int = 0
    ignore: int = 0
    condition: str | None = None
    failures: int = 0
    failure: str = ""
    thread: int | None = None
    commands: tuple[str, ...] = ()
    on_target: bool = False
    not_on_target: str = ""


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A location at which a condition cannot be judged, because of ``error``."""

    location: BreakpointLocation
    error: CrabtrapError


@dataclass(slots=True)
class Breakpoint(Stoppoint):
    """A stoppoint in code.

    Attributes:
        text: The linespec as the user wrote it.
        spec: The same, parsed.
        hardware: Use debug registers instead of trap bytes.
        task: The only task it stops, as the user wrote it; ``""`` for any.
        of_task: Whether a thread runs that task; ``None`` where any will do.
        every_poll: Stop at an await also where later polls go on with it.
        log: Text with ``{expression}`` parts to log instead of stopping, or ``None``.
        callback: Called with the frame at each hit that would stop; the program runs on if
            it returns ``False``.  It may read everything, and run nothing.
        locations: Its present locations; empty while it is pending.
        problem: Why it is pending, ``""`` when it is not.
        hint: What to try about that, or ``""``.
        notes: What the user should know about the choice of locations.
        unjudged: Where its condition has no meaning, each with the reason.
        searched: Images (``_core.Image``) that were searched for locations.
        visits: Threads (tid), each with the CFA of a frame, that have come by a location
            which leads to another one of the same line (``BreakpointLocation.continues``).
    """

    text: str = ""
    spec: Spec | None = None
    hardware: bool = False
    task: str = ""
    of_task: Callable[[Thread], bool] | None = field(default=None, repr=False)
    every_poll: bool = False
    log: str | None = None
    callback: Callable[[Frame], bool | None] | None = field(default=None, repr=False)
    locations: tuple[BreakpointLocation, ...] = ()
    problem: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()
    searched: tuple[object, ...] = field(default=(), repr=False)
    visits: set[tuple[int, int]] = field(default_factory=set[tuple[int, int]], repr=False)

    @property
    def pending(self) -> bool:
        """Whether no location has been found yet."""
        return not self.locations

    @property
    def has_continuations(self) -> bool:
        """Whether a hit of one location may be the same arrival as that of another."""
        return any(location.continues for location in self.locations)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Run-time addresses of the locations."""
        return tuple(location.address for location in self.locations)


@dataclass(slots=True)
class Watchpoint(Stoppoint):
    """A stoppoint at bytes of memory, watched by debug registers.

    Attributes:
        expression: What the user asked to watch.
        kind: "write" stops when the value changed; "access" and "read" at every access.
        address: First byte.
        size: Bytes, at most 32; larger values are refused.
        old: The bytes when they were last read.
        old_text: Rendered value of these.
        scope_cfa: CFA of the frame of a watched local, ``None`` for everything else.
        scope_return: Return address of that frame, or ``None``.
        scope_pads: Where its callers go on if a panic ends the frame.
        scope_thread: tid of that frame's thread.
        home: The frame that names in the condition belong to, ``None`` for statics alone.
        state: First of the trace state variables with which the target sees changes.
        render: Renders the value now in memory.
        render_bytes: Renders the value that these bytes are, ``None`` where memory outside
            of them belongs to the value.
    """

    expression: str = ""
    kind: WatchKind = "write"
    address: Address = Address(0)
    size: int = 0
    old: bytes = b""
    old_text: str = ""
    scope_cfa: int | None = None
    scope_return: Address | None = None
    scope_pads: frozenset[Address] = frozenset()
    scope_thread: int = 0
    home: FramePlace | None = None
    state: int = 0
    render: Callable[[], str] | None = None
    render_bytes: Callable[[bytes], str] | None = None


@dataclass(slots=True)
class Catchpoint(Stoppoint):
    """A stoppoint at events.

    Attributes:
        kind: Kind of the events.
        arguments: Signal or system call numbers; empty for all.
        names: Their names.
        uncaught: Only panics that no code of the program will catch.
        message: Regular expression that is found in the message of the panic, or ``None``.
        crate: Crate of the frame that the panic is shown in, ``None`` for any.
        own: Only panics that the user's code has raised.
        chosen: The user has said whether it is enabled: it is so however a program comes.
        problem: Why it cannot work on this target or program, ``""`` when it can.
    """

    kind: CatchKind = "panic"
    arguments: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    uncaught: bool = False
    message: str | None = None
    crate: str | None = None
    own: bool = False
    chosen: bool = False
    problem: str = ""


AnyStoppoint = Breakpoint | Watchpoint | Catchpoint


@dataclass(slots=True)
class BreakpointTable:
    """All stoppoints of a session, by number.

    Attributes:
        publish: Called with every change.
    """

    publish: Callable[[BreakpointChanged], None]
    _items: dict[int, AnyStoppoint] = field(default_factory=dict[int, AnyStoppoint])
    _next: int = 1

    def __iter__(self) -> Iterator[AnyStoppoint]:
        return iter(tuple(self._items.values()))

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, number: int) -> AnyStoppoint:
        """Return the stoppoint with this number.

        Raises:
            NotFoundError: There is none.
        """
        item = self._items.get(number)
        if item is None:
            numbers = ", ".join(map(str, self._items)) or "none set"
            raise NotFoundError("breakpoint", str(number), hint=f"existing numbers: {numbers}")
        return item

    def find(self, number: int) -> AnyStoppoint | None:
        """Return the stoppoint with this number, or ``None``."""
        return self._items.get(number)

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        """All breakpoints, by number."""
        return tuple(each for each in self._items.values() if isinstance(each, Breakpoint))

    @property
    def watchpoints(self) -> tuple[Watchpoint, ...]:
        """All watchpoints, by number."""
        return tuple(each for each in self._items.values() if isinstance(each, Watchpoint))

    @property
    def catchpoints(self) -> tuple[Catchpoint, ...]:
        """All catchpoints, by number."""
        return tuple(each for each in self._items.values() if isinstance(each, Catchpoint))

    def take_number(self) -> int:
        """Return the next free number."""
        number, self._next = self._next, self._next + 1
        return number

    @property
    def next_number(self) -> int:
        """What ``take_number`` returns next."""
        return self._next

    def continue_from(self, number: int) -> None:
        """Have ``take_number`` return ``number`` next, unless that was used already."""
        self._next = max(self._next, number)

    def insert(self, item: AnyStoppoint) -> None:
        """Add a stoppoint, which has a number from ``take_number``."""
        self._items[item.number] = item
        self.publish(BreakpointChanged(item.number, "added"))

    def remove(self, number: int) -> AnyStoppoint:
        """Remove a stoppoint; the caller releases its sites.

        Raises:
            NotFoundError: There is none with this number.
        """
        item = self[number]
        del self._items[number]
        self.publish(BreakpointChanged(number, "removed"))
        return item

    def forget_visits(self) -> None:
        """Forget which threads are on the line of a breakpoint: one of them was moved."""
        for item in self.breakpoints:
            item.visits.clear()

    def changed(self, item: AnyStoppoint) -> None:
        """Publish that a stoppoint was changed."""
        self.publish(BreakpointChanged(item.number, "changed"))


def require_breakpoint(item: AnyStoppoint, wish: str) -> Breakpoint:
    """Return ``item`` as a breakpoint; ``wish`` names what is only possible for one.

    Raises:
        UsageError: It is a watchpoint or a catchpoint.
    """
    if not isinstance(item, Breakpoint):
        raise UsageError(f"{wish} only fits a breakpoint, and {item.number} is not one")
    return item
