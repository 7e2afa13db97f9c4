"""Commands as data, and the table that finds the one a line begins with."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Literal, NoReturn

from crabtrap.errors import NotFoundError, ParseError
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.records import dataclass, field

if TYPE_CHECKING:
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.console.styled_text import Text
    from crabtrap.frontends.describe import JsonObject

Completes = Literal[
    "",
    "location",
    "expression",
    "file",
    "command",
    "setting",
    "breakpoint",
    "signal",
    "catch",
    "task",
]
Repeats = Literal["no", "line", "verb"]


@dataclass(frozen=True, slots=True)
class Reply:
    """The result of a command, as data and as text.

    Attributes:
        data: For ``--json``.
        lines: For the terminal.
        failed: What the command was to check does not hold: it counts as one that failed.
    """

    data: JsonObject
    lines: Sequence[Text] = ()
    failed: bool = False


Run = Callable[["CommandContext", Arguments], "Reply | None"]


@dataclass(frozen=True, slots=True)
class Command:
    """One verb of the console.

    Attributes:
        names: Canonical name first, then abbreviations and aliases; words separated by
            one space.
        run: Executes the command; returns what to show.
        summary: One sentence without a full stop.
        usage: Forms, as typed.
        examples: ``(command, what it does)``, most useful first.
        notes: More, as paragraphs.
        completes: What its arguments are.
        repeats: What an empty line after it does: nothing, the same line again, or the
            verb without arguments (which continues where it ended).
    """

    names: tuple[str, ...]
    run: Run
    summary: str
    usage: tuple[str, ...]
    examples: tuple[tuple[str, str], ...] = ()
    notes: str = ""
    completes: Completes = ""
    repeats: Repeats = "no"

    @property
    def name(self) -> str:
        """The canonical name."""
        return self.names[0]


@dataclass(frozen=True, slots=True)
class Group:
    """Commands that belong together in the manual."""

    title: str
    commands: tuple[Command, ...]


@dataclass(slots=True)
class _Node:
    command: Command | None = None
    children: dict[str, _Node] = field(default_factory=dict[str, "_Node"])


# Commands of other debuggers whose spelling does not lead to ours.
_ELSEWHERE = {
    "cls": "shell clear",
    "dump": "x or memory read",
    "eval": "print",
    "exec": "run",
    "funcs": "info functions",
    "g": "thread",
    "goroutines": "tasks or info threads",
    "lm": "info sharedlibrary",
    "list-locals": "info locals",
    "ls": "list or shell ls",
    "regs": "info registers",
    "out": "finish",
    "over": "next",
    "into": "step",
    "pause": "Ctrl-C",
    "panic": "catch panic",
    "s-out": "finish",
    "sources": "info source",
    "stepout": "finish",
    "vmmap": "info proc mappings",
    "w": "where or watch",
}

_VERB = re.compile(r"[A-Za-z_][\w-]*|!")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A line whose command has been found."""

    command: Command
    arguments: Arguments


