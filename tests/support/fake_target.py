"""A program made of bytes and registers, for tests that need no process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from crabtrap.address import Address
from crabtrap.engine.epoch import EpochClock
from crabtrap.engine.process import Process
from crabtrap.errors import MemoryFault, NotFoundError
from crabtrap.symbols.table import ModuleTable
from crabtrap.target.base import (
    Abilities,
    Control,
    Library,
    Mapping,
    ThreadInfo,
)

if TYPE_CHECKING:
    from crabtrap import _core


@dataclass
class FakeTarget:
    """Answers ``crabtrap.target.base.Target``'s questions from its fields."""

    segments: dict[int, bytes] = field(default_factory=dict[int, bytes])
    registers: dict[int, dict[int, int]] = field(default_factory=dict[int, dict[int, int]])
    named_registers: dict[str, bytes] = field(default_factory=dict[str, bytes])
    maps: tuple[Mapping, ...] = ()
    loaded: tuple[Library, ...] = ()
    auxiliary: bytes = bytes(16)
    path: str = "/nowhere/app"
    pid: int = 1
    description: str = "a fake"
    abilities: Abilities = field(default_factory=Abilities)
    control: Control | None = None

    @property
    def memory(self) -> _core.Memory:
        return cast("_core.Memory", _FakeMemory(self.segments))

    def read_memory(self, address: Address, size: int) -> bytes:
        return _FakeMemory(self.segments).read(address, size)

    def threads(self) -> tuple[ThreadInfo, ...]:
        return tuple(ThreadInfo(self.pid, tid, f"thread-{tid}") for tid in self.registers)

    def read_registers(self, thread: int) -> tuple[int | None, ...]:
        return tuple(self.registers[thread].get(number) for number in range(17))

    def read_register(self, thread: int, name: str) -> bytes:
        if name not in self.named_registers:
            raise NotFoundError("register", name)
        return self.named_registers[name]

    def register_names(self) -> tuple[tuple[str, int], ...]:
        return tuple((name, 8 * len(value)) for name, value in self.named_registers.items())

    def auxv(self) -> bytes:
        return self.auxiliary

    def executable(self) -> str:
        return self.path

    def libraries(self) -> tuple[Library, ...]:
        return self.loaded

    def mappings(self) -> tuple[Mapping, ...]:
        return self.maps

    def read_siginfo(self, thread: int) -> bytes:
        return bytes(128)

    def read_file(self, path: str) -> bytes:
        raise FileNotFoundError(path)


class _FakeMemory:
    def __init__(self, segments: dict[int, bytes]) -> None:
        self._segments = segments

    def read(self, address: int, size: int) -> bytes:
        for start, data in self._segments.items():
            if start <= address and address + size <= start + len(data):
                return data[address - start : address - start + size]
        raise MemoryFault(address, size)

    def read_partial(self, address: int, size: int) -> bytes:
        for start, data in self._segments.items():
            if start <= address < start + len(data):
                return data[address - start : address - start + size]
        return b""


def words(*values: int) -> bytes:
    """Little-endian 64-bit words."""
    return b"".join(value.to_bytes(8, "little") for value in values)


def fake_process(target: FakeTarget, modules: Sequence[object] | ModuleTable = ()) -> Process:
    """A process at its first stop."""
    table = modules if isinstance(modules, ModuleTable) else ModuleTable(cast("list", modules))
    return Process(target, table, EpochClock())
