"""What may follow at the end of a half-typed expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap import Client, StackFrame

Completion = tuple[str, int]
"""What replaces the end of a text, and how many characters of it."""

_WORD_BREAKS = " \t,()[]{}<>=+-*/&|!;'\""
_MAX_DEREFS = 6


def complete_expression(client: Client, frame: StackFrame, text: str) -> list[Completion]:
    """Complete variables of a frame, fields and methods, and registers after a dollar sign.

    Raises:
        CrabtrapError: Nothing can be evaluated now.
    """
    word = text[expression_start(text) :]
    if word.startswith("$"):
        return prefixed((f"${name}" for name in frame.registers()), word)
    if "." in word:
        return _members(client, frame, word)
    names = [binding.name for binding in (*frame.locals(), *frame.arguments())]
    return prefixed(dict.fromkeys(names), word)


def prefixed(names: Iterable[str], prefix: str) -> list[Completion]:
    """Return the names that begin with what is to be completed."""
    return [(name, len(prefix)) for name in names if name.startswith(prefix)]


def expression_start(text: str) -> int:
    """Where the path at the end of ``text`` begins: ``a[f(1)].b`` in ``x + a[f(1)].b``."""
    start = len(text)
    open_brackets = 0
    while start:
        character = text[start - 1]
        if character in ")]":
            open_brackets += 1
        elif character in "([":
            if not open_brackets:
                break
            open_brackets -= 1
        elif character in _WORD_BREAKS and not open_brackets:
            break
        start -= 1
    return start


def _members(client: Client, frame: StackFrame, word: str) -> list[Completion]:
    """What may follow the last dot: fields, then the methods that need not run."""
    base, _, prefix = word.rpartition(".")
    try:
        methods = client.methods(base, frame)
    except CrabtrapError:
        methods = ()
    return prefixed(dict.fromkeys((*_fields(client, frame, base), *methods)), prefix)


def _fields(client: Client, frame: StackFrame, base: str) -> dict[str, None]:
    """Fields of a value, and of what it dereferences to."""
    found: dict[str, None] = {}
    for _ in range(_MAX_DEREFS):
        try:
            value = client.evaluate(base, frame)
        except CrabtrapError:
            break
        # Fields of std's types are private.
        if not value.type.is_std:
            found |= dict.fromkeys(name for name, _ in value.fields())
        base = f"(*{base})"
    return found