class CommandTable:
    """All commands, found by name, abbreviation or shortest unique prefix."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self.groups: tuple[Group, ...] = ()
        self._root = _Node()
        for group in groups:
            self.add(group)

    def add(self, group: Group) -> None:
        """Add the commands of a group, at the end of the manual.

        Raises:
            ValueError: A name is taken.
        """
        self.groups += (group,)
        for command in group.commands:
            for name in command.names:
                self._insert(name, command)

    def __iter__(self) -> Iterator[Command]:
        for group in self.groups:
            yield from group.commands

    def resolve(self, line: str) -> Resolved:
        """Find the command that ``line`` begins with.

        Raises:
            NotFoundError: No command has such a name; the hint suggests some.
            ParseError: The abbreviation is ambiguous, or a word of the command is missing.
        """
        node, path, position = self._descend(line)
        if node.command is None:
            self._complain(line, node, path, position)
        command = node.command
        usage = command.usage[0] if command.usage else command.name
        return Resolved(command, Arguments(line, position, command.name, usage))

    def complete(self, text: str) -> list[str]:
        """Words that complete the last word of ``text``, if it is part of a verb."""
        head, _, last = text.rpartition(" ")
        node = self._root
        for word in head.split():
            found = _choose(node, word)
            if not isinstance(found, _Node):
                return []
            node = found
        return sorted(name for name in node.children if name.startswith(last))

    def find(self, name: str) -> Command | None:
        """The command a name or abbreviation stands for, if it is one and nothing follows."""
        try:
            resolved = self.resolve(name)
        except (NotFoundError, ParseError):
            return None
        return resolved.command if resolved.arguments.empty else None

    def names(self) -> list[str]:
        """Every name and alias of every command."""
        return [
            name for group in self.groups for command in group.commands for name in command.names
        ]

    def _insert(self, name: str, command: Command) -> None:
        node = self._root
        for word in name.split():
            node = node.children.setdefault(word, _Node())
        if node.command is not None:
            raise ValueError(f"two commands are called {name!r}")
        node.command = command

    def _descend(self, line: str) -> tuple[_Node, list[str], int]:
        """Follow the known words of ``line``; also return them and where the rest begins."""
        node, path = self._root, list[str]()
        position = len(line) - len(line.lstrip())
        while match := _VERB.match(line, position):
            found = _choose(node, match.group())
            if isinstance(found, list):
                raise ParseError(
                    f"{' '.join([*path, match.group()])!r} is ambiguous",
                    line.rstrip(), match.start(), match.end(),
                    hint=" or ".join(" ".join([*path, name]) for name in found[:6]),
                )  # fmt: skip
            if found is None:
                break
            node = found
            path.append(match.group())
            position = match.end()
            while line[position : position + 1].isspace():
                position += 1
        return node, path, position

    def _complain(self, line: str, node: _Node, path: list[str], position: int) -> NoReturn:
        rest = line[position:].split()
        if path and not rest:
            raise ParseError(
                f"{' '.join(path)!r} needs another word", line, position, position,
                hint=" ".join(path) + " " + " | ".join(sorted(node.children)),
            )  # fmt: skip
        word = rest[0] if rest else ""
        name = " ".join([*path, word])
        raise NotFoundError("command", name, hint=self._suggest(node, path, word))

    def _suggest(self, node: _Node, path: list[str], word: str) -> str:
        if not path and word in _ELSEWHERE:
            return _ELSEWHERE[word]
        # Verbs that exist one level up or down in the table: "info break", "locals", "registers".
        elsewhere = [name for name in self.names() if name.split()[-1] == word]
        near = _alike(word, list(node.children))
        found = [*elsewhere[:3], *(" ".join([*path, name]) for name in near)]
        return " or ".join(dict.fromkeys(found)) or "help"


def _alike(word: str, names: list[str]) -> list[str]:
    """Names that look like ``word``, or whose beginning does, as of a wrong abbreviation."""
    import difflib

    beginnings = {name[: len(word)]: name for name in reversed(names)}
    near = difflib.get_close_matches(word, names, n=3, cutoff=0.6)
    short = difflib.get_close_matches(word, list(beginnings), n=2, cutoff=0.6)
    return list(dict.fromkeys([*near, *(beginnings[start] for start in short)]))


# First words that stand for a family of commands.
_FAMILIES = {"i": "info"}


def _choose(node: _Node, word: str) -> _Node | list[str] | None:
    """The child ``word`` means; a list of names where it could mean several."""
    if word in node.children:
        return node.children[word]
    if node.command is None and _FAMILIES.get(word) in node.children:
        return node.children[_FAMILIES[word]]
    if node.command is not None and node.command.completes == "location":
        # "br list" is lldb's, but "br lis" is a function: only whole words count here.
        return None
    names = sorted((name for name in node.children if name.startswith(word)), key=len)
    if not names:
        return None
    # "wat" means watch, although watchpoint begins with it too.
    shortest = names[0]
    commands = {id(node.children[name].command or node.children[name]) for name in names}
    if len(commands) == 1 or all(name.startswith(shortest) for name in names):
        return node.children[shortest]
    return sorted(names)
