"""Checking a call's arguments, by the callee's debug information of its parameters.

DWARF does not describe how a function is called, but where each parameter is once the
function runs.  So a call is stopped after the prologue, before any of the function's own
code, and the parameters are compared with the arguments.  Optimised functions need this
most: LLVM may pass what a reference points to in its place, or omit an argument that is the
same at every call, which debug information does not record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import MemoryFault
from crabtrap.records import dataclass, field
from crabtrap.symbols.abi import WORD, Nothing, PassedScalars, classify
from crabtrap.values import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.session.calls.callee import Callee
    from crabtrap.session.calls.convention import Argument

_INNERMOST = 64
"""Limit on the frames searched for the one of the function itself."""


@dataclass(slots=True)
class ArgumentCheck:
    """The comparison of a call's parameters with its arguments, made once or twice.

    Attributes:
        callee: The function that was called.
        arguments: The arguments, one for each parameter.
        differs: A parameter was found to differ from its argument.
    """

    callee: Callee
    arguments: Sequence[Argument]
    differs: bool = False
    _checked: set[int] = field(default_factory=set[int], init=False)

    def compare(self, thread: Thread) -> None:
        """Compare the parameters that can be read; ``thread`` has not run the body yet."""
        frame = _frame_of(thread, self.callee)
        if frame is None:
            return
        for index, argument in enumerate(self.arguments):
            variable = self.callee.parameters[index].variable
            if variable is None:
                if _has_captures(frame, argument):
                    self._checked.add(index)
                continue
            try:
                data = frame.value_of(variable).read_bytes()
            except (UnavailableError, MemoryFault):
                continue
            self._checked.add(index)
            parts = _passed_bytes(argument)
            self.differs |= any(data[part] != argument.data[part] for part in parts)

    @property
    def unchecked(self) -> tuple[str, ...]:
        """Names of the parameters that have a size and could not be compared."""
        return tuple(
            argument.name or "_"
            for index, argument in enumerate(self.arguments)
            if index not in self._checked and _passed_bytes(argument)
        )


def _frame_of(thread: Thread, callee: Callee) -> Frame | None:
    """Return the frame of the function itself, outside of inline instances at its beginning."""
    for frame in thread.frames(0, _INNERMOST):
        if frame.physical.index == 0 and frame.code is not None and not frame.inlined:
            return frame if frame.code.key == callee.function.key else None
    return None


def _passed_bytes(argument: Argument) -> tuple[slice, ...]:
    """Return the bytes that are passed: all but padding between scalars."""
    match classify(argument.type):
        case Nothing():
            return ()
        case PassedScalars(parts):
            return tuple(slice(part.offset, part.offset + part.size) for part in parts)
        case _:
            return (slice(0, len(argument.data)),)


def _has_captures(frame: Frame, argument: Argument) -> bool:
    """Whether a captured variable of a closure is found in the captures that were passed.

    DWARF has no parameter for the captures themselves; each captured variable is a local,
    in the captures or at an address that is in them.
    """
    captures = argument.type.strip().target
    start = int.from_bytes(argument.data, "little")
    size = (captures.size if captures is not None else 0) or 0
    try:
        content = frame.thread.process.target.memory.read(start, size) if size else b""
    except MemoryFault:
        return False
    words = {
        int.from_bytes(content[at : at + WORD], "little") for at in range(0, size - WORD + 1, WORD)
    }
    addresses = [
        frame.value_of(entry.variable).address
        for entry in frame.scoped_variables
        if entry.variable.kind == "local"
    ]
    return size == 0 or any(
        address is not None and (start <= address < start + size or address in words)
        for address in addresses
    )
