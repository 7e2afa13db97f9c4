"""What a value needs to know of the program and the frame it was found in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from crabtrap.records import dataclass
from crabtrap.values.readers import BytesReader, PagedReader, Reader

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.symbols.types import Type
    from crabtrap.values.value import Value


class ProgramInfo(Protocol):
    """Questions about run-time addresses; answered by the modules of the program."""

    def describe_code(self, address: Address) -> str | None:
        """``"path::of::function at file.rs:12"`` for the code at ``address``, if known."""
        ...

    def vtable_type(self, address: Address) -> Type | None:
        """The concrete type whose vtable begins at ``address``."""
        ...

    def find_type(self, path: str) -> Type | None:
        """The type whose path ends with ``path``; the best one where there are several."""
        ...

    def is_mapped(self, address: Address, size: int) -> bool | None:
        """Whether the whole range is mapped, ``None`` where the mappings are not known."""
        ...

    def describe_descriptor(self, fd: int) -> str | None:
        """What file descriptor ``fd`` of the program is open on, if known."""
        ...

    def initial_bytes(self, symbol: str, beside: Type) -> bytes | None:
        """What a static holds before the program runs, if there is such a static.

        Args:
            symbol: Its whole path.
            beside: A type of the module to look in.
        """
        ...


class FrameView(Protocol):
    """Questions only one frame of one thread can answer."""

    def register_bytes(self, number: int) -> bytes | None:
        """A DWARF register, little-endian; ``None`` where its value is lost."""
        ...

    def variable(self, die: int) -> Value | None:
        """The variable of entry ``die`` as this frame has it, for implicit pointers."""
        ...


@dataclass(frozen=True, slots=True)
class ValueContext:
    """The surroundings of a value.

    Attributes:
        reader: Memory of the program at this stop.
        program: Its modules.
        frame: ``None`` for statics and values found through pointers.
    """

    reader: Reader
    program: ProgramInfo
    frame: FrameView | None = None

    def budgeted(self, limit: int) -> ValueContext:
        """The same, with a fresh page cache that fetches at most ``limit`` bytes."""
        return ValueContext(PagedReader(self.reader, limit=limit), self.program, self.frame)


class NoProgramInfo:
    """A program about which nothing is known: for computed values and tests."""

    def describe_code(self, address: Address) -> str | None:
        """Know nothing of it."""
        return None

    def vtable_type(self, address: Address) -> Type | None:
        """Know no vtable."""
        return None

    def find_type(self, path: str) -> Type | None:
        """Know no type."""
        return None

    def is_mapped(self, address: Address, size: int) -> bool | None:
        """Not know."""
        return None

    def describe_descriptor(self, fd: int) -> str | None:
        """Know no descriptor."""
        return None

    def initial_bytes(self, symbol: str, beside: Type) -> bytes | None:
        """Know no static."""
        return None


NOWHERE = ValueContext(BytesReader({}), NoProgramInfo())
"""The context of values that the debugger computed."""
