"""Agent code that sees whether watched bytes have changed since it last ran.

Debug registers trap every write, also of the same value.  What the bytes were is kept in
trace state variables: as they are, and as they were before the last change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass
from crabtrap.target import agent_code as asm
from crabtrap.target.agent_code import Code, join

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class WatchedPiece:
    """Bytes that one debug register watches, and the variables that hold them.

    Attributes:
        address: First byte.
        size: 1, 2, 4 or 8 bytes.
        present: Variable with the bytes as they are, as a little-endian number.
        before: Variable with the bytes before the last change.
    """

    address: int
    size: int
    present: int
    before: int


def changed(pieces: Sequence[WatchedPiece]) -> Code:
    """Compile a test whether any piece has changed; it pushes 1 or 0 and takes note."""
    same, done = asm.new_label(), asm.new_label()
    differs: Code = (asm.constant(0),)
    for piece in pieces:
        saved = asm.read_counter(piece.present)
        differs = join(differs, _load(piece), saved, asm.EQUAL, asm.LOG_NOT, asm.BIT_OR)
    note: Code = ()
    for piece in pieces:
        move = asm.read_counter(piece.present) + asm.write_counter(piece.before) + asm.POP
        note = join(note, move, _load(piece), asm.write_counter(piece.present) + asm.POP)
    unchanged = join(asm.LOG_NOT, asm.Jump(same, conditional=True))
    return join(
        differs, unchanged, note, asm.constant(1), asm.Jump(done), same, asm.constant(0), done
    )


def _load(piece: WatchedPiece) -> Code:
    return asm.load(asm.InMemory((asm.constant(piece.address),)), piece.size, signed=False)
