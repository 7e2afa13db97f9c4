"""The commands that change and show settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import NotFoundError
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.commands.data import assign
from crabtrap.frontends.console.settings_table import SETTINGS, Setting, find_setting
from crabtrap.frontends.console.styled_text import Text, columns

if TYPE_CHECKING:
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json


def set_(context: CommandContext, arguments: Arguments) -> Reply:
    """Change a setting: ``set SETTING VALUE``; as in gdb, also ``set PLACE = VALUE``."""
    words = arguments.rest.split()
    found = find_setting(words)
    if found is None:
        if "=" in arguments.rest:
            return assign(context, arguments)
        raise _unknown(" ".join(words[:2]))
    setting, count = found
    for _ in range(count):
        arguments.word()
    setting.write(context, arguments.take_rest())
    return Reply({"setting": setting.name, "value": setting.read(context)})


def _unknown(name: str) -> NotFoundError:
    names = [setting.name for setting in SETTINGS]
    import difflib

    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return NotFoundError("setting", name, tuple(close), hint="" if close else "show lists them")


def unset(context: CommandContext, arguments: Arguments) -> Reply:
    """Remove a variable from the program's environment: ``unset environment NAME``."""
    name = arguments.need_word("a name")
    arguments.end()
    context.launch.environment[name] = None
    return Reply({"setting": "environment", "removed": name})


def show(context: CommandContext, arguments: Arguments) -> Reply:
    """Show settings: ``show [SETTING]``."""
    words = arguments.take_rest().split()
    chosen = [s for s in SETTINGS if not words or s.name.split()[: len(words)] == words]
    if not chosen:
        found = find_setting(words)
        if found is None:
            raise _unknown(" ".join(words))
        chosen = [found[0]]
    data: dict[str, Json] = {setting.name: setting.read(context) for setting in chosen}
    rows = [_row(setting, data[setting.name]) for setting in chosen]
    return Reply({"settings": data}, columns(rows))


def _row(setting: Setting, value: Json) -> tuple[Text, ...]:
    return Text((setting.name, "name")), Text(_value_text(value)), Text((setting.summary, "dim"))


def _value_text(value: Json) -> str:
    match value:
        case True:
            return "on"
        case False:
            return "off"
        case None:
            return "-"
        case list():
            return " ".join(map(str, value)) or "-"
        case dict():
            return " ".join(f"{name}={text}" for name, text in value.items()) or "-"
        case _:
            return str(value)


GROUP = Group(
    "Settings",
    (
        Command(
            ("set", "settings set"),
            set_,
            "Change a setting",
            ("set SETTING VALUE",),
            (
                ("set print elements 20", "shorter lists"),
                ("set print std-frames on", "nothing is folded in backtraces"),
                ("set scheduler-locking on", "step one thread while the others stay stopped"),
                ("set args --fast input.txt", "for the next run"),
            ),
            "`show` lists all settings.",
            completes="setting",
        ),
        Command(
            ("show", "settings show"),
            show,
            "Show settings",
            ("show [SETTING]",),
            (("show", "all"), ("show print", "those about values")),
            completes="setting",
        ),
        Command(
            ("unset environment",),
            unset,
            "Remove a variable from the environment the program is started with",
            ("unset environment NAME",),
        ),
    ),
)
