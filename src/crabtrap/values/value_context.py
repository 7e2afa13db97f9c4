"""The context of a value: memory, program and frame that it is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from crabtrap.records import dataclass
from crabtrap.values.readers import BytesReader, PagedReader, Reader

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.symbols.types import Type
    from crabtrap.values.python_behaviour import PythonBehaviour
    from crabtrap.values.value import Value


class ProgramInfo(Protocol):
    """Look-ups in the program's modules and kernel objects."""

    def check_values(self) -> None:
        """Refuse values of this stop once the program was resumed.

        Raises:
            StaleError: It was.
        """
        ...

    def note_progress(self, done: int, total: int | None) -> None:
        """Note how far an operation that reads values has come, in a unit of its own.

        Args:
            done: How much of it is done.
            total: How much there is to do, ``None`` where that is not known.

        Raises:
            StaleError: The program was resumed.
        """
        ...

    def describe_code(self, address: Address) -> str | None:
        """Name the code at ``address``, as ``path::of::function at file.rs:12``."""
        ...

    def vtable_type(self, address: Address) -> Type | None:
        """Find the concrete type whose vtable begins at ``address``."""
        ...

    def function_arguments(self, address: Address) -> tuple[Type, ...]:
        """Find the types that the generic function whose code begins at ``address`` is for."""
        ...

    def find_type(self, path: str) -> Type | None:
        """Find a type whose path ends with ``path``; the best one where there are several."""
        ...

    def is_mapped(self, address: Address, size: int) -> bool | None:
        """Whether the whole range is mapped; ``None`` where the mappings are unknown."""
        ...

    def describe_descriptor(self, fd: int) -> str | None:
        """Name the file or socket that descriptor ``fd`` of the program refers to."""
        ...

    def initial_bytes(self, symbol: str, beside: Type) -> bytes | None:
        """Read a static's initial value from its file; ``None`` where there is no such static.

        Args:
            symbol: Its whole path.
            beside: A type of the module to search.
        """
        ...

    def declared_tail(self, type_: Type) -> str:
        """Return the type of a struct's last field as its source has it, ``""`` if unknown."""
        ...

    def declared_flags(self, type_: Type) -> tuple[tuple[str, str], ...]:
        """Return names and texts of the flags that its source gives a struct, ``()`` if unknown."""
        ...

    @property
    def behaviour(self) -> PythonBehaviour:
        """What Python's operators do to the program's values."""
        ...


class FrameView(Protocol):
    """Look-ups in one frame of one thread."""

    def register_bytes(self, number: int) -> bytes | None:
        """Read a DWARF register, little-endian; ``None`` where it was not saved."""
        ...

    def variable(self, die: int) -> Value | None:
        """Return the variable of entry ``die`` in this frame, for implicit pointers."""
        ...


@dataclass(frozen=True, slots=True)
class ValueContext:
    """What a value is read from.

    Attributes:
        reader: Memory of the program at this stop.
        program: Look-ups in its modules.
        frame: The frame of a variable; ``None`` for statics.
    """

    reader: Reader
    program: ProgramInfo
    frame: FrameView | None = None

    def budgeted(self, limit: int) -> ValueContext:
        """Return the same context with an empty page cache that fetches at most ``limit`` bytes."""
        return ValueContext(PagedReader(self.reader, limit=limit), self.program, self.frame)


class NoProgramInfo:
    """An empty program: for values computed by the debugger, and tests."""

    def __init__(self, behaviour: PythonBehaviour | None = None) -> None:
        """Have values behave as ``behaviour`` says; by default, as plain ones."""
        self._behaviour = behaviour

    @property
    def behaviour(self) -> PythonBehaviour:
        """That which was given, or one that knows scalars, fields and arrays."""
        if self._behaviour is None:
            from crabtrap.values.python_behaviour import PlainBehaviour  # noqa: PLC0415 - rarely

            self._behaviour = PlainBehaviour()
        return self._behaviour

    def check_values(self) -> None:
        """Do nothing: the values belong to no stop."""

    def note_progress(self, done: int, total: int | None) -> None:
        """Do nothing: nobody waits for the values."""

    def describe_code(self, address: Address) -> str | None:
        """Return ``None``: there are no functions."""
        return None

    def vtable_type(self, address: Address) -> Type | None:
        """Return ``None``: there are no vtables."""
        return None

    def function_arguments(self, address: Address) -> tuple[Type, ...]:
        """Return ``()``: there are no functions."""
        return ()

    def find_type(self, path: str) -> Type | None:
        """Return ``None``: there are no types."""
        return None

    def is_mapped(self, address: Address, size: int) -> bool | None:
        """Return ``None``: the mappings are unknown."""
        return None

    def describe_descriptor(self, fd: int) -> str | None:
        """Return ``None``: the descriptors are unknown."""
        return None

    def initial_bytes(self, symbol: str, beside: Type) -> bytes | None:
        """Return ``None``: there are no statics."""
        return None

    def declared_tail(self, type_: Type) -> str:
        """Return ``""``: there are no sources."""
        return ""

    def declared_flags(self, type_: Type) -> tuple[tuple[str, str], ...]:
        """Return ``()``: there are no sources."""
        return ()


NOWHERE = ValueContext(BytesReader({}), NoProgramInfo())
"""The context of values that the debugger computed."""
