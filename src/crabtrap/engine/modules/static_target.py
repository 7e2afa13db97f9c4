"""A program that has not been started: the bytes of its files, and no process."""

from __future__ import annotations

from functools import partial

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.errors import MemoryFault, NotFoundError, StateError
from crabtrap.files import read_regular_file
from crabtrap.symbols.module_table import ModuleTable
from crabtrap.target.interface import Abilities, Control, Library, Mapping, ThreadInfo
from crabtrap.target.remote_files import FILE_LIMIT


class StaticTarget:
    """A ``Target`` that reads the files, so that statics can be shown before the launch.

    Addresses are file addresses, because modules are at bias 0.
    """

    def __init__(self, modules: ModuleTable) -> None:
        self._modules = modules
        # Over the modules, not over `self`: an object that holds memory which holds the object
        # would keep both, and the files that are mapped, for ever.
        self._memory = _core.CallbackMemory(partial(_read_files, modules))

    @property
    def description(self) -> str:
        """Text for users."""
        return "program that has not been started"

    @property
    def pid(self) -> int:
        """Process id: 0, because there is no process."""
        return 0

    @property
    def abilities(self) -> Abilities:
        """What this target can do beyond the minimum: nothing."""
        return Abilities()

    @property
    def ends_with_server(self) -> bool:
        """Whether the program ends with its server: there is neither."""
        return False

    @property
    def is_gone(self) -> bool:
        """Whether the program has ended: it has not begun."""
        return False

    def look_for_end(self) -> bool:
        """Find out whether the program has ended: it has not begun."""
        return False

    @property
    def memory(self) -> _core.Memory:
        """Memory: the segments of the files."""
        return self._memory

    @property
    def control(self) -> Control | None:
        """Control over the program: none."""
        return None

    def threads(self) -> tuple[ThreadInfo, ...]:
        """List no threads."""
        return ()

    def read_memory(self, address: Address, size: int) -> bytes:
        """Read bytes of the files.

        Raises:
            MemoryFault: No segment of a module holds the whole range.
        """
        module = self._modules.find(address)
        if module is None:
            raise MemoryFault(address, size, hint="the program has not been started")
        return module.read(address, size)

    def read_registers(self, thread: int) -> _core.Registers:
        """Refuse: there are no registers.

        Raises:
            StateError: Always.
        """
        raise StateError("the program has not been started", hint="start it with run")

    def read_register(self, thread: int, name: str) -> bytes:
        """Refuse: there are no registers.

        Raises:
            NotFoundError: Always.
        """
        raise NotFoundError("register", name)

    def register_names(self) -> tuple[tuple[str, int], ...]:
        """List no registers."""
        return ()

    def auxv(self) -> bytes:
        """Return an empty auxiliary vector."""
        return b""

    def executable(self) -> str:
        """Return the path of the main program."""
        main = self._modules.main
        return main.path if main is not None else ""

    def libraries(self) -> tuple[Library, ...]:
        """List no libraries: none is loaded."""
        return ()

    def mappings(self) -> tuple[Mapping, ...]:
        """List no mappings."""
        return ()

    def read_siginfo(self, thread: int) -> bytes:
        """Return no ``siginfo_t``: no thread has stopped."""
        return b""

    def read_file(self, path: str) -> bytes:
        """Read a whole file of this file system, where the program would run.

        Raises:
            OSError: The file cannot be read.
        """
        return read_regular_file(path, FILE_LIMIT)[0]


def _read_files(modules: ModuleTable, address: int, size: int) -> bytes:
    """Read bytes of the files; ``b""`` where they do not have the whole range."""
    module = modules.find(Address(address))
    try:
        return module.read(Address(address), size) if module is not None else b""
    except MemoryFault:
        return b""
