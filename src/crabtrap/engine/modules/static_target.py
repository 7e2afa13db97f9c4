"""A program that has not been started: its file's bytes, and nothing that moves."""

from __future__ import annotations

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import MemoryFault, NotFoundError, StateError
from crabtrap.symbols.module_table import ModuleTable
from crabtrap.target.interface import Abilities, Control, Library, Mapping, ThreadInfo


class StaticTarget:
    """Answers what can be known from the files, so that statics can be shown early.

    Addresses are file addresses: the static view has bias 0.
    """

    def __init__(self, modules: ModuleTable) -> None:
        self._modules = modules
        self._memory = _core.CallbackMemory(self._read)

    @property
    def description(self) -> str:
        """What this is, for people."""
        return "program that has not been started"

    @property
    def pid(self) -> int:
        """There is no process."""
        return 0

    @property
    def abilities(self) -> Abilities:
        """None at all."""
        return Abilities()

    @property
    def memory(self) -> _core.Memory:
        """Segments of the files."""
        return self._memory

    @property
    def control(self) -> Control | None:
        """There is nothing to control."""
        return None

    def threads(self) -> tuple[ThreadInfo, ...]:
        """There are none."""
        return ()

    def read_memory(self, address: Address, size: int) -> bytes:
        """Bytes as the file has them.

        Raises:
            MemoryFault: No segment of a module holds the whole range.
        """
        module = self._modules.find(address)
        if module is None:
            raise MemoryFault(address, size, hint="the program has not been started")
        return module.read(address, size)

    def _read(self, address: int, size: int) -> bytes:
        try:
            return self.read_memory(Address(address), size)
        except MemoryFault:
            return b""

    def read_registers(self, thread: int) -> _core.Registers:
        """There are none.

        Raises:
            StateError: Always.
        """
        raise StateError("the program has not been started", hint="start it with run")

    def read_register(self, thread: int, name: str) -> bytes:
        """There are none.

        Raises:
            NotFoundError: Always.
        """
        raise NotFoundError("register", name)

    def register_names(self) -> tuple[tuple[str, int], ...]:
        """There are none."""
        return ()

    def auxv(self) -> bytes:
        """There is none."""
        return b""

    def executable(self) -> str:
        """Path of the main program."""
        main = self._modules.main
        return main.path if main is not None else ""

    def libraries(self) -> tuple[Library, ...]:
        """None are loaded."""
        return ()

    def mappings(self) -> tuple[Mapping, ...]:
        """Nothing is mapped."""
        return ()

    def read_siginfo(self, thread: int) -> bytes:
        """No thread has stopped."""
        return b""

    def read_file(self, path: str) -> bytes:
        """The program would live here, so this file system is the one.

        Raises:
            OSError: The file cannot be read.
        """
        with open(path, "rb") as file:
            return file.read()
