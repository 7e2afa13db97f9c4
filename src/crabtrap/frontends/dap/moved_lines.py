"""Whether a breakpoint on a line without code may be where the next code is.

Within a function it may, and from the comments and attributes of an item to that item. From
anywhere else it would stop in code that has nothing to do with the line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crabtrap import Breakpoint, Session

_BEFORE_ITEMS = ("//", "#[", "/*", "*", ")]")


def why_too_far(session: Session, item: Breakpoint, wanted: int) -> str:
    """Return why a breakpoint is not to stand for a line, ``""`` where it may.

    Args:
        session: Has the program.
        item: The breakpoint, at the next line with code.
        wanted: The line that was wanted, counted from 1.
    """
    lines = [each.line for each in item.locations if each.line is not None]
    if not lines or min(lines) <= wanted:
        return ""
    first = item.locations[0]
    function = session.code.function_at(first.address)
    if first.inlined or function is None or not function.declaration_line:
        return ""  # nothing is known of where it begins
    if function.declaration_line <= wanted:
        return ""
    if first.path is not None:
        between = session.sources.find(first.path).lines[wanted - 1 : function.declaration_line - 1]
        texts = [text.strip() for text in between]
        if texts and texts[0] and all(_may_be_before(text) for text in texts):
            return ""
    return f"there is no code at line {wanted}; the next is in {first.function}, line {min(lines)}"


def _may_be_before(text: str) -> bool:
    return not text or (text.startswith(_BEFORE_ITEMS) and not text.startswith("//!"))
