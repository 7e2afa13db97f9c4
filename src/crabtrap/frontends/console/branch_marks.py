"""Marks of frames that are in branches of a ``select!`` or ``join!``, which stand side by side.

Frames are listed with the innermost first, so that a branch ends with the frame that is awaited,
and what awaits all branches comes below the last of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap import StackFrame


def branch_marks(frames: Sequence[StackFrame], *, symbols: bool) -> dict[int, str]:
    """Draw the branches that frames are in: a line for each, joined where the branch ends.

    Returns:
        What stands before each frame, by its number; frames that are in no branch are left out.
    """
    line, joint = ("│ ", "├ ") if symbols else ("| ", "+ ")
    depths: dict[int, int] = {}
    marks: dict[int, str] = {}
    for frame in reversed(frames):  # what awaits a frame has a higher number
        caller = frame.caller
        depth = (0 if caller is None else depths.get(caller, 0)) + bool(frame.branch)
        depths[frame.index] = depth
        if depth:
            marks[frame.index] = line * (depth - 1) + (joint if frame.branch else line)
    return marks
