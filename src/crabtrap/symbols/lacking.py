"""What is not known of a module, and whether that is because it could not be read.

Debug information that is damaged must not be told as absent: to build the program again with
debug information would not help.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap import _core
    from crabtrap.symbols.module import Module

_MISSING = {
    "lines": "has line tables only: functions and lines are known, variables are not",
    "symbols": "has no debug information: no lines, no variables",
    "none": "has no symbols and no debug information",
}
"""What a file has, by its ``debug_level``."""

ADVICE = "debug = true in its Cargo profile adds them"


def what_lacks(image: _core.Image) -> str:
    """Say what an image lacks, and what to do about it, as the rest of a sentence.

    Returns:
        ``""`` where everything is known; all of a file's damage is in ``problems``.
    """
    missing = _MISSING.get(image.debug_level)
    if missing is None:
        return ""
    damage = damage_of(image)
    return f"cannot be read in full: {damage}" if damage else f"{missing}; {ADVICE}"


def damage_of(image: _core.Image) -> str:
    """Tell the first thing that could not be read, and how many more; ``""`` for none."""
    problems = image.problems
    if not problems:
        return ""
    more = len(problems) - 1
    return problems[0] + (f" (and {more} more: info sharedlibrary)" if more else "")


def unreadable(modules: Iterable[Module]) -> str:
    """Tell what of a module could not be read; ``""`` where all of them were read in full.

    What was looked for may be there, although most of the debug information is known.
    """
    for module in modules:
        if damage := damage_of(module.image):
            return damage
    return ""
