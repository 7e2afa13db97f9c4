"""Registers of stopped threads, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import Stopped, require
from crabtrap.events import RegisterWritten

if TYPE_CHECKING:
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.session.core import Core
    from crabtrap.session.selection import Selection


@through_door()
class Registers:
    """The registers of stopped threads: all that the target describes."""

    def __init__(self, core: Core, selection: Selection) -> None:
        self._core = core
        self._selection = selection

    @property
    def door(self) -> Door:
        """The check that refuses calls of other threads."""
        return self._core.door

    def names(self) -> tuple[tuple[str, int], ...]:
        """Return ``(name, bits)`` of every register."""
        return self._core.program.debuggee.target.register_names()

    def read(self, name: str, *, thread: Thread | int | None = None) -> bytes:
        """Read a register of a thread, little-endian.

        Args:
            name: As in ``names``.
            thread: The thread, or its tid; ``None`` for the selected one.

        Raises:
            NotFoundError: There is no such register.
            StateError: The program is not stopped.
        """
        require(self._core.state, Stopped, to="read a register")
        return self._core.program.debuggee.target.read_register(self._tid(thread), name)

    def write(self, name: str, value: int | bytes, *, thread: Thread | int | None = None) -> None:
        """Write a register of a thread; its frames become stale.

        Args:
            name: As in ``names``.
            value: A number that fits, or all bytes in little-endian order.
            thread: As for ``read``.

        Raises:
            NotFoundError: There is no such register.
            StateError: The program is not stopped.
        """
        require(self._core.state, Stopped, to="write a register")
        tid, program = self._tid(thread), self._core.program
        program.debuggee.control.write_registers(tid, {name: value})
        if name == "rip":
            program.controller.forget_stop_pc(tid)
        program.inspector.forget()
        self._core.events.publish(RegisterWritten(tid, name))

    def _tid(self, thread: Thread | int | None) -> int:
        if thread is None:
            return self._selection.tid
        return thread if isinstance(thread, int) else thread.tid
