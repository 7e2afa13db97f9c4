"""A fake program that is all data: a ``Target`` for tests of what uses one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.errors import MemoryFault, NotFoundError
from crabtrap.target.interface import Abilities, Library, ThreadInfo
from crabtrap.target.interface import Mapping as MemoryMapping
from crabtrap.target.register_layout import DWARF_GENERAL
from tests.support.fake_control import FakeControl, Faults
from tests.support.fake_program import FakeProgram, Item

if TYPE_CHECKING:
    from crabtrap._core import Memory, Registers

GUARD = Abilities(
    conditions=True,
    counters=True,
    steps_over_sites=True,
    stops_all=True,
    changes_while_running=True,
    lifts_traps=True,
    range_step=True,
    hardware_slots=4,
    syscall_events=True,
)
"""The abilities of the guard."""
PLAIN = Abilities(hardware_slots=4)
"""The abilities of a server that leaves all it can to the engine, without conditions."""


class FakeTarget:
    """A program whose threads follow the tracks of a ``FakeProgram``.

    Attributes:
        program: Its threads, and what they come to.
        control: What runs it.
        faults: What goes wrong.
        regions: Memory, by the address of its first byte.
        file_texts: Contents of files, by path, for ``read_file``.
        other_registers: ``(thread, name)`` to bytes, for all but the general registers.
    """

    def __init__(
        self,
        memory: Mapping[int, bytes] | None = None,
        program: FakeProgram | Mapping[int, Iterable[Item]] | None = None,
        *,
        abilities: Abilities = GUARD,
        libraries: tuple[Library, ...] = (),
        mappings: tuple[MemoryMapping, ...] = (),
        executable: str = "/nonexistent",
    ) -> None:
        if not isinstance(program, FakeProgram):
            program = FakeProgram(program if program is not None else {100: ()})
        self.program = program
        self.regions = {start: bytearray(data) for start, data in (memory or {}).items()}
        self.faults = Faults()
        self.control = FakeControl(program, abilities, self.regions, self.faults)
        self.other_registers = self.control.other_registers
        self.file_texts: dict[str, bytes] = {}
        self._abilities = abilities
        self._libraries = libraries
        self._mappings = mappings
        self._executable = executable

    @property
    def description(self) -> str:
        return f"fake process {self.pid}"

    @property
    def pid(self) -> int:
        return self.program.pid

    @property
    def abilities(self) -> Abilities:
        return self._abilities

    @property
    def ends_with_server(self) -> bool:
        return False

    @property
    def is_gone(self) -> bool:
        return False

    def look_for_end(self) -> bool:
        return False

    @property
    def memory(self) -> Memory:
        from crabtrap._core import CallbackMemory

        return CallbackMemory(self.read_partial)

    def threads(self) -> tuple[ThreadInfo, ...]:
        self.faults.begin("threads")
        return tuple(ThreadInfo(self.pid, tid) for tid in self.program.threads)

    def read_partial(self, address: int, size: int) -> bytes:
        """Bytes from ``address`` to the end of its region, at most ``size``."""
        for start, data in self.regions.items():
            if start <= address < start + len(data):
                return bytes(data[address - start : address - start + size])
        return b""

    def read_memory(self, address: Address, size: int) -> bytes:
        self.faults.begin("read_memory")
        data = self.read_partial(address, size)
        if len(data) < size:
            raise MemoryFault(address, size)
        return data

    def read_registers(self, thread: int) -> Registers:
        self.faults.begin("read_registers")
        return self.control.stopped(thread).registers

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
        return b""

    def executable(self) -> str:
        return self._executable

    def libraries(self) -> tuple[Library, ...]:
        return self._libraries

    def mappings(self) -> tuple[MemoryMapping, ...]:
        return self._mappings

    def read_siginfo(self, thread: int) -> bytes:
        self.faults.begin("read_siginfo")
        return self.other_registers.get((thread, "siginfo"), bytes(128))

    def read_file(self, path: str) -> bytes:
        return self.file_texts[path]
