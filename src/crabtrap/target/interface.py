"""What the engine needs of a program: bytes, registers, threads, and maybe control.

``Target`` is read-only and enough to inspect a core file.  ``Control`` runs the
program; it is ``None`` where that cannot be done.  There are no policies here: what
a breakpoint means or when a step is done is the engine's to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol

from crabtrap.address import Address
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap._core import Memory, Registers

SiteKind = Literal["software", "hardware", "write", "read", "access"]
ResumeKind = Literal["continue", "step", "range-step"]

_NOWHERE = Address(0)


@dataclass(frozen=True, slots=True)
class ThreadInfo:
    """One thread as the target lists it.

    Attributes:
        pid: Process it belongs to.
        tid: Kernel thread id, in the target's pid namespace.
        name: ``comm``, or ``""``.
        core: CPU it last ran on, ``None`` where unknown.
    """

    pid: int
    tid: int
    name: str = ""
    core: int | None = None


@dataclass(frozen=True, slots=True)
class Library:
    """A shared object in the program's link map.

    Attributes:
        path: As the loader names it, in the program's mount namespace.
        bias: ``l_addr``, run-time minus file address.
        dynamic: Run-time address of its ``.dynamic``.
    """

    path: str
    bias: int
    dynamic: Address


@dataclass(frozen=True, slots=True)
class Mapping:
    """One line of ``/proc/PID/maps``."""

    start: Address
    end: Address
    permissions: str
    offset: int
    inode: int
    path: str


@dataclass(frozen=True, slots=True)
class SiteRequest:
    """One address to trap, with everything the target may decide by itself.

    Attributes:
        kind: "software" and "hardware" stop before the instruction runs; "write", "read"
            and "access" stop after an access to ``size`` bytes.
        address: First byte.
        size: Bytes watched: 1, 2, 4 or 8, aligned; 1 for breakpoints.
        conditions: GDB agent expressions; the target stops when any of them is non-zero
            or fails.  Empty: always.
    """

    kind: SiteKind
    address: Address
    size: int = 1
    conditions: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ResumeAction:
    """What one thread is to do.

    Attributes:
        thread: tid, or ``None`` for every thread not named by another action.
        kind: "range-step" steps instructions until the pc leaves ``[start, end)``.
        signal: Signal number to deliver, or 0.
    """

    thread: int | None
    kind: ResumeKind = "continue"
    signal: int = 0
    start: Address = _NOWHERE
    end: Address = _NOWHERE


StopKind = Literal[
    "signal",  # about to be delivered; `signal`, `siginfo`
    "breakpoint",  # software trap of ours reached
    "hardware-breakpoint",
    "watch",  # `address` is the watched address that was hit
    "step",  # single or range step done
    "trap",  # the program's own int3 or SIGTRAP
    "interrupt",  # we asked for it
    "fork",  # `child`
    "vfork",  # `child`
    "vfork-done",
    "exec",  # `path`
    "library",  # the target noticed a change of the link map
    "syscall-entry",  # `syscall`
    "syscall-return",  # `syscall`
    "thread-created",
    "thread-exited",  # `code`
    "exited",  # whole process; `code`
    "killed",  # whole process by signal; `signal`
    "no-resumed",  # nothing is left that could stop
]
TRAPPED: tuple[StopKind, ...] = ("breakpoint", "hardware-breakpoint")
"""A thread has come to a site."""


@dataclass(frozen=True, slots=True)
class TargetStop:
    """One thread's stop, or the process's end, as the target tells it.

    Attributes:
        registers: General registers where the target sent all of them along.
        condition_error: Why a site's condition could not be evaluated, else ``""``.
    """

    kind: StopKind
    pid: int
    thread: int
    signal: int = 0
    code: int = 0
    address: Address | None = None
    child: int = 0
    path: str = ""
    syscall: int = 0
    pc: Address | None = None
    registers: Registers | None = None
    condition_error: str = ""


@dataclass(frozen=True, slots=True)
class SiteFailure:
    """A trap that could not be inserted."""

    request: SiteRequest
    message: str


@dataclass(frozen=True, slots=True)
class SavedRegisters:
    """All registers of one thread, kept while it runs something else.

    Attributes:
        number: The server keeps them under this number, with the thread's signal mask and
            what no packet carries of the XSAVE area; 0 where it cannot.
        block: What a ``g`` packet carries, where the server cannot keep more.
    """

    thread: int
    number: int = 0
    block: bytes = b""


@dataclass(frozen=True, slots=True)
class LaunchRequest:
    """How a program is to be started.

    Attributes:
        program: Path of the executable.
        arguments: Without ``argv[0]``.
        environment: The complete environment.
        directory: Working directory, ``None`` for the debugger's own.
        randomize: Leave address space randomisation on.
        stdio: Descriptors of ours that become the program's 0, 1 and 2; ``None`` lets
            the target choose (a remote server's own).
    """

    program: str
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    directory: str | None = None
    randomize: bool = False
    stdio: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Abilities:
    """What this target can do beyond the minimum; the engine asks, never guesses.

    Attributes:
        conditions: Evaluates agent expressions of sites by itself.
        counters: Has trace state variables, so hits are counted there.
        steps_off_sites: Resuming a thread whose own reported stop was at a site executes
            the instruction under the trap without reporting it again, all other threads
            running; where it is ``False`` the engine lifts the trap and steps.
        stops_all: A reportable stop parks every thread before it is told.
        lifts_traps: Traps are out of memory at every visible stop.
        range_step: Knows "range-step".
        hardware_slots: Debug registers for sites that are not "software".
        writes: Memory and registers can be written.
        fork_events, exec_events, syscall_events, thread_events: Tells of these.
        file_access: Can read files where the program lives (vFile).
    """

    conditions: bool = False
    counters: bool = False
    steps_over_sites: bool = False
    stops_all: bool = False
    lifts_traps: bool = False
    range_step: bool = False
    hardware_slots: int = 0
    writes: bool = False
    fork_events: bool = False
    exec_events: bool = False
    syscall_events: bool = False
    thread_events: bool = False
    file_access: bool = False


class Target(Protocol):
    """Where bytes come from.  Every method may raise ``TargetError``."""

    @property
    def description(self) -> str:
        """For people: "live process 4711", "core file ./core", "gdbserver at ..."."""
        ...

    @property
    def pid(self) -> int:
        """The process that is debugged; after ``detach`` from a parent, its child."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What this target can do; does not change."""
        ...

    @property
    def memory(self) -> Memory:
        """The fastest way to read memory at a stop, to be handed to ``_core``."""
        ...

    @property
    def control(self) -> Control | None:
        """Running the program, ``None`` where it cannot run."""
        ...

    def threads(self) -> tuple[ThreadInfo, ...]:
        """Every thread of ``pid``; those of a forked child only once it is followed."""
        ...

    def read_memory(self, address: Address, size: int) -> bytes:
        """Read exactly ``size`` bytes; trap bytes are never seen.

        Raises:
            MemoryFault: Some byte of the range cannot be read.
        """
        ...

    def read_registers(self, thread: int) -> Registers:
        """The 17 general registers of a stopped thread, in DWARF order."""
        ...

    def read_register(self, thread: int, name: str) -> bytes:
        """One register by its target-description name ("xmm0", "eflags"), little-endian.

        Raises:
            NotFoundError: It has no such register.
        """
        ...

    def register_names(self) -> tuple[tuple[str, int], ...]:
        """``(name, bits)`` of every register, in the target's order."""
        ...

    def auxv(self) -> bytes:
        """The auxiliary vector as the kernel gave it."""
        ...

    def executable(self) -> str:
        """Path of the running executable, openable from here (``/proc/PID/exe`` or the like)."""
        ...

    def libraries(self) -> tuple[Library, ...]:
        """The link map, main program excluded; ``()`` before the loader has run."""
        ...

    def mappings(self) -> tuple[Mapping, ...]:
        """The address space, in order."""
        ...

    def read_siginfo(self, thread: int) -> bytes:
        """The raw 128-byte ``siginfo_t`` of the thread's stop."""
        ...

    def read_file(self, path: str) -> bytes:
        """A whole file from where the program lives."""
        ...


class Control(Protocol):
    """Running the program.  Asynchronous: ``resume`` returns at once, ``wait`` tells."""

    def update_sites(
        self, remove: Sequence[SiteRequest], insert: Sequence[SiteRequest]
    ) -> tuple[SiteFailure, ...]:
        """Remove, then insert; allowed while the program runs.

        May be sent together with the next ``resume``; failures that are only known then
        come through ``take_site_failures``.
        """
        ...

    def resume(self, actions: Sequence[ResumeAction]) -> None:
        """Set threads going.  Threads without an action stay stopped."""
        ...

    def take_site_failures(self) -> tuple[SiteFailure, ...]:
        """Traps refused by the target and not told yet.

        Those that went out together with a resume are known when its stop is.
        """
        ...

    def interrupt(self) -> None:
        """Ask every running thread to stop; the stops come through ``wait``."""
        ...

    def watch_descriptor(self, fd: int, ready: Callable[[], None] | None) -> None:
        """Have ``wait`` call ``ready`` whenever ``fd`` is readable; ``None`` ends it.

        For the program's output and for wake-ups, so that there is only one wait.
        """
        ...

    def wait(self, timeout: float | None) -> TargetStop | None:
        """The next stop, or ``None`` when ``timeout`` seconds passed.  The engine's only wait.

        With ``stops_all`` every thread is parked once this returns a stop of the kinds
        the engine did not ask to have ignored; otherwise the engine interrupts the rest.
        """
        ...

    def write_memory(self, address: Address, data: bytes) -> None:
        """Write bytes; traps lying in the range stay in force.

        Raises:
            MemoryFault: Some byte cannot be written; earlier ones may have been.
        """
        ...

    def write_registers(self, thread: int, changes: dict[str, int | bytes]) -> None:
        """Write registers of a stopped thread by target-description name.

        Writing "rip" also keeps the kernel from restarting an interrupted system call.
        """
        ...

    def save_registers(self, thread: int) -> SavedRegisters:
        """Keep all registers of a stopped thread, to be put back by ``restore_registers``."""
        ...

    def restore_registers(self, saved: SavedRegisters) -> None:
        """Put a stopped thread's registers back; each saved state serves once."""
        ...

    def set_counter(self, number: int, value: int) -> None:
        """Create or set a trace state variable."""
        ...

    def read_counter(self, number: int) -> int:
        """Read a trace state variable; 0 where it was never set."""
        ...

    def pass_signals(self, numbers: Sequence[int]) -> None:
        """Signals to deliver at once without telling the engine."""
        ...

    def catch_syscalls(self, numbers: Sequence[int] | None) -> None:
        """System calls to stop at: all (``()``), some, or none (``None``)."""
        ...

    def detach(self, pid: int | None = None, traps: Sequence[SiteRequest] = ()) -> None:
        """Let go of the process (or of one half of a fork), leaving no trace in it.

        Args:
            pid: Which process, ``None`` for the one being debugged.  Detaching from the
                parent while a forked child is held follows the child.
            traps: Sites to take out of that process first, where the target leaves
                that to us.
        """
        ...

    def kill(self) -> None:
        """Kill the process; its end is not reported by ``wait``."""
        ...

    def close(self) -> None:
        """End the connection; the guard detaches from or kills what is left by its rules."""
        ...
