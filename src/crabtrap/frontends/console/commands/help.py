"""Help on commands, from the table they are run from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import ParseError
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, CommandTable, Group, Reply
from crabtrap.frontends.console.styled_text import Text, columns

if TYPE_CHECKING:
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json

_FIRST_STEPS = (
    ("break main.rs:42", "stop at a line; `break parse` at a function"),
    ("run", "start the program"),
    ("next", "one line further; `step` into calls, `finish` out of them"),
    ("print entry.words[0]", "show a value; `info locals` shows all variables"),
    ("backtrace", "show how the program got here; `up` and `down` move"),
    ("continue", "go on; Ctrl-C stops the program"),
)


def help_group(table: CommandTable) -> Group:
    """The commands that explain those of ``table``."""
    help = Help(table)
    return Group(
        "Help",
        (
            Command(
                ("help", "h"),
                help.help,
                "Explain a command",
                ("help [COMMAND]",),
                (("help break", "examples first"), ("help info", "all that `info` can show")),
                completes="command",
            ),
            Command(
                ("apropos",),
                help.apropos,
                "Find commands by a word of their description",
                ("apropos WORD",),
                (("apropos register", "everything about registers"),),
            ),
        ),
    )


class Help:
    """The help commands over a table of commands.

    Args:
        table: The commands to explain, of which the help commands are some.
    """

    def __init__(self, table: CommandTable) -> None:
        self._table = table

    def help(self, context: CommandContext, arguments: Arguments) -> Reply:
        """Explain a command, a group or a family: ``help [COMMAND]``."""
        if arguments.empty:
            return self._overview()
        text = arguments.take_rest()
        titled = (group for group in self._table.groups if group.title.lower() == text.lower())
        if (group := next(titled, None)) is not None:
            return Reply({"group": group.title}, _group_lines(group))
        try:
            command = self._table.resolve(text).command
        except ParseError:
            return self._family(text)
        return Reply(_data(command), command_lines(command))

    def apropos(self, context: CommandContext, arguments: Arguments) -> Reply:
        """Find commands by a word of their description: ``apropos WORD``."""
        word = arguments.need_rest("a word").lower()
        found = [
            command
            for command in self._table
            if word in f"{' '.join(command.names)} {command.summary} {command.notes}".lower()
        ]
        rows = [(Text((c.name, "keyword")), Text(c.summary)) for c in found]
        names: list[Json] = [command.name for command in found]
        return Reply({"commands": names}, columns(rows) or [Text(f"Nothing is about {word}.")])

    def _family(self, text: str) -> Reply:
        """The commands that share a first word, for ``help info``."""
        family = [
            (name, command)
            for command in self._table
            if (name := next((n for n in command.names if n.startswith(f"{text} ")), None))
        ]
        if not family:
            self._table.resolve(text)  # raises the error that says why there are none
        rows = [(Text((name, "keyword")), Text(command.summary)) for name, command in family]
        return Reply({"commands": [name for name, _ in family]}, columns(rows, indent=2))

    def _overview(self) -> Reply:
        rows = [(Text((line, "keyword")), Text(what)) for line, what in _FIRST_STEPS]
        lines = [Text(("First steps", "strong")), *columns(rows, indent=2)]
        for group in self._table.groups:
            names = ", ".join(command.name for command in group.commands)
            lines += [Text(), Text((group.title, "strong")), *_wrapped(names)]
        more = "`help COMMAND` shows examples; `help info` lists what can be asked."
        lines += [Text(), Text(more)]
        return Reply({"commands": [command.name for command in self._table]}, lines)


def _wrapped(text: str) -> list[Text]:
    import textwrap

    wrapped = textwrap.wrap(text, 76, break_on_hyphens=False)
    return [Text("  ", (line, "plain")) for line in wrapped]


def _group_lines(group: Group) -> list[Text]:
    rows = [(Text((c.name, "keyword")), Text(c.summary)) for c in group.commands]
    return [Text((group.title, "strong")), *columns(rows, indent=2)]


def command_lines(command: Command) -> list[Text]:
    """The help on a command: examples first, then usage, aliases and notes."""
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
