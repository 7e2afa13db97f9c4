"""What happened, as frozen data: numbers and text only, never live objects.

A ``StopEvent`` says why the program is at a visible stop, all reasons at once;
the other events tell of things that need no stop.
"""

from __future__ import annotations

from typing import Literal

from crabtrap.address import Address
from crabtrap.records import dataclass, field

StreamName = Literal["stdout", "stderr"]


@dataclass(frozen=True, slots=True)
class Started:
    """The program was launched or attached and has not run under the debugger yet."""

    pid: int
    attached: bool


@dataclass(frozen=True, slots=True)
class BreakpointHit:
    """A user's breakpoint was reached and its condition held.

    Attributes:
        breakpoint: Its number.
        hits: Hits counted so far, this one included.
        temporary: It was deleted by this hit.
        frame: Index of the frame it is about, which front ends select: inlined functions
            that begin at the same instruction have not been entered yet.
    """

    breakpoint: int
    hits: int
    temporary: bool = False
    frame: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ConditionFailed:
    """A breakpoint's condition could not be evaluated, so the program stopped to say so.

    That is done once per run; from then on it is counted (``Breakpoint.failures``).

    Attributes:
        breakpoint: Its number.
        condition: As the user wrote it.
        error: Why it has no value.
        frame: As in ``BreakpointHit``.
    """

    breakpoint: int
    condition: str
    error: str
    frame: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class WatchHit:
    """A watched value was written (or read, for a read watchpoint).

    Attributes:
        watchpoint: Its number, from the same series as breakpoints.
        expression: The text the user gave.
        old: Rendered value before, ``None`` where it is not known.
        new: Rendered value now.
    """

    watchpoint: int
    expression: str
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class WatchScopeEnded:
    """The frame that owned a watched local has returned; the watchpoint was deleted."""

    watchpoint: int
    expression: str
    last: str | None


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step, finish, until or advance reached its end.

    Attributes:
        plan: Name of the plan: "step", "next", "finish", ...
        return_value: Rendered return value after a finish, with its type, else ``None``.
    """

    plan: str
    return_value: str | None = None
    return_type: str | None = None


@dataclass(frozen=True, slots=True)
class SignalReceived:
    """A signal is about to be delivered to the program.

    Attributes:
        number: Linux signal number.
        name: "SIGSEGV", ...
        code: ``si_code``.
        address: ``si_addr`` of a fault, else ``None``.
        sender: pid of the sender for ``kill``/``tgkill``, else ``None``.
        stack_overflow: The fault is right below the stack of the thread, which is used up.
    """

    number: int
    name: str
    code: int
    address: Address | None = None
    sender: int | None = None
    stack_overflow: bool = False


@dataclass(frozen=True, slots=True)
class Panicked:
    """A Rust panic has begun.

    Attributes:
        message: The panic message, ``None`` where it cannot be read.
        path: Source file of the panic location, ``None`` where unknown.
        line: 1-based line, or ``None``.
        column: 1-based column, or ``None``.
        frame: Index of the user's own frame, which front ends select.
    """

    message: str | None
    path: str | None
    line: int | None
    column: int | None
    frame: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The user asked for a pause."""


@dataclass(frozen=True, slots=True)
class Forked:
    """The program made a child process."""

    child: int
    vfork: bool
    followed: bool


@dataclass(frozen=True, slots=True)
class Executed:
    """The program replaced itself with another (``execve``)."""

    path: str


@dataclass(frozen=True, slots=True)
class SyscallStop:
    """A caught system call is entered or left."""

    number: int
    name: str
    entered: bool
    result: int | None = None


@dataclass(frozen=True, slots=True)
class LibrariesChanged:
    """Shared libraries appeared or went away."""

    loaded: tuple[str, ...]
    unloaded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exited:
    """The program ended.

    Attributes:
        code: Exit code, ``None`` when a signal ended it.
        signal: Number of the fatal signal, else ``None``.
        signal_name: Its name, else ``None``.
    """

    pid: int
    code: int | None
    signal: int | None = None
    signal_name: str | None = None


StopReason = (
    Started
    | BreakpointHit
    | ConditionFailed
    | WatchHit
    | WatchScopeEnded
    | StepDone
    | SignalReceived
    | Panicked
    | Interrupted
    | Forked
    | Executed
    | SyscallStop
    | LibrariesChanged
    | Exited
)


@dataclass(frozen=True, slots=True)
class StopEvent:
    """The program came to a visible stop.

    Attributes:
        epoch: Counts the stops of this session; objects made at one stop carry it.
        pid: Process id.
        thread: Thread (tid) the reasons are about; 0 once the program is gone.
        reasons: Every reason found for that thread, most telling first; never empty.
        also: Other threads that came to a stop of their own at the same time, and why.
    """

    epoch: int
    pid: int
    thread: int
    reasons: tuple[StopReason, ...]
    also: tuple[tuple[int, StopReason], ...] = ()


@dataclass(frozen=True, slots=True)
class Resumed:
    """The program was set going by ``plan``."""

    plan: str


@dataclass(frozen=True, slots=True)
class OutputReceived:
    """The program wrote to a stream the debugger holds the other end of."""

    stream: StreamName
    data: bytes


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A log point was passed; the program did not stop."""

    breakpoint: int
    thread: int
    text: str


@dataclass(frozen=True, slots=True)
class BreakpointChanged:
    """A breakpoint was added, removed, resolved or altered by the engine itself."""

    breakpoint: int
    change: Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class ThreadsChanged:
    """Threads were born or ended, as tids."""

    started: tuple[int, ...]
    ended: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the user should know that is not an error: a mismatch, a fallback, a limit."""

    text: str


Event = (
    StopEvent
    | SignalReceived
    | Resumed
    | OutputReceived
    | LogMessage
    | BreakpointChanged
    | ThreadsChanged
    | LibrariesChanged
    | Notice
)
