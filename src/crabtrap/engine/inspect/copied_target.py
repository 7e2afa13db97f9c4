"""A copy of a stopped program, to be looked at while the program runs on."""

from __future__ import annotations

from bisect import bisect_right
from functools import partial
from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import MemoryFault, NotFoundError, TargetError
from crabtrap.records import dataclass
from crabtrap.target.interface import Abilities

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.target.interface import Control, Library, Mapping, Target, ThreadInfo

_PAGE = 1 << 12
_AT_ONCE = 1 << 24
_REGISTERS = ("fs_base", "orig_rax")
"""Those that are asked for by name: for thread-locals and system calls."""

Pieces = dict[int, bytes]
"""Bytes of memory by where they begin."""


@dataclass(frozen=True, slots=True)
class CopiedThread:
    """A thread as it was: as it was listed, and its registers."""

    info: ThreadInfo
    general: _core.Registers
    named: dict[str, bytes]


class CopiedTarget:
    """A ``Target`` that has copied another one, which it needs no more; it cannot run.

    Code is read from the files of the modules.  What the kernel tells of the process, in
    ``/proc``, is of the present.
    """

    def __init__(self, source: Target, modules: ModuleTable, pieces: Pieces) -> None:
        """Copy a stopped program but for its memory, which was copied already."""
        self._pid = source.pid
        self._description = f"copy of {source.description}"
        self._threads = {info.tid: _copied_thread(source, info) for info in source.threads()}
        self._mappings, self._libraries = source.mappings(), source.libraries()
        self._names, self._auxv = source.register_names(), source.auxv()
        self._executable = source.executable()
        starts = sorted(pieces)
        # Over data alone, not over `self`, which would be kept for ever by what it holds.
        self._memory = _core.CallbackMemory(partial(_read, modules, starts, pieces))

    @property
    def description(self) -> str:
        """Text for users."""
        return self._description

    @property
    def pid(self) -> int:
        """Process id of the program that was copied."""
        return self._pid

    @property
    def abilities(self) -> Abilities:
        """What this target can do beyond the minimum: nothing."""
        return Abilities()

    @property
    def ends_with_server(self) -> bool:
        """Whether the program ends with its server: it has none."""
        return False

    @property
    def is_gone(self) -> bool:
        """Whether the program has ended: its copy stays."""
        return False

    def look_for_end(self) -> bool:
        """Find out whether the program has ended: its copy stays."""
        return False

    @property
    def memory(self) -> _core.Memory:
        """The memory that was copied, and the files of the modules."""
        return self._memory

    @property
    def control(self) -> Control | None:
        """Control over the program: none."""
        return None

    def threads(self) -> tuple[ThreadInfo, ...]:
        """List the threads that there were."""
        return tuple(each.info for each in self._threads.values())

    def read_memory(self, address: Address, size: int) -> bytes:
        """Read bytes of the copy.

        Raises:
            MemoryFault: Not all of the range was copied.
        """
        return self._memory.read(address, size)

    def read_registers(self, thread: int) -> _core.Registers:
        """Return the general registers of a thread.

        Raises:
            NotFoundError: There was no such thread.
        """
        return self._thread(thread).general

    def read_register(self, thread: int, name: str) -> bytes:
        """Return a register of those that were copied.

        Raises:
            NotFoundError: It was not.
        """
        found = self._thread(thread).named.get(name)
        if found is None:
            raise NotFoundError("register", name, hint="it was not copied")
        return found

    def _thread(self, tid: int) -> CopiedThread:
        try:
            return self._threads[tid]
        except KeyError:
            raise NotFoundError("thread", str(tid)) from None

    def register_names(self) -> tuple[tuple[str, int], ...]:
        """List the registers that the program has."""
        return self._names

    def auxv(self) -> bytes:
        """Return the auxiliary vector."""
        return self._auxv

    def executable(self) -> str:
        """Return a path at which the executable can be opened while the program runs."""
        return self._executable

    def libraries(self) -> tuple[Library, ...]:
        """Return the link map as it was."""
        return self._libraries

    def mappings(self) -> tuple[Mapping, ...]:
        """Return the mappings as they were."""
        return self._mappings

    def read_siginfo(self, thread: int) -> bytes:
        """Return no ``siginfo_t``: it was not copied."""
        return b""

    def read_file(self, path: str) -> bytes:
        """Read a whole file as it is now.

        Raises:
            TargetError: It cannot be read.
        """
        try:
            with open(path, "rb") as file:
                return file.read()
        except OSError as error:
            raise TargetError(str(error)) from None


def copy_target(source: Target, modules: ModuleTable, most: int) -> CopiedTarget | None:
    """Copy a stopped program of this machine.

    Args:
        source: The program.
        modules: Its modules.
        most: Bytes of memory that are copied at most.

    Returns:
        ``None`` if it has more memory, or is on another machine, from where copying takes long.

    Raises:
        TargetError: It cannot be read.
    """
    memory = source.memory
    if not isinstance(memory, _core.FileMemory) or not source.executable().startswith("/proc/"):
        return None
    files = {module.path for module in modules}
    ranges = [
        range(mapping.start, mapping.end)
        for mapping in source.mappings()
        if _is_data(mapping.permissions) and ("w" in mapping.permissions or mapping.path in files)
    ]
    if sum(map(len, ranges)) > most:
        return None
    return CopiedTarget(source, modules, dict(_copied(memory, ranges)))


def _is_data(permissions: str) -> bool:
    return permissions.startswith("r") and "x" not in permissions


def _copied(memory: _core.FileMemory, ranges: Iterable[range]) -> Iterator[tuple[int, bytes]]:
    """Yield the bytes of some ranges, without the pages that cannot be read."""
    for each in ranges:
        at = each.start
        while at < each.stop:
            data = memory.read_partial(at, min(_AT_ONCE, each.stop - at))
            if data:
                yield at, data
            at += len(data) or _PAGE


def _copied_thread(source: Target, info: ThreadInfo) -> CopiedThread:
    named: dict[str, bytes] = {}
    for name in _REGISTERS:
        try:
            named[name] = source.read_register(info.tid, name)
        except NotFoundError:
            continue  # the server does not have it
    return CopiedThread(info, source.read_registers(info.tid), named)


def _read(
    modules: ModuleTable, starts: list[int], pieces: Pieces, address: int, size: int
) -> bytes:
    """Read up to ``size`` bytes; fewer where they end."""
    found = bytearray()
    while len(found) < size:
        at = address + len(found)
        place = bisect_right(starts, at) - 1
        start = starts[place] if place >= 0 else at
        part = pieces[start][at - start : at - start + size - len(found)] if place >= 0 else b""
        part = part or _code(modules, at, size - len(found))
        if not part:
            break
        found += part
    return bytes(found)


def _code(modules: ModuleTable, address: int, size: int) -> bytes:
    """Read from the file of a module, as much as one page or all of a small piece."""
    module = modules.find(Address(address))
    if module is None:
        return b""
    for count in (size, min(size, _PAGE - address % _PAGE)):
        try:
            return module.read(Address(address), count)
        except MemoryFault:
            continue
    return b""
