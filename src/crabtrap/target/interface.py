"""The interface between the engine and a program: memory, registers, threads, control.

``Target`` only reads, which is enough to inspect a core file.  ``Control`` runs the
program; it is ``None`` where that is impossible.  Both are mechanism without policy: the
engine decides what a breakpoint means and when a step is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

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


class SiteRequest(NamedTuple):
    """One address to trap or to watch, with conditions that the target evaluates.

    Attributes:
        kind: "software" and "hardware" stop before the instruction runs; "write", "read"
            and "access" stop after an access to ``size`` bytes.
        address: First byte.
        size: Bytes watched: 1, 2, 4 or 8, aligned; 1 for breakpoints.
        conditions: GDB agent expressions; the target reports a stop when any of them is
            non-zero or fails.  Without conditions it always does.
    """

    kind: SiteKind
    address: Address
    size: int = 1
    conditions: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class ResumeAction:
    """How to resume one thread, or all that have no action of their own.

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
    "breakpoint",  # at a software site
    "hardware-breakpoint",
    "watch",  # `address` is the watched address that was accessed
    "step",  # single or range step done
    "trap",  # the program's own int3 or SIGTRAP
    "interrupt",  # asked for by `Control.interrupt`
    "fork",  # `child`
    "vfork",  # `child`
    "vfork-done",
    "exec",  # `path`
    "library",  # the link map has changed
    "syscall-entry",  # `syscall`
    "syscall-return",  # `syscall`
    "thread-created",
    "thread-exited",  # `code`
    "exited",  # whole process; `code`
    "killed",  # whole process by signal; `signal`
    "no-resumed",  # no resumed thread is left
]
TRAPPED: tuple[StopKind, ...] = ("breakpoint", "hardware-breakpoint")
"""Kinds of stop at a breakpoint site."""
ENDS: tuple[StopKind, ...] = ("exited", "killed")
"""Kinds of stop that are the end of a process."""


@dataclass(frozen=True, slots=True)
class TargetStop:
    """One thread's stop, or the process's end, as the target reports it.

    Attributes:
        registers: The general registers, where the report has all of them.
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
    """A site that could not be inserted or removed, and why."""

    request: SiteRequest
    message: str


@dataclass(frozen=True, slots=True)
class SavedRegisters:
    """All registers of one thread, saved for the time of an inferior call.

    Attributes:
        number: Number of the state saved in the server, which includes the signal mask and
            the parts of the XSAVE area that no packet carries; 0 where it saves none.
        block: The reply to a ``g`` packet, where the server saves none.
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
        stdio: Descriptors of the debugger that become the program's 0, 1 and 2; ``None``
            for those of the server.
    """

    program: str
    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    directory: str | None = None
    randomize: bool = False
    stdio: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a target can do beyond the minimum.

    Attributes:
        conditions: It evaluates the agent expressions of sites.
        counters: It has trace state variables, in which conditions count hits.
        group_stops: A process that job control stops stays stopped until ``SIGCONT``.
        steps_over_sites: When it resumes a thread whose own reported stop was at a site,
            it steps over the breakpoint while all other threads run; where it is
            ``False``, the engine removes the site and single-steps.
        stops_all: It stops every thread before it reports a stop.
        changes_while_running: Sites can be inserted and removed while threads run.
        lifts_traps: Trap instructions are out of the program's memory at every stop.
        can_be_repaired: It is our guard, on this machine: should that be killed, what it has
            left in the program can be taken out (``target.repair``).
        can_be_held: It supports ``Control.name_successor``.
        range_step: It supports "range-step".
        hardware_slots: Debug registers for sites that are not "software".
        syscall_events: It supports ``Control.catch_syscalls``.
    """

    conditions: bool = False
    counters: bool = False
    group_stops: bool = False
    steps_over_sites: bool = False
    stops_all: bool = False
    changes_while_running: bool = False
    lifts_traps: bool = False
    can_be_repaired: bool = False
    can_be_held: bool = False
    range_step: bool = False
    hardware_slots: int = 0
    syscall_events: bool = False


