"""Numbers for what a client may ask more of: frames, and what has variables."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Protocol

from crabtrap.errors import StaleError

if TYPE_CHECKING:
    from crabtrap import StackFrame
    from crabtrap.frontends.dap import protocol


class Container(Protocol):
    """What has variables: the scope of a frame, or a value."""

    def rows(self, start: int, end: int | None, only: str) -> list[protocol.Variable]:
        """Return the variables ``[start, end)`` of one kind.

        Args:
            start: The first, counted from 0.
            end: One past the last, ``None`` for as many as one page has.
            only: "indexed" or "named" for these alone, ``""`` for both.
        """
        ...

    def expression(self, name: str) -> str:
        """Return the expression for the variable with this name, ``""`` if there is none."""
        ...

    @property
    def frame(self) -> StackFrame | None:
        """Where the expressions mean something; ``None`` for anywhere."""
        ...


class References:
    """The numbers that the client has, each of which means one thing and never another.

    They are forgotten when the program is resumed, and not used again: whoever comes too late
    is told so, and does not get what belongs to another frame.
    """

    def __init__(self) -> None:
        self._numbers = count(1)
        self._frames: dict[int, StackFrame] = {}
        self._numbers_of_frames: dict[tuple[str, int], int] = {}
        self._containers: dict[int, Container] = {}

    def forget(self) -> None:
        """Forget all: the program was resumed."""
        self._frames.clear()
        self._numbers_of_frames.clear()
        self._containers.clear()

    def number_frame(self, frame: StackFrame) -> int:
        """Return the number of a frame, the same as long as the program is stopped."""
        key = (frame.stack.title, frame.index)
        known = self._numbers_of_frames.get(key)
        if known is None:
            known = self._numbers_of_frames[key] = next(self._numbers)
            self._frames[known] = frame
        return known

    def frame(self, number: int) -> StackFrame:
        """Return the frame with this number.

        Raises:
            StaleError: It is of an earlier stop, or there was none.
        """
        found = self._frames.get(number)
        if found is None:
            raise StaleError("that frame is of an earlier stop", hint="ask for the stack again")
        return found

    def number_container(self, container: Container) -> int:
        """Return a number for what has variables."""
        number = next(self._numbers)
        self._containers[number] = container
        return number

    def container(self, number: int) -> Container:
        """Return what has this number.

        Raises:
            StaleError: It is of an earlier stop, or there was none.
        """
        found = self._containers.get(number)
        if found is None:
            raise StaleError("these variables are of an earlier stop")
        return found
