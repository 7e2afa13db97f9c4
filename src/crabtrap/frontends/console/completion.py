"""Completion by the Tab key: of commands, then of their arguments."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, get_args

from crabtrap import CatchKind
from crabtrap.errors import CrabtrapError
from crabtrap.frontends.console.settings_table import SETTINGS
from crabtrap.frontends.expression_completion import complete_expression, prefixed

if TYPE_CHECKING:
    from crabtrap.frontends.console.command import CommandTable, Resolved
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.expression_completion import Completion

MOST_COMPLETIONS = 200
"""How many are shown; one more is found where there are more."""
_LAST_SIGNAL = 31


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
            found = complete_expression(context.client, context.client.frame, text)
        case "file":
            found = _files(word)
        case "command":
            found = completions(context, table, rest) if rest else []
        case "setting":
            found = prefixed((setting.name for setting in SETTINGS), rest)
        case "breakpoint":
            numbers = (str(item.number) for item in context.client.breakpoints)
            found = prefixed(numbers, word)
        case "signal":
            names = (context.session.signals.name(n) for n in range(1, _LAST_SIGNAL + 1))
            found = prefixed(names, word)
        case "catch":
            found = prefixed(get_args(CatchKind), rest)
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
    return prefixed((task.label for task in context.session.tasks), label)


def _word(text: str) -> str:
    return text.rpartition(" ")[2]


def _locations(context: CommandContext, word: str) -> list[Completion]:
    found = context.session.code.complete(word, MOST_COMPLETIONS + 1)
    return [(name, len(word)) for name in found]


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
