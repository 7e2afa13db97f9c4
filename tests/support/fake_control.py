"""``Control`` over a fake program, which refuses what a real one would hang or fail on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from crabtrap.address import Address
from crabtrap.errors import MemoryFault, NotFoundError, ProcessGone
from crabtrap.target.interface import (
    Abilities,
    ResumeAction,
    SavedRegisters,
    SiteFailure,
    SiteRequest,
    TargetStop,
)
from crabtrap.target.register_layout import DWARF_GENERAL
from tests.support.fake_program import RIP, FakeProgram, FakeThread

_EXECUTION = ("software", "hardware")


class FakeClock:
    """Stands in for the ``time`` module: time passes only where the fake target waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def perf_counter(self) -> float:
        return self.now


@dataclass
class Faults:
    """What goes wrong: what a test wants to fail, and what must not be asked for.

    Attributes:
        violations: Everything refused.  An ``AssertionError`` alone could be lost in a cause.
    """

    violations: list[str] = field(default_factory=list[str])
    _failing: dict[str, deque[BaseException]] = field(
        default_factory=dict[str, "deque[BaseException]"]
    )

    def fail(self, method: str, error: BaseException) -> None:
        """Have the next call of a method raise ``error``, before it has done anything."""
        self._failing.setdefault(method, deque()).append(error)

    def begin(self, method: str) -> None:
        """Raise what ``fail`` wants raised."""
        failing = self._failing.get(method)
        if failing:
            raise failing.popleft()

    def refuse(self, text: str) -> AssertionError:
        """Note what must not be asked for, and make the error to raise."""
        self.violations.append(text)
        return AssertionError(text)


