"""A program as data: what each of its threads comes to, one item after the other.

A thread's track is a sequence of items::

    FakeProgram({100: [0x1000, 0x1004, Signal(10), 0x1000, End(3)], 101: [0x2000, Sleep()]})

A number is an instruction at that address, where the thread is stopped if a site is there.
Threads that run take turns, one item each; all that stop in the same turn are one batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.target.interface import ResumeKind, StopKind, TargetStop
from crabtrap.target.register_layout import DWARF_GENERAL

if TYPE_CHECKING:
    from crabtrap._core import Registers

RIP = DWARF_GENERAL.index("rip")
ASLEEP = 0xF000
"""The pc of a thread that blocks."""


@dataclass(frozen=True)
class Signal:
    """A signal comes: the thread stops before it is delivered."""

    number: int


@dataclass(frozen=True)
class Event:
    """Any other stop: "library", "syscall-entry", "fork", ...; ``exec`` ends other threads."""

    kind: StopKind
    child: int = 0
    syscall: int = 0
    address: int | None = None
    path: str = ""


@dataclass(frozen=True)
class Interrupted:
    """Blocks until an interrupt is asked for, and goes on behind it.

    Attributes:
        by: What the thread comes to at that very moment, so that it stops for this instead.
    """

    by: int | Signal | Event | None = None


@dataclass(frozen=True)
class Sleep:
    """Blocks for ever; interrupts stop it and do not wake it; see ``FakeProgram.wake_up``."""


@dataclass(frozen=True)
class Clone:
    """Another thread begins."""

    tid: int
    track: tuple[Item, ...]


@dataclass(frozen=True)
class ThreadEnd:
    """The thread ends, which nobody reports."""


@dataclass(frozen=True)
class End:
    """The process ends, by a signal if that is not 0."""

    code: int = 0
    signal: int = 0


Item = int | Signal | Event | Interrupted | Sleep | Clone | ThreadEnd | End


@dataclass
class FakeThread:
    """Where one thread is.

    Attributes:
        track: What it comes to.
        position: The next item.
        registers: The general ones, in DWARF order.
        moving: As it was resumed, ``None`` while it is stopped.
        reported: Where its own stop was reported: no trap there is hit again, where the
            target steps over it.
    """

    track: list[Item]
    position: int = 0
    registers: Registers = (0,) * len(DWARF_GENERAL)
    moving: ResumeKind | None = None
    reported: int | None = None

    @property
    def item(self) -> Item:
        """The next item; a thread that has none left sleeps."""
        return self.track[self.position] if self.position < len(self.track) else Sleep()

    @property
    def pc(self) -> int:
        """The address of its next instruction."""
        return self.registers[RIP] or 0

    def look_ahead(self) -> None:
        """Put the pc to the next instruction of the track, unless the thread blocks before."""
        values = list(self.registers)
        values[RIP] = ASLEEP
        for each in self.track[self.position :]:
            if isinstance(each, int):
                values[RIP] = each
            if isinstance(each, int | Interrupted | Sleep):
                break
        self.registers = tuple(values)

    @property
    def is_blocked(self) -> bool:
        """Whether only an interrupt stops it."""
        return isinstance(self.item, Interrupted | Sleep)


@dataclass
class FakeProgram:
    """All threads of a process, and what came of them.

    Attributes:
        tracks: What every thread comes to, by tid; the first is the process.
        functions: What a thread comes to whose pc is set to one of these addresses.
        executed: Thread and address of all instructions that have run, in order.
        delivered: Thread and number of all signals that were delivered, in order.
        ended: The stop that reported its end, ``None`` while it lives.
    """

    tracks: Mapping[int, Iterable[Item]]
    functions: Mapping[int, Sequence[Item]] = field(default_factory=dict[int, Sequence[Item]])
    executed: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    delivered: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    ended: TargetStop | None = None

    def __post_init__(self) -> None:
        self.pid = next(iter(self.tracks))
        self.threads = {tid: _begin(items) for tid, items in self.tracks.items()}

    @property
    def moving(self) -> dict[int, FakeThread]:
        """The threads that run."""
        return {tid: each for tid, each in self.threads.items() if each.moving is not None}

    @property
    def is_blocked(self) -> bool:
        """Whether nothing will happen without an interrupt."""
        return all(each.is_blocked for each in self.moving.values())

    def wake_up(self, tid: int) -> None:
        """End the sleep of a thread."""
        self.threads[tid].position += 1
        self.threads[tid].look_ahead()

    def jump(self, thread: FakeThread) -> None:
        """Have a thread whose pc was set go on at the function there, if there is one."""
        if thread.pc in self.functions:
            thread.track, thread.position = list(self.functions[thread.pc]), 0

    def interrupt(self, is_site: Callable[[int], bool]) -> list[TargetStop]:
        """Stop every thread that runs."""
        stops: list[TargetStop] = []
        for tid, thread in self.moving.items():
            item, stop = thread.item, None
            if isinstance(item, Interrupted) and isinstance(item.by, int):
                thread.track[thread.position] = item.by
                thread.look_ahead()
                stop = self._come_to(tid, thread, item.by, is_site)
            elif isinstance(item, Interrupted):
                thread.position += 1
                thread.look_ahead()
                if item.by is not None:
                    stop = self._come_to(tid, thread, item.by, is_site)
            thread.moving = None
            stops.append(stop or self._stop("interrupt", tid))
        return stops

    def turn(self, is_site: Callable[[int], bool]) -> list[TargetStop]:
        """Let every thread that runs come to its next item."""
        stops: list[TargetStop] = []
        for tid, thread in self.moving.items():
            stepping = thread.moving == "step"
            item = thread.item
            if thread.is_blocked or tid not in self.threads:
                continue
            stop = self._come_to(tid, thread, item, is_site)
            if stop is None and isinstance(item, int):
                self.executed.append((tid, item))
                thread.position += 1
                thread.look_ahead()
                if stepping:
                    stop = self._stop("step", tid)
            if stop is not None:
                thread.moving = None
                stops.append(stop)
            if self.ended is not None:
                return [self.ended]
        return stops

    def _come_to(
        self, tid: int, thread: FakeThread, item: Item, is_site: Callable[[int], bool]
    ) -> TargetStop | None:
        if isinstance(item, int):
            reported, thread.reported = thread.reported, None
            hit = is_site(item) and reported != item
            return self._stop("breakpoint", tid) if hit else None
        if item is thread.item:
            thread.position += 1
        match item:
            case Signal(number):
                return self._stop("signal", tid, signal=number)
            case Event(kind, child, syscall, address, path):
                if kind == "exec":
                    self.threads = {tid: thread}
                where = None if address is None else Address(address)
                return self._stop(kind, tid, child=child, syscall=syscall, address=where, path=path)
            case Clone(new, track):
                self.threads[new] = _begin(track)
                self.threads[new].moving = "continue"
            case ThreadEnd():
                del self.threads[tid]
            case End(code, signal):
                kind = "killed" if signal else "exited"
                self.ended = TargetStop(kind, self.pid, 0, code=code, signal=signal)
                self.threads = {}
            case _:
                raise AssertionError(f"{item} cannot be come to")
        return None

    def _stop(
        self,
        kind: StopKind,
        tid: int,
        *,
        signal: int = 0,
        child: int = 0,
        syscall: int = 0,
        address: Address | None = None,
        path: str = "",
    ) -> TargetStop:
        thread = self.threads[tid]
        registers, pc = thread.registers, Address(thread.pc)
        if kind != "interrupt":
            thread.reported = pc
        stop = TargetStop(kind, self.pid, tid, signal=signal, child=child, syscall=syscall)
        return replace(stop, address=address, path=path, pc=pc, registers=registers)


def _begin(items: Iterable[Item]) -> FakeThread:
    thread = FakeThread(list(items))
    thread.look_ahead()
    return thread
