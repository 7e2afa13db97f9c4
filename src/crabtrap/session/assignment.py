"""Performing assignments: to memory, to registers, to convenience variables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.frame import Frame, register_name
from crabtrap.errors import StateError
from crabtrap.expr import MemoryWrite, RegisterWrite, plan_assignment
from crabtrap.session.memory import write_memory
from crabtrap.session.rust_language import evaluate
from crabtrap.session.scopes import FrameScope

if TYPE_CHECKING:
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.expr import Assignment
    from crabtrap.session.core import Core
    from crabtrap.session.history import ValueHistory
    from crabtrap.session.registers import Registers

_ALIASES = {"pc": "rip", "sp": "rsp", "fp": "rbp"}


def assign(
    core: Core,
    registers: Registers,
    history: ValueHistory,
    frame: StackFrame,
    target: str,
    value: str,
) -> None:
    """Assign ``value`` to ``target``, two expressions; all is checked before any write.

    Raises:
        CrabtrapError: One cannot be parsed, ``target`` is no place expression, or the
            assignment would corrupt the program.
    """
    scope = FrameScope(frame, history)
    if not target.startswith("$"):
        plan = plan_assignment(f"{target} = {value}", scope, core.presenter)
        _perform(core, registers, frame, plan)
        return
    name = target[1:]
    result = evaluate(value, scope, core.presenter)
    register = _ALIASES.get(name, name)
    if register in dict(registers.names()):
        registers.write(register, result.integer(), thread=_thread_of(frame).tid)
    else:
        history.set_variable(name, result)


def _perform(core: Core, registers: Registers, frame: StackFrame, plan: Assignment) -> None:
    # A caller's registers may be saved in memory; where is not known here.
    is_outer = isinstance(frame, Frame) and frame.physical.index > 0
    if is_outer and any(isinstance(w, RegisterWrite) for w in plan.writes):
        raise StateError(
            "it lives in a register that a called function may have saved anywhere",
            hint="change it when its own function runs",
        )
    for write in plan.writes:
        match write:
            case MemoryWrite(address, data):
                write_memory(core, address, data)
            case RegisterWrite():
                _write_register(registers, _thread_of(frame).tid, write)


def _thread_of(frame: StackFrame) -> Thread:
    if frame.thread is None:
        raise StateError("a task that waits has no registers", hint="thread NUMBER")
    return frame.thread


def _write_register(registers: Registers, tid: int, write: RegisterWrite) -> None:
    """Replace some bytes of a register and keep the others."""
    name = register_name(write.number)
    old = registers.read(name, thread=tid)
    new = old[: write.offset] + write.data + old[write.offset + len(write.data) :]
    registers.write(name, new, thread=tid)
