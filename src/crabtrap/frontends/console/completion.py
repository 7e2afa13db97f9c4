"""Completion by the Tab key: of commands, then of their arguments."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, get_args

from crabtrap import CatchKind
from crabtrap.errors import CrabtrapError
from crabtrap.frontends.console.settings_table import SETTINGS

if TYPE_CHECKING:
    from crabtrap.frontends.console.command import CommandTable, Resolved
    from crabtrap.frontends.console.context import CommandContext

Completion = tuple[str, int]

MOST_COMPLETIONS = 200
"""How many are shown; one more is found where there are more."""
_WORD_BREAKS = " \t,()[]{}<>=+-*/&|!;'\""
_LAST_SIGNAL = 31
_MAX_DEREFS = 6


def completions(context: CommandContext, table: CommandTable, text: str) -> list[Completion]:
    """Find what may replace the end of ``text``.

    Returns:
        ``(replacement, characters replaced)``, best first, at most one more than are shown.
    """
    verbs = table.complete(text)
    last = text.rpartition(" ")[2]
    if verbs:
        return [(verb, len(last)) for verb in verbs]
    try:
        resolved = table.resolve(text)
    except CrabtrapError:
        return []
    try:
        return _arguments(context, table, resolved, text)[: MOST_COMPLETIONS + 1]
    except CrabtrapError:
        # Half-typed expressions fail, and so does everything while no program is stopped.
        return []


def _arguments(
    context: CommandContext, table: CommandTable, resolved: Resolved, text: str
) -> list[Completion]:
    word, rest = _word(text), resolved.arguments.rest
    match resolved.command.completes:
        case "location":
            found = _locations(context, word)
        case "expression":
            found = _names(context, text)
        case "file":
            found = _files(word)
        case "command":
            found = completions(context, table, rest) if rest else []
        case "setting":
            found = _prefixed((setting.name for setting in SETTINGS), rest)
        case "breakpoint":
            numbers = (str(item.number) for item in context.client.breakpoints)
            found = _prefixed(numbers, word)
        case "signal":
            names = (context.session.signals.name(n) for n in range(1, _LAST_SIGNAL + 1))
            found = _prefixed(names, word)
        case "catch":
            found = _prefixed(get_args(CatchKind), rest)
        case "task":
            found = _tasks(context, table, rest)
        case "":
            found = []
    return found


def _tasks(context: CommandContext, table: CommandTable, rest: str) -> list[Completion]:
    """Labels of tasks, and the commands that may follow one."""
    label, separator, command = rest.partition(" ")
    if separator:
        return completions(context, table, command)
    return _prefixed((task.label for task in context.session.tasks), label)


def _word(text: str) -> str:
    return text.rpartition(" ")[2]


def _prefixed(names: Iterable[str], prefix: str) -> list[Completion]:
    return [(name, len(prefix)) for name in names if name.startswith(prefix)]


def _locations(context: CommandContext, word: str) -> list[Completion]:
    found = context.session.code.complete(word, MOST_COMPLETIONS + 1)
    return [(name, len(word)) for name in found]


def _names(context: CommandContext, text: str) -> list[Completion]:
    """Variables of the selected frame, fields and methods, registers after a dollar sign."""
    word = text[expression_start(text) :]
    frame = context.client.frame
    if word.startswith("$"):
        return _prefixed((f"${name}" for name in frame.registers()), word)
    if "." in word:
        return _members(context, word)
    names = [binding.name for binding in (*frame.locals(), *frame.arguments())]
    return _prefixed(dict.fromkeys(names), word)


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


def _members(context: CommandContext, word: str) -> list[Completion]:
    """What may follow the last dot: fields, then the methods that need not run."""
    base, _, prefix = word.rpartition(".")
    try:
        methods = context.client.methods(base)
    except CrabtrapError:
        methods = ()
    return _prefixed(dict.fromkeys((*_fields(context, base), *methods)), prefix)


def _fields(context: CommandContext, base: str) -> dict[str, None]:
    """Fields of a value, and of what it dereferences to."""
    found: dict[str, None] = {}
    for _ in range(_MAX_DEREFS):
        try:
            value = context.client.evaluate(base)
        except CrabtrapError:
            break
        # Fields of std's types are private.
        if not value.type.is_std:
            found |= dict.fromkeys(name for name, _ in value.fields())
        base = f"(*{base})"
    return found


def _files(word: str) -> list[Completion]:
    directory, _, prefix = word.rpartition("/")
    shown = os.path.expanduser(f"{directory}/" if "/" in word else ".")
    try:
        entries = sorted(os.scandir(shown), key=lambda entry: entry.name)
    except OSError:
        return []
    return [
        (entry.name + ("/" if entry.is_dir() else ""), len(prefix))
        for entry in entries
        if entry.name.startswith(prefix) and (prefix or not entry.name.startswith("."))
    ]
