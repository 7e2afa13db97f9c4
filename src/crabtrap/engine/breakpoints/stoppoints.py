"""What the user asked to stop at: numbers, places, conditions, counts.

A ``Breakpoint`` is the wish and outlives the program; its ``places`` are found anew
whenever modules come and go.  Traps belong to ``engine.sites``; this module only says
which places each breakpoint wants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Literal

from crabtrap.address import Address
from crabtrap.errors import NotFoundError, UsageError
from crabtrap.events import BreakpointChanged
from crabtrap.records import dataclass, field
from crabtrap.symbols.breakpoint_locations import BreakpointLocation
from crabtrap.symbols.linespec import Spec

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame

CatchKind = Literal["panic", "signal", "fork", "vfork", "exec", "syscall", "load"]
WatchKind = Literal["write", "access", "read"]


@dataclass(slots=True)
class Stoppoint:
    """What every numbered stop has in common.

    Attributes:
        number: Counted from 1 over all kinds, never reused.
        enabled: Disabled ones keep their number and counts.
        temporary: Deleted by the first hit that stops.
        hits: Times the place was reached with the condition true, ignored hits included.
        ignore: Hits up to this count are passed over.
        condition: Rust expression, or ``None``.
        failures: How often that could not be evaluated; only the first time stops.
        failure: Why, the last time.
        thread: Only stop this tid, ``None`` for any.
        commands: Console commands to run at a stop.
    """

    number: int
    enabled: bool = True
    temporary: bool = False
    hits: int = 0
    ignore: int = 0
    condition: str | None = None
    failures: int = 0
    failure: str = ""
    thread: int | None = None
    commands: tuple[str, ...] = ()


@dataclass(slots=True)
class Breakpoint(Stoppoint):
    """A place in the code.

    Attributes:
        text: The place as the user wrote it.
        spec: The same, parsed.
        hardware: Use debug registers instead of trap bytes.
        log: Text with ``{expression}`` parts to log instead of stopping, or ``None``.
        callback: Called with the frame at each hit that would stop; the program goes on if
            it returns ``False``.  It may look at everything, and run nothing.
        places: Where it is now; empty while pending.
        problem: Why it is pending or not inserted, ``""`` when all is well.
        hint: What to try about that, or ``""``.
        notes: What the user should know about the places that were chosen.
        on_target: The condition was compiled and is judged by the target.
        not_on_target: Why it is not, ``""`` before it was tried.
        searched: The files its places have been looked for in.
    """

    text: str = ""
    spec: Spec | None = None
    hardware: bool = False
    log: str | None = None
    callback: Callable[[Frame], bool | None] | None = field(default=None, repr=False)
    locations: tuple[BreakpointLocation, ...] = ()
    problem: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()
    on_target: bool = False
    not_on_target: str = ""
    searched: tuple[object, ...] = field(default=(), repr=False)

    @property
    def pending(self) -> bool:
        """No place has been found yet."""
        return not self.locations

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Run-time addresses of the places."""
        return tuple(location.address for location in self.locations)


@dataclass(slots=True)
class Watchpoint(Stoppoint):
    """Bytes of the program, trapped by debug registers.

    Attributes:
        expression: What the user asked to watch.
        kind: "write" stops when the value changed; "access" and "read" at every access.
        address: First byte.
        size: Bytes, at most 32; larger values are refused.
        old: Bytes at the last look.
        scope_cfa: CFA of the frame that owns a local, ``None`` for everything else.
        scope_return: Where that frame returns to.
        scope_thread: The thread of that frame.
        render: Renders the value now in memory.
    """

    expression: str = ""
    kind: WatchKind = "write"
    address: Address = Address(0)
    size: int = 0
    old: bytes = b""
    old_text: str = ""
    scope_cfa: int | None = None
    scope_return: Address | None = None
    scope_thread: int = 0
    render: Callable[[], str] | None = None


@dataclass(slots=True)
class Catchpoint(Stoppoint):
    """An event instead of a place.

    Attributes:
        kind: What is caught.
        arguments: Signal or system call numbers; empty for all.
        problem: Why it cannot work on this target or program, ``""`` when it can.
    """

    kind: CatchKind = "panic"
    arguments: tuple[int, ...] = ()
    names: tuple[str, ...] = ()
    locations: tuple[Address, ...] = ()
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
        """The stoppoint with this number.

        Raises:
            NotFoundError: There is none.
        """
        item = self._items.get(number)
        if item is None:
            numbers = ", ".join(map(str, self._items)) or "none set"
            raise NotFoundError("breakpoint", str(number), hint=f"existing numbers: {numbers}")
        return item

    def find(self, number: int) -> AnyStoppoint | None:
        """The stoppoint with this number, or ``None``."""
        return self._items.get(number)

    @property
    def breakpoints(self) -> tuple[Breakpoint, ...]:
        """The places in code."""
        return tuple(each for each in self._items.values() if isinstance(each, Breakpoint))

    @property
    def watchpoints(self) -> tuple[Watchpoint, ...]:
        """The watched bytes."""
        return tuple(each for each in self._items.values() if isinstance(each, Watchpoint))

    @property
    def catchpoints(self) -> tuple[Catchpoint, ...]:
        """The caught events."""
        return tuple(each for each in self._items.values() if isinstance(each, Catchpoint))

    def take_number(self) -> int:
        """The next free number."""
        number, self._next = self._next, self._next + 1
        return number

    def insert(self, item: AnyStoppoint) -> None:
        """Add a stoppoint made with ``take_number``."""
        self._items[item.number] = item
        self.publish(BreakpointChanged(item.number, "added"))

    def remove(self, number: int) -> AnyStoppoint:
        """Take a stoppoint out; its sites are released by the engine."""
        item = self[number]
        del self._items[number]
        self.publish(BreakpointChanged(number, "removed"))
        return item

    def changed(self, item: AnyStoppoint) -> None:
        """Say that a stoppoint was altered."""
        self.publish(BreakpointChanged(item.number, "changed"))


def require_breakpoint(item: AnyStoppoint, wish: str) -> Breakpoint:
    """``item`` as a breakpoint in code, for wishes that only fit one.

    Raises:
        UsageError: It is a watchpoint or a catchpoint.
    """
    if not isinstance(item, Breakpoint):
        raise UsageError(f"{wish} only fits a breakpoint, and {item.number} is not one")
    return item
