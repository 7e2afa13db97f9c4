"""Carrying out assignments: to memory, to registers, to convenience variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.frame import register_name
from crabtrap.errors import StateError
from crabtrap.expr import MemoryWrite, RegisterWrite, plan_assignment
from crabtrap.session.scopes import FrameScope

if TYPE_CHECKING:
    from crabtrap.expr import Assignment
    from crabtrap.present import Presenter
    from crabtrap.session.session import Session

_ALIASES = {"pc": "rip", "sp": "rsp", "fp": "rbp"}


def assign(session: Session, location: str, value: str, presenter: Presenter) -> None:
    """Put ``value`` into ``place``, both as typed; all of it is checked before any is written.

    Raises:
        CrabtrapError: It cannot be read, would corrupt the program, or has no place.
    """
    if location.startswith("$"):
        _assign_dollar(session, location[1:], value)
        return
    plan = plan_assignment(
        f"{location} = {value}", FrameScope(session.frame, session.history), presenter
    )
    _perform(session, plan)


def _assign_dollar(session: Session, name: str, text: str) -> None:
    """A register of the selected thread, or a variable of the user's own."""
    value = session.evaluate(text)
    register = _ALIASES.get(name, name)
    if register in dict(session.register_names()):
        session.write_register(register, value.integer())
    else:
        session.history.variables[name] = value


def _perform(session: Session, plan: Assignment) -> None:
    # A caller's registers are not in the processor; nothing here knows where they were saved.
    if session.frame.physical.index and any(isinstance(w, RegisterWrite) for w in plan.writes):
        raise StateError(
            "it lives in a register that a called function may have saved anywhere",
            hint="change it when its own function runs",
        )
    for write in plan.writes:
        match write:
            case MemoryWrite(address, data):
                session.write_memory(address, data)
            case RegisterWrite():
                _write_register(session, write)


def _write_register(session: Session, write: RegisterWrite) -> None:
    """Replace some bytes of a register and keep the others."""
    name = register_name(write.number)
    old = session.read_register(name)
    new = old[: write.offset] + write.data + old[write.offset + len(write.data) :]
    session.write_register(name, new)