class Target(Protocol):
    """A program that can be inspected.  Every method may raise ``TargetError``.

    It is ``ProcessGone`` where the program has ended: it may be killed at any moment.
    """

    @property
    def description(self) -> str:
        """Text for users: "live process 4711 (crabtrap-guard)"."""
        ...

    @property
    def pid(self) -> int:
        """The process that is debugged; after ``detach`` from a parent, its child."""
        ...

    @property
    def abilities(self) -> Abilities:
        """What this target can do; constant."""
        ...

    @property
    def ends_with_server(self) -> bool:
        """Whether the kernel kills the program when its server dies: it was launched by it."""
        ...

    @property
    def is_gone(self) -> bool:
        """Whether the program turned out to have ended, and ``wait`` has yet to return that.

        Whatever failed for that reason has raised ``ProcessGone``.
        """
        ...

    def look_for_end(self) -> bool:
        """Find out whether the program has ended, after something has failed.

        Returns:
            As ``is_gone``; the report of an end that is near is waited for.
        """
        ...

    @property
    def memory(self) -> Memory:
        """The fastest way to read memory at a stop, to be passed to ``_core``."""
        ...

    @property
    def control(self) -> Control | None:
        """Control over the program, ``None`` where it cannot run."""
        ...

    def threads(self) -> tuple[ThreadInfo, ...]:
        """List the threads of ``pid``; those of a forked child once it is followed."""
        ...

    def read_memory(self, address: Address, size: int) -> bytes:
        """Read exactly ``size`` bytes, without trap instructions.

        Raises:
            MemoryFault: Some byte of the range cannot be read.
        """
        ...

    def read_registers(self, thread: int) -> Registers:
        """Read the 17 general registers of a stopped thread, in DWARF order."""
        ...

    def read_register(self, thread: int, name: str) -> bytes:
        """Read a register by its target-description name ("xmm0", "eflags"), little-endian.

        Raises:
            NotFoundError: The target has no such register.
        """
        ...

    def register_names(self) -> tuple[tuple[str, int], ...]:
        """List ``(name, bits)`` of every register, in the target's order."""
        ...

    def auxv(self) -> bytes:
        """Read the auxiliary vector, see ``getauxval(3)``."""
        ...

    def executable(self) -> str:
        """Return a path at which the debugger can open the executable (``/proc/PID/exe``)."""
        ...

    def libraries(self) -> tuple[Library, ...]:
        """Read the link map without the main program; ``()`` before the loader has run."""
        ...

    def mappings(self) -> tuple[Mapping, ...]:
        """Read the mappings of the address space, by address."""
        ...

    def read_siginfo(self, thread: int) -> bytes:
        """Read the raw 128-byte ``siginfo_t`` of the thread's stop."""
        ...

    def read_file(self, path: str) -> bytes:
        """Read a whole file, by its path in the program's mount namespace."""
        ...


class Control(Protocol):
    """Control over a program.  ``resume`` returns at once, ``wait`` returns the stops."""

    def update_sites(
        self, remove: Sequence[SiteRequest], insert: Sequence[SiteRequest]
    ) -> tuple[SiteFailure, ...]:
        """Remove sites, then insert sites; allowed while the program runs.

        The changes may be sent together with the next ``resume``; ``take_site_failures``
        returns the failures that are only known then.
        """
        ...

    def resume(self, actions: Sequence[ResumeAction]) -> None:
        """Resume threads.  Threads without an action stay stopped."""
        ...

    def take_site_failures(self) -> tuple[SiteFailure, ...]:
        """Return the failures that ``update_sites`` has not returned.

        Those of changes sent together with a resume are known at its first stop.
        """
        ...

    @property
    def is_running(self) -> bool:
        """Whether something was resumed of which ``wait`` has returned no stop since."""
        ...

    def interrupt(self) -> None:
        """Ask every running thread to stop; ``wait`` returns the stops.

        May be called from any thread and from signal handlers.
        """
        ...

    def wake(self) -> None:
        """Have ``wait`` return ``None``, now or the next time; for any thread."""
        ...

    def watch_descriptor(self, fd: int, ready: Callable[[], None] | None) -> None:
        """Have ``wait`` call ``ready`` whenever ``fd`` is readable; ``None`` ends it.

        The program's output and wake-ups are handled this way, without a wait of their own.
        """
        ...

    def wait(self, timeout: float | None) -> TargetStop | None:
        """Wait for the next stop; this is the engine's only wait.

        With ``stops_all`` every thread is stopped when this returns a thread's stop;
        otherwise the engine interrupts the other threads.

        Returns:
            ``None`` after ``timeout`` seconds, and when ``wake`` was called.
        """
        ...

    def write_memory(self, address: Address, data: bytes) -> None:
        """Write bytes; sites in the range stay inserted.

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
        """Save all registers of a stopped thread for ``restore_registers``."""
        ...

    def restore_registers(self, saved: SavedRegisters) -> None:
        """Restore a stopped thread's registers; each saved state can be used once."""
        ...

    def set_counter(self, number: int, value: int) -> None:
        """Create a trace state variable, or set its value."""
        ...

    def read_counter(self, number: int) -> int:
        """Read a trace state variable; 0 where it was never set."""
        ...

    def pass_signals(self, numbers: Sequence[int]) -> None:
        """Choose the signals that the target delivers without reporting a stop."""
        ...

    def catch_syscalls(self, numbers: Sequence[int] | None) -> None:
        """Choose the system calls to stop at: all (``()``), some, or none (``None``)."""
        ...

    def name_successor(self, seconds: int, path: str) -> None:
        """Have a stopped program held for another client, should this process die.

        Args:
            seconds: How long; 0 for not at all.
            path: The unix socket where the target then listens.
        """
        ...

    def detach(self, pid: int | None = None, traps: Sequence[SiteRequest] = ()) -> None:
        """Detach from the process, or from parent or child of a fork; it runs on.

        Args:
            pid: Which process, ``None`` for the one being debugged.  Detaching from the
                parent while a forked child is stopped follows the child.
            traps: Sites to remove from that process first, for targets that leave traps
                in memory (see ``Abilities.lifts_traps``).
        """
        ...

    def kill(self) -> None:
        """Kill the process; ``wait`` does not report its end."""
        ...

    def close(self) -> None:
        """Close the connection; the guard then kills launched processes, detaches from others."""
        ...
