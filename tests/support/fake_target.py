"""A fake program that is all data: ``Target`` and ``Control`` for tests of what uses them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import MemoryFault, NotFoundError, ProcessGone
from crabtrap.target.interface import (
    Abilities,
    Control,
    Library,
    ResumeAction,
    SavedRegisters,
    SiteFailure,
    SiteRequest,
    TargetStop,
    ThreadInfo,
)
from crabtrap.target.interface import Mapping as MemoryMapping
from crabtrap.target.register_layout import DWARF_GENERAL

if TYPE_CHECKING:
    from crabtrap._core import Memory, Registers

Step = TargetStop | tuple[TargetStop, ...] | Callable[["FakeTarget"], TargetStop]
"""The result of one resume: a stop, several at once, or what a function returns."""

ALL_ABILITIES = Abilities(
    conditions=True,
    counters=True,
    steps_over_sites=True,
    stops_all=True,
    lifts_traps=True,
    range_step=True,
    hardware_slots=4,
    syscall_events=True,
)
"""The abilities of the guard."""


class FakeTarget:
    """A scripted program that refuses requests which a real one would hang or fail on.

    Attributes:
        regions: Memory, by the address of its first byte.
        general: General registers of every thread, in DWARF order.
        script: The results of the next resumes, in order.
        sites: The sites inserted now.
        actions: The actions of every ``resume`` so far.
        refused: Addresses at which inserting a site fails.
        running: Resumed and not stopped since.
        interrupts: How often ``interrupt`` was called.
        file_texts: Contents of files, by path, for ``read_file``.
        other_registers: ``(thread, name)`` to bytes, for all but the general registers.
    """

    def __init__(
        self,
        memory: Mapping[int, bytes] | None = None,
        registers: Mapping[int, Registers] | None = None,
        stops: Iterable[Step] = (),
        *,
        pid: int = 100,
        abilities: Abilities = ALL_ABILITIES,
        libraries: tuple[Library, ...] = (),
        mappings: tuple[MemoryMapping, ...] = (),
        auxv: bytes = b"",
        executable: str = "/nonexistent",
    ) -> None:
        self.regions = {start: bytearray(data) for start, data in (memory or {}).items()}
        self.general = dict(registers or {pid: (0,) * len(DWARF_GENERAL)})
        self.script: deque[Step] = deque(stops)
        self.sites: set[SiteRequest] = set()
        self.actions: list[tuple[ResumeAction, ...]] = []
        self.refused: set[int] = set()
        self.running = False
        self.alive = True
        self.interrupts = 0
        self.woken = False
        self.counters: dict[int, int] = {}
        self.passed_signals: tuple[int, ...] = ()
        self.caught_syscalls: tuple[int, ...] | None = None
        self.watched: dict[int, Callable[[], None]] = {}
        self.file_texts: dict[str, bytes] = {}
        self.other_registers: dict[tuple[int, str], bytes] = {}
        self.saved: dict[int, dict[str, int | bytes]] = {}
        self.ended_by = ""
        self._queued: deque[TargetStop] = deque()
        self._pid = pid
        self._abilities = abilities
        self._libraries = libraries
        self._mappings = mappings
        self._auxv = auxv
        self._executable = executable

    # -- Target ----------------------------------------------------------------------------

    @property
    def description(self) -> str:
        return f"fake process {self._pid}"

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def abilities(self) -> Abilities:
        return self._abilities

    @property
    def memory(self) -> Memory:
        from crabtrap._core import CallbackMemory

        return CallbackMemory(self.read_partial)

    @property
    def control(self) -> Control | None:
        return self

    def threads(self) -> tuple[ThreadInfo, ...]:
        return tuple(ThreadInfo(self._pid, tid) for tid in self.general)

    def read_partial(self, address: int, size: int) -> bytes:
        """Bytes from ``address`` to the end of its region, at most ``size``."""
        for start, data in self.regions.items():
            if start <= address < start + len(data):
                return bytes(data[address - start : address - start + size])
        return b""

    def read_memory(self, address: Address, size: int) -> bytes:
        data = self.read_partial(address, size)
        if len(data) < size:
            raise MemoryFault(address, size)
        return data

    def read_registers(self, thread: int) -> Registers:
        self._must_be_stopped("read registers")
        if thread not in self.general:
            raise NotFoundError("thread", str(thread))
        return self.general[thread]

    def read_register(self, thread: int, name: str) -> bytes:
        if name in DWARF_GENERAL:
            value = self.read_registers(thread)[DWARF_GENERAL.index(name)]
            return (value or 0).to_bytes(8, "little")
        if (thread, name) not in self.other_registers:
            raise NotFoundError("register", name)
        return self.other_registers[thread, name]

    def register_names(self) -> tuple[tuple[str, int], ...]:
        return tuple((name, 64) for name in DWARF_GENERAL)

    def auxv(self) -> bytes:
        return self._auxv

    def executable(self) -> str:
        return self._executable

    def libraries(self) -> tuple[Library, ...]:
        return self._libraries

    def mappings(self) -> tuple[MemoryMapping, ...]:
        return self._mappings

    def read_siginfo(self, thread: int) -> bytes:
        return self.other_registers.get((thread, "siginfo"), bytes(128))

    def read_file(self, path: str) -> bytes:
        return self.file_texts[path]

    # -- Control ---------------------------------------------------------------------------

    def update_sites(
        self, remove: Sequence[SiteRequest], insert: Sequence[SiteRequest]
    ) -> tuple[SiteFailure, ...]:
        failures: list[SiteFailure] = []
        for site in remove:
            assert site in self.sites, f"{site} is removed but not inserted"
            self.sites.remove(site)
        for site in insert:
            assert site not in self.sites, f"{site} is inserted twice"
            if site.address in self.refused:
                failures.append(SiteFailure(site, "refused"))
            else:
                self.sites.add(site)
        return tuple(failures)

    def resume(self, actions: Sequence[ResumeAction]) -> None:
        self._must_be_alive()
        assert not self._queued, "resume with stops that were not waited for"
        assert actions, "resume without an action"
        named = [action.thread for action in actions]
        assert len(set(named)) == len(named), "two actions for one thread"
        self.actions.append(tuple(actions))
        self.running = True

    def take_site_failures(self) -> tuple[SiteFailure, ...]:
        return ()

    @property
    def is_running(self) -> bool:
        return self.running

    def interrupt(self) -> None:
        self.interrupts += 1

    def wake(self) -> None:
        self.woken = True

    def watch_descriptor(self, fd: int, ready: Callable[[], None] | None) -> None:
        if ready is None:
            self.watched.pop(fd, None)
        else:
            self.watched[fd] = ready

    def wait(self, timeout: float | None) -> TargetStop | None:
        if self._queued:
            return self._queued.popleft()
        if not self.running or not self.script:
            assert timeout is not None, "this wait would never end"
            return None
        step = self.script.popleft()
        stops: tuple[TargetStop, ...]
        if isinstance(step, TargetStop):
            stops = (step,)
        elif callable(step):
            stops = (step(self),)
        else:
            stops = step
        for stop in stops:
            self._note(stop)
        self.running = False
        self._queued.extend(stops)
        return self._queued.popleft()

    def _note(self, stop: TargetStop) -> None:
        if stop.registers is not None:
            self.general[stop.thread] = stop.registers
        if stop.kind in ("exited", "killed"):
            self.alive = False
            self.ended_by = stop.kind
        if stop.kind == "thread-exited":
            self.general.pop(stop.thread, None)

    def write_memory(self, address: Address, data: bytes) -> None:
        self._must_be_alive()
        for start, region in self.regions.items():
            if start <= address and address + len(data) <= start + len(region):
                region[address - start : address - start + len(data)] = data
                return
        raise MemoryFault(address, len(data))

    def write_registers(self, thread: int, changes: dict[str, int | bytes]) -> None:
        values = list(self.read_registers(thread))
        for name, value in changes.items():
            number = value if isinstance(value, int) else int.from_bytes(value, "little")
            if name in DWARF_GENERAL:
                values[DWARF_GENERAL.index(name)] = number
            elif (thread, name) in self.other_registers:
                size = len(self.other_registers[thread, name])
                self.other_registers[thread, name] = number.to_bytes(size, "little")
            else:
                raise NotFoundError("register", name)
        self.general[thread] = tuple(values)

    def save_registers(self, thread: int) -> SavedRegisters:
        self._must_be_stopped("save registers")
        names = [name for name, _ in self.register_names()]
        self.saved[thread] = {name: self.read_register(thread, name) for name in names}
        return SavedRegisters(thread, 1)

    def restore_registers(self, saved: SavedRegisters) -> None:
        self._must_be_stopped("restore registers")
        self.write_registers(saved.thread, {**self.saved.pop(saved.thread)})

    def set_counter(self, number: int, value: int) -> None:
        self.counters[number] = value

    def read_counter(self, number: int) -> int:
        return self.counters.get(number, 0)

    def pass_signals(self, numbers: Sequence[int]) -> None:
        self.passed_signals = tuple(numbers)

    def catch_syscalls(self, numbers: Sequence[int] | None) -> None:
        self.caught_syscalls = None if numbers is None else tuple(numbers)

    def detach(self, pid: int | None = None, traps: Sequence[SiteRequest] = ()) -> None:
        self.sites.difference_update(traps)
        if pid in (None, self._pid):
            self.alive = False
            self.ended_by = "detached"

    def kill(self) -> None:
        self.alive = False
        self.ended_by = "killed"

    def close(self) -> None:
        self.alive = False

    def _must_be_alive(self) -> None:
        if not self.alive:
            raise ProcessGone(self.ended_by)

    def _must_be_stopped(self, doing: str) -> None:
        self._must_be_alive()
        assert not self.running, f"cannot {doing} while the program runs"
