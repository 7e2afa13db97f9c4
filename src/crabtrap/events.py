"""Events that a session publishes: frozen data, numbers and text only.

A ``StopEvent`` has all the reasons of a visible stop at once; the other events are
published without a stop.
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
        frame: Index of the frame that front ends select.  It is not 0 where inlined
            functions begin at the same instruction, none of which has been entered yet.
    """

    breakpoint: int
    hits: int
    temporary: bool = False
    frame: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class ConditionFailed:
    """A breakpoint's condition could not be evaluated, and the program stopped for that.

    It does so once per run; later failures are only counted (``Breakpoint.failures``).

    Attributes:
        breakpoint: Its number.
        condition: As the user wrote it.
        error: Why it could not be evaluated.
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
        expression: As the user wrote it.
        old: Rendered value before, ``None`` where unknown.
        new: Rendered value now.
    """

    watchpoint: int
    expression: str
    old: str | None
    new: str


@dataclass(frozen=True, slots=True)
class WatchScopeEnded:
    """The frame of a watched local variable has ended; the watchpoint was deleted.

    Attributes:
        watchpoint: Its number.
        expression: As the user wrote it.
        last: Rendered value when it was last read, ``None`` where unknown.
        unwound: The frame has not returned: a panic has ended it.
    """

    watchpoint: int
    expression: str
    last: str | None
    unwound: bool = False


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step, finish, until or advance is done.

    Attributes:
        plan: Name of the plan: "step", "next", "finish", ...
        return_value: Rendered return value after a finish, else ``None``.
        return_type: Its type with its path, else ``None``.
        frame: As in ``BreakpointHit``.
    """

    plan: str
    return_value: str | None = None
    return_type: str | None = None
    frame: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class FrameUnwound:
    """The frame that a step, finish, until or advance was about has not returned.

    It has ended by unwinding: a panic out of it was caught further out.

    Attributes:
        plan: Name of the plan, which is done.
        function: Display name of the frame's function.
        frame: Index of the user's innermost frame now, which front ends select.
    """

    plan: str
    function: str
    frame: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class CoroutineEnded:
    """The async function that a step or finish was about has ended, and not into its caller.

    Attributes:
        plan: Name of the plan, which is done.
        function: Display name of the async function or block.
        how: "completed": it has returned its result, and what awaits it is not the user's
            code; "cancelled": it was dropped at an await.
        return_value: Its result, rendered, after a finish; else ``None``.
        return_type: The type of that with its path, else ``None``.
        frame: Index of the user's innermost frame now, which front ends select.
    """

    plan: str
    function: str
    how: Literal["completed", "cancelled"]
    return_value: str | None = None
    return_type: str | None = None
    frame: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class SignalReceived:
    """A signal is about to be delivered to the program.

    Attributes:
        number: Linux signal number.
        name: "SIGSEGV", ...
        code: ``si_code``.
        address: ``si_addr`` of a fault, else ``None``.
        sender: pid of the sender for ``kill``/``tgkill``, else ``None``.
        stack_overflow: The fault is just below the thread's stack, which is exhausted.
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
    """The program created a child process, see ``fork(2)``.

    Attributes:
        child: Its pid.
        vfork: It was created by ``vfork(2)``.
        followed: The session debugs the child from now on, not the parent.
    """

    child: int
    vfork: bool
    followed: bool


@dataclass(frozen=True, slots=True)
class Executed:
    """The process executed another program, see ``execve(2)``."""

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
    """Shared libraries were loaded or unloaded, by path."""

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

    @property
    def status(self) -> str:
        """How it has ended, as a clause: "exited with code 3", "killed by SIGKILL"."""
        if self.code is not None:
            return f"exited with code {self.code}"
        return f"killed by {self.signal_name or 'a signal'}"


StopReason = (
    Started
    | BreakpointHit
    | ConditionFailed
    | WatchHit
    | WatchScopeEnded
    | StepDone
    | FrameUnwound
    | CoroutineEnded
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
        epoch: Number of the stop in this session; threads, frames and values have it, too.
        pid: Process id.
        thread: Thread (tid) the reasons are about; 0 once the program has ended.
        reasons: All reasons of that thread, most important first; never empty.
        also: Other threads with a stop of their own at the same time, and its reason.
    """

    epoch: int
    pid: int
    thread: int
    reasons: tuple[StopReason, ...]
    also: tuple[tuple[int, StopReason], ...] = ()


@dataclass(frozen=True, slots=True)
class Resumed:
    """The program was resumed by ``plan``."""

    plan: str


@dataclass(frozen=True, slots=True)
class OutputReceived:
    """The program wrote to a stream of which the debugger holds the other end."""

    stream: StreamName
    data: bytes


@dataclass(frozen=True, slots=True)
class LogMessage:
    """A logpoint was hit; the program did not stop."""

    breakpoint: int
    thread: int
    text: str


@dataclass(frozen=True, slots=True)
class BreakpointChanged:
    """A breakpoint was added, removed or changed, by the user or by the engine."""

    breakpoint: int
    change: Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class ThreadsChanged:
    """Threads have come and gone, by tid, since they were listed last; noticed by listing them."""

    started: tuple[int, ...]
    ended: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProcessDetached:
    """The program was let go and runs on without the debugger."""

    pid: int


@dataclass(frozen=True, slots=True)
class SelectionChanged:
    """A client looks at another thread or frame; after a stop every client's has changed.

    Attributes:
        client: Its name.
        thread: tid.
        frame: Index, 0 being the innermost.
        task: What selects the task whose frame it is, ``""`` for a frame of the thread.
    """

    client: str
    thread: int
    frame: int
    task: str = ""


@dataclass(frozen=True, slots=True)
class MemoryWritten:
    """The debugger wrote into the program's memory: what was shown of it is old."""

    address: Address
    size: int


@dataclass(frozen=True, slots=True)
class RegisterWritten:
    """The debugger wrote a register: the frames of the thread are old.

    Attributes:
        thread: tid.
        name: As in the target's description.
    """

    thread: int
    name: str


@dataclass(frozen=True, slots=True)
class ProgressChanged:
    """An operation of the debugger's own takes long: a search, an evaluation.

    There is none before half a second, then at most ten a second, and one with ``ended`` is the
    last.  ``Session.cancel`` ends most operations.

    Attributes:
        operation: Its number; no two operations of a session have the same.
        label: What is being done at the moment, as in "looking for main".
        done: How much of that is done, in a unit of its own; ``None`` where unknown.
        total: How much there is to do, ``None`` where unknown.
        ended: The operation is over, however it has ended.
    """

    operation: int
    label: str
    done: int | None
    total: int | None
    ended: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """A message for the user that is not an error: a mismatch, a fallback, a limit."""

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
    | ProcessDetached
    | SelectionChanged
    | MemoryWritten
    | RegisterWritten
    | ProgressChanged
    | Notice
)
