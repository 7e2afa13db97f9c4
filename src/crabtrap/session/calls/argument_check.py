"""Whether arguments have arrived: the callee's own description of them has the last word.

Nothing in debug information says how a function is called, but it says where each parameter
is once the function runs.  So a call is stopped behind the prologue, before any of the
function's own code, and the parameters are compared with what was passed.  Optimised
functions need this most: LLVM passes what a reference points to in its place, or leaves out
what every caller passes alike, and does not say so.
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
"""Inlined frames looked at for the one of the function itself."""


@dataclass(slots=True)
class ArgumentCheck:
    """What is known of the arguments of one call; looked at once or twice.

    Attributes:
        elsewhere: A parameter is not what was passed.
    """

    callee: Callee
    arguments: Sequence[Argument]
    elsewhere: bool = False
    _seen: set[int] = field(default_factory=set[int], init=False)

    def look(self, thread: Thread) -> None:
        """Compare what can be read now, ``thread`` standing before the function's own code."""
        frame = _frame_of(thread, self.callee)
        if frame is None:
            return
        for index, argument in enumerate(self.arguments):
            variable = self.callee.parameters[index].variable
            if variable is None:
                if _has_captures(frame, argument):
                    self._seen.add(index)
                continue
            try:
                data = frame.value_of(variable).read_bytes()
            except (UnavailableError, MemoryFault):
                continue
            self._seen.add(index)
            parts = _passed_bytes(argument)
            self.elsewhere |= any(data[part] != argument.data[part] for part in parts)

    @property
    def unseen(self) -> tuple[str, ...]:
        """Names of the parameters that take room and could not be compared."""
        return tuple(
            argument.name or "_"
            for index, argument in enumerate(self.arguments)
            if index not in self._seen and _passed_bytes(argument)
        )


def _frame_of(thread: Thread, callee: Callee) -> Frame | None:
    """The frame of the function itself, whatever was inlined at its beginning."""
    for frame in thread.frames(0, _INNERMOST):
        if frame.physical.index == 0 and frame.code is not None and not frame.inlined:
            return frame if frame.code.key == callee.function.key else None
    return None


def _passed_bytes(argument: Argument) -> tuple[slice, ...]:
    """The bytes that are passed: padding between scalars is not."""
    match classify(argument.type):
        case Nothing():
            return ()
        case PassedScalars(parts):
            return tuple(slice(part.offset, part.offset + part.size) for part in parts)
        case _:
            return (slice(0, len(argument.data)),)


def _has_captures(frame: Frame, argument: Argument) -> bool:
    """Whether a closure finds its captured variables where its captures are.

    The captures themselves are no parameter of the description; each captured variable is
    a local, in the captures or where one of them points.
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
