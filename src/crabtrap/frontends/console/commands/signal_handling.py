"""Signals: whether they stop the program, are shown, and are passed to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import NotFoundError
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.program_runs import go, require_program
from crabtrap.frontends.console.styled_text import Text, columns

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap import SignalAction
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json

_ACTIONS: dict[str, tuple[str, bool]] = {
    "stop": ("stop", True),
    "nostop": ("stop", False),
    "print": ("show", True),
    "noprint": ("show", False),
    "pass": ("pass_", True),
    "nopass": ("pass_", False),
    "noignore": ("pass_", True),
    "ignore": ("pass_", False),
}
_FIRST_REALTIME = 34


def handle(context: CommandContext, arguments: Arguments) -> Reply:
    """Change what happens at a signal: ``handle SIGNAL… ACTION…``."""
    numbers: list[int] = []
    actions: dict[str, bool] = {}
    table = context.session.signals
    while not arguments.empty:
        word = arguments.need_word("a signal")
        if word in _ACTIONS:
            name, value = _ACTIONS[word]
            actions[name] = value
        elif word == "all":
            # As in gdb, "all" leaves out the two signals that the debugger itself uses.
            numbers += [n for n, name, _ in table if name not in ("SIGTRAP", "SIGINT")]
        elif word[:1].isupper() or word.isdecimal() or word.upper().startswith("SIG"):
            numbers.append(table.parse(word))
        else:
            raise NotFoundError("action", word, tuple(_ACTIONS))
    if not numbers:
        arguments.fail("handle needs a signal")
    for number in numbers:
        table.set(table.name(number), **actions)
    return _table(row for row in table if row[0] in numbers)


def info_signals(context: CommandContext, arguments: Arguments) -> Reply:
    """Show what happens at signals: ``info signals [SIGNAL]``."""
    wanted = arguments.word()
    arguments.end()
    table = context.session.signals
    if wanted is not None:
        number = table.parse(wanted)
        return _table(row for row in table if row[0] == number)
    return _table(row for row in table if row[0] < _FIRST_REALTIME)


def _table(rows: Iterable[tuple[int, str, SignalAction]]) -> Reply:
    data: list[Json] = []
    lines: list[tuple[Text, ...]] = []
    for number, name, action in rows:
        data.append(
            {
                "number": number,
                "name": name,
                "stop": action.stop,
                "print": action.show,
                "pass": action.pass_,
            }
        )
        cells = [
            _yes("stop", action.stop),
            _yes("print", action.show),
            _yes("pass", action.pass_),
        ]
        lines.append((Text((f"{number:>2}", "dim")), Text(name), *cells))
    return Reply({"signals": data}, columns(lines))


def signal(context: CommandContext, arguments: Arguments) -> Reply:
    """Continue with a signal, or with none: ``signal SIGNAL|0``."""
    name = arguments.need_word("a signal, or 0 for none")
    arguments.end()
    require_program(context)
    return go(context, lambda: context.client.continue_(signal=name))


def _yes(word: str, value: bool) -> Text:
    return Text(word) if value else Text((f"no{word}", "dim"))


GROUP = Group(
    "Signals",
    (
        Command(
            ("handle", "process handle"),
            handle,
            "Say what happens at a signal",
            ("handle SIGNAL… [no]stop [no]print [no]pass",),
            (
                ("handle SIGUSR1 nostop noprint", "let it through unseen"),
                ("handle SIGPIPE stop nopass", "stop, and keep it from the program"),
            ),
            completes="signal",
        ),
        Command(
            ("signal", "process signal"),
            signal,
            "Continue with a signal for the selected thread, or without the one it stopped for",
            ("signal SIGNAL|0",),
            (
                ("signal SIGUSR1", "as if it had been sent now"),
                ("signal 0", "the program never sees the one it stopped for"),
            ),
            completes="signal",
        ),
        Command(
            ("info signals", "info handle"),
            info_signals,
            "List what happens at signals",
            ("info signals [SIGNAL]",),
            (("info signals SIGSEGV", "one of them"),),
            completes="signal",
        ),
    ),
)
