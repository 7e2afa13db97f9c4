"""Loop counters that the compiler has replaced, and what is still computed from the old ones.

LLVM replaces a loop's counter by one that counts down to zero, or in bytes, where that is
cheaper.  It corrects the locations of variables that are the counter itself; what is computed
from it, and a part of a variable, may keep its expression, on the new counter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.symbols.poll_states import read_code

if TYPE_CHECKING:
    from crabtrap.symbols.code_rows import Function


def counter_of(piece: _core.Piece) -> int | None:
    """Return the register that a value depends on as what may be a counter, if there is one."""
    if piece.computed_from is None and piece.kind == "register" and piece.size:
        return piece.register
    return piece.computed_from


def counts_otherwise(function: Function | None, pc: int, register: int) -> bool:
    """Whether a register counts the rounds of a loop in another way than ranges do.

    Args:
        function: The function whose code is around ``pc``, not one inlined into it.
        pc: Run-time address of an instruction.
        register: DWARF number.
    """
    code = read_code(function) if function is not None else None
    steps = _core.counter_steps(code, pc, register) if code is not None else []
    return any(size != 1 or ends for size, ends in steps)
