"""Help, from the same table the commands are run from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import ParseError
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.output import Text, columns

if TYPE_CHECKING:
    from crabtrap.frontends.console.console import Console
    from crabtrap.frontends.describe import Json

_FIRST_STEPS = (
    ("break main.rs:42", "stop at a line; `break parse` at a function"),
    ("run", "start the program"),
    ("next", "one line further; `step` into calls, `finish` out of them"),
    ("print entry.words[0]", "show a value; `info locals` shows all variables"),
    ("backtrace", "show how the program got here; `up` and `down` move"),
    ("continue", "go on; Ctrl-C stops the program"),
)


def help_(console: Console, arguments: Arguments) -> Reply:
    """``help [COMMAND]``."""
    if arguments.empty:
        return _overview(console)
    text = arguments.take_rest()
    group = next((g for g in console.table.groups if g.title.lower() == text.lower()), None)
    if group is not None:
        return Reply({"group": group.title}, _group_lines(group))
    try:
        command = console.table.resolve(text).command
    except ParseError:
        return _family(console, text)
    return Reply(_data(command), command_lines(command))


def _family(console: Console, text: str) -> Reply:
    """The commands that share a first word, for ``help info``."""
    family = [
        command
        for group in console.table.groups
        for command in group.commands
        if any(name.startswith(f"{text} ") for name in command.names)
    ]
    if not family:
        console.table.resolve(text)
    names = [next(n for n in command.names if n.startswith(f"{text} ")) for command in family]
    rows = [
        (Text((name, "keyword")), Text(command.summary))
        for name, command in zip(names, family, strict=True)
    ]
    return Reply({"commands": list(names)}, columns(rows, indent=2))


def _overview(console: Console) -> Reply:
    rows = [(Text((line, "keyword")), Text(what)) for line, what in _FIRST_STEPS]
    lines = [Text(("First steps", "strong")), *columns(rows, indent=2)]
    for group in console.table.groups:
        names = ", ".join(command.name for command in group.commands)
        lines += [Text(), Text((group.title, "strong")), *_wrapped(names)]
    lines += [Text(), Text("`help COMMAND` shows examples; `help info` lists what can be asked.")]
    names_data: list[Json] = [c.name for group in console.table.groups for c in group.commands]
    return Reply({"commands": names_data}, lines)


def _wrapped(text: str) -> list[Text]:
    import textwrap

    wrapped = textwrap.wrap(text, 76, break_on_hyphens=False)
    return [Text("  ", (line, "plain")) for line in wrapped]


def _group_lines(group: Group) -> list[Text]:
    rows = [(Text((c.name, "keyword")), Text(c.summary)) for c in group.commands]
    return [Text((group.title, "strong")), *columns(rows, indent=2)]


def command_lines(command: Command) -> list[Text]:
    """Examples first, then the rest."""
    lines = [Text((command.name, "strong"), ": ", command.summary)]
    if command.examples:
        rows = [(Text((line, "keyword")), Text(what)) for line, what in command.examples]
        lines += [Text(), *columns(rows, indent=2)]
    lines += [Text(), *(Text(("usage  ", "dim"), usage) for usage in command.usage)]
    if len(command.names) > 1:
        lines.append(Text(("also   ", "dim"), ", ".join(command.names[1:])))
    if command.notes:
        lines += [Text(), *(Text(line) for line in command.notes.split("\n"))]
    return lines


def _data(command: Command) -> dict[str, Json]:
    return {
        "name": command.name,
        "aliases": list(command.names[1:]),
        "summary": command.summary,
        "usage": list(command.usage),
        "examples": [list(example) for example in command.examples],
        "notes": command.notes or None,
    }


def apropos(console: Console, arguments: Arguments) -> Reply:
    """``apropos WORD``."""
    word = arguments.need_rest("a word").lower()
    found = [
        command
        for group in console.table.groups
        for command in group.commands
        if word in f"{' '.join(command.names)} {command.summary} {command.notes}".lower()
    ]
    rows = [(Text((c.name, "keyword")), Text(c.summary)) for c in found]
    names: list[Json] = [command.name for command in found]
    return Reply({"commands": names}, columns(rows) or [Text(f"Nothing is about {word}.")])


GROUP = Group(
    "Help",
    (
        Command(
            ("help", "h"),
            help_,
            "Explain a command",
            ("help [COMMAND]",),
            (("help break", "examples first"), ("help info", "all that `info` can show")),
            completes="command",
        ),
        Command(
            ("apropos",),
            apropos,
            "Find commands by a word of their description",
            ("apropos WORD",),
            (("apropos register", "everything about registers"),),
        ),
    ),
)