class FakeControl:
    """Runs, stops and changes a fake program.

    Attributes:
        faults: What goes wrong.
        sites: The sites inserted now.
        actions: The actions of every ``resume`` so far.
        refused: Addresses at which inserting a site fails.
        interrupts: How often ``interrupt`` was called.
        meanwhile: Called one after the other whenever a wait finds nothing to happen, as
            other threads would call.
        clock: Goes on by the timeout of every wait in which nothing happens.
        forgiving: Sites may be inserted or removed again: what has become of the earlier
            request is not known, because something was raised there.
        deaf: Interrupts have no effect, as on a thread that hangs in the kernel.
        detached: Processes that were let go.
        ended_by: Why there is no process any more, ``""`` while there is one.
    """

    def __init__(
        self,
        program: FakeProgram,
        abilities: Abilities,
        regions: dict[int, bytearray],
        faults: Faults,
    ) -> None:
        self.faults = faults
        self.sites: set[SiteRequest] = set()
        self.actions: list[tuple[ResumeAction, ...]] = []
        self.refused: set[int] = set()
        self.interrupts = 0
        self.woken = False
        self.meanwhile: deque[Callable[[], object]] = deque()
        self.clock = FakeClock()
        self.forgiving = False
        self.deaf = False
        self.counters: dict[int, int] = {}
        self.successor = (0, "")
        self.passed_signals: tuple[int, ...] = ()
        self.caught_syscalls: tuple[int, ...] | None = None
        self.watched: dict[int, Callable[[], None]] = {}
        self.other_registers: dict[tuple[int, str], bytes] = {}
        self.detached: list[int] = []
        self.ended_by = ""
        self._program = program
        self._abilities = abilities
        self._regions = regions
        self._saved: dict[int, FakeThread] = {}
        self._queued: deque[TargetStop] = deque()
        self._interrupt_asked = False
        self._resumed = False

    # -- running ---------------------------------------------------------------------------

    def update_sites(
        self, remove: Sequence[SiteRequest], insert: Sequence[SiteRequest]
    ) -> tuple[SiteFailure, ...]:
        try:
            self.faults.begin("update_sites")
        except BaseException:
            self.forgiving = True
            raise
        if self._program.moving and not self._abilities.changes_while_running:
            raise self.faults.refuse("sites cannot be changed while the program runs")
        failures: list[SiteFailure] = []
        for site in remove:
            if site not in self.sites and not self.forgiving:
                raise self.faults.refuse(f"{site} is removed but not inserted")
            self.sites.discard(site)
        for site in insert:
            if site in self.sites and not self.forgiving:
                raise self.faults.refuse(f"{site} is inserted twice")
            if site.address in self.refused:
                failures.append(SiteFailure(site, "refused"))
            else:
                self.sites.add(site)
        return tuple(failures)

    def resume(self, actions: Sequence[ResumeAction]) -> None:
        self.faults.begin("resume")
        self._must_be_alive()
        if self._queued:
            raise self.faults.refuse("resume with stops that were not waited for")
        named = [action.thread for action in actions]
        if not actions or len(set(named)) < len(named):
            raise self.faults.refuse("no action, or two for one thread")
        self.actions.append(tuple(actions))
        self._resumed = True
        default = next((each for each in actions if each.thread is None), None)
        by_thread = {each.thread: each for each in actions}
        for tid, thread in self._program.threads.items():
            action = by_thread.get(tid, default)
            if action is None:
                continue
            if thread.moving is not None:
                raise self.faults.refuse(f"thread {tid} is resumed while it runs")
            if action.signal:
                self._program.delivered.append((tid, action.signal))
            thread.moving = action.kind
            if not self._abilities.steps_over_sites:
                thread.reported = None

    def take_site_failures(self) -> tuple[SiteFailure, ...]:
        self.faults.begin("take_site_failures")
        return ()

    @property
    def is_running(self) -> bool:
        return self._resumed and not self.ended_by

    def interrupt(self) -> None:
        self.faults.begin("interrupt")
        self.interrupts += 1
        self._interrupt_asked = True

    def wake(self) -> None:
        self.woken = True

    def watch_descriptor(self, fd: int, ready: Callable[[], None] | None) -> None:
        if ready is None:
            self.watched.pop(fd, None)
        else:
            self.watched[fd] = ready

    def wait(self, timeout: float | None) -> TargetStop | None:
        self.faults.begin("wait")
        while True:
            stop = self._next_stop()
            if stop is not None:
                self._resumed = False
                return stop
            if self.woken and timeout != 0:
                self.woken = False
                return None
            if self.meanwhile and timeout != 0:
                self.meanwhile.popleft()()
                continue
            if timeout is None:
                raise self.faults.refuse("this wait would never end")
            self.clock.now += max(timeout, 0)
            return None

    def _next_stop(self) -> TargetStop | None:
        """The next stop that the program comes to by itself."""
        program = self._program
        if not self._queued and self._interrupt_asked:
            self._interrupt_asked = False
            if not self.deaf:
                self._note(program.interrupt(self._is_site))
        while not self._queued and program.moving and not program.is_blocked:
            self._note(program.turn(self._is_site))
        if self.is_running and not (self._queued or program.moving):
            self._note([TargetStop("no-resumed", program.pid, 0)])
        return self._queued.popleft() if self._queued else None

    def _note(self, stops: list[TargetStop]) -> None:
        for stop in stops:
            if stop.kind in ("exited", "killed"):
                self.ended_by = stop.kind
            if stop.kind in ("exited", "killed", "exec"):
                self.sites.clear()
        if stops and self._abilities.stops_all:
            for thread in self._program.threads.values():
                thread.moving = None
        self._queued.extend(stops)

    def _is_site(self, address: int) -> bool:
        return any(each.address == address and each.kind in _EXECUTION for each in self.sites)

    # -- writing ---------------------------------------------------------------------------

    def write_memory(self, address: Address, data: bytes) -> None:
        self._must_be_alive()
        for start, region in self._regions.items():
            if start <= address and address + len(data) <= start + len(region):
                region[address - start : address - start + len(data)] = data
                return
        raise MemoryFault(address, len(data))

    def write_registers(self, thread: int, changes: dict[str, int | bytes]) -> None:
        self.faults.begin("write_registers")
        known = self.stopped(thread)
        values = list(known.registers)
        for name, value in changes.items():
            number = value if isinstance(value, int) else int.from_bytes(value, "little")
            if name in DWARF_GENERAL:
                values[DWARF_GENERAL.index(name)] = number
            elif (thread, name) in self.other_registers:
                size = len(self.other_registers[thread, name])
                self.other_registers[thread, name] = number.to_bytes(size, "little")
            else:
                raise NotFoundError("register", name)
        moved, known.registers = known.registers[RIP] != values[RIP], tuple(values)
        if moved:
            known.reported = None
            self._program.jump(known)

    def save_registers(self, thread: int) -> SavedRegisters:
        self.faults.begin("save_registers")
        number = len(self._saved) + 1
        self._saved[number] = replace(self.stopped(thread))
        return SavedRegisters(thread, number)

    def restore_registers(self, saved: SavedRegisters) -> None:
        self.faults.begin("restore_registers")
        self.stopped(saved.thread)
        self._program.threads[saved.thread] = replace(self._saved[saved.number])

    def set_counter(self, number: int, value: int) -> None:
        self.counters[number] = value

    def name_successor(self, seconds: int, path: str) -> None:
        self.successor = (seconds, path)

    def read_counter(self, number: int) -> int:
        return self.counters.get(number, 0)

    def pass_signals(self, numbers: Sequence[int]) -> None:
        self.faults.begin("pass_signals")
        self._may_change_filters()
        self.passed_signals = tuple(numbers)

    def catch_syscalls(self, numbers: Sequence[int] | None) -> None:
        self.faults.begin("catch_syscalls")
        self._may_change_filters()
        self.caught_syscalls = None if numbers is None else tuple(numbers)

    def _may_change_filters(self) -> None:
        if self._program.moving:
            raise self.faults.refuse("filters cannot be changed while the program runs")

    # -- ending ----------------------------------------------------------------------------

    def detach(self, pid: int | None = None, traps: Sequence[SiteRequest] = ()) -> None:
        self.faults.begin("detach")
        self.detached.append(self._program.pid if pid is None else pid)
        if pid not in (None, self._program.pid):
            return
        if self._program.moving or self._queued:
            raise self.faults.refuse("detach from a program that runs")
        if self.sites and not self._abilities.lifts_traps:
            raise self.faults.refuse("detach with traps in the program's memory")
        self.ended_by = "detached"

    def kill(self) -> None:
        self.faults.begin("kill")
        self.ended_by = "killed"
        self._program.threads = {}
        self._queued.clear()

    def close(self) -> None:
        self.ended_by = self.ended_by or "closed"

    def _must_be_alive(self) -> None:
        if self.ended_by:
            raise ProcessGone(self.ended_by)

    def stopped(self, tid: int) -> FakeThread:
        """The thread, which has to be stopped."""
        self._must_be_alive()
        thread = self._program.threads.get(tid)
        if thread is None:
            raise NotFoundError("thread", str(tid))
        if thread.moving is not None:
            raise self.faults.refuse(f"registers of thread {tid}, which runs")
        return thread

    def must_show_nothing_of_ours(self) -> None:
        """Check what holds at every visible stop: nothing runs, no trap is in memory."""
        if self._program.moving:
            raise self.faults.refuse("a thread runs at a visible stop")
        if self.sites and not self._abilities.lifts_traps and not self.ended_by:
            raise self.faults.refuse("a trap is in memory at a visible stop")
