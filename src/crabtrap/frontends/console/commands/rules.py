"""Rule files, by which the user's own types are shown."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crabtrap.errors import UsageError
from crabtrap.frontends.console.arguments import Arguments
from crabtrap.frontends.console.command import Command, Group, Reply
from crabtrap.frontends.console.styled_text import Text

if TYPE_CHECKING:
    from crabtrap import BlockRule, HoldRule, Rule, Session, WaitRule
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json


def load_file(session: Session, path: str) -> tuple[Rule | WaitRule | HoldRule | BlockRule, ...]:
    """Load a rule file.

    Raises:
        UsageError: It cannot be read, or holds no valid rules.
    """
    try:
        return session.values.rules.load(os.path.expanduser(path))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", hint="check the path") from error


def load(context: CommandContext, arguments: Arguments) -> Reply:
    """Show types as a rule file says: ``rules load FILE``."""
    path = arguments.need_rest("a rule file")
    rules = load_file(context.session, path)
    patterns: list[Json] = [rule.pattern for rule in rules]
    count = f"{len(rules)} rule{'' if len(rules) == 1 else 's'}"
    return Reply({"file": path, "rules": patterns}, [Text(f"{count} from ", (path, "path"))])


def unload(context: CommandContext, arguments: Arguments) -> Reply:
    """Stop using a rule file: ``rules unload FILE``."""
    path = os.path.expanduser(arguments.need_rest("a rule file"))
    context.session.values.rules.unload(path)
    return Reply({"file": path})


def info_rules(context: CommandContext, arguments: Arguments) -> Reply:
    """List the rule files in use: ``info rules``."""
    arguments.end()
    files: list[Json] = []
    lines: list[Text] = []
    for path, rules in context.session.values.rules.loaded:
        files.append({"file": path, "rules": [rule.pattern for rule in rules]})
        lines.append(Text((path, "path")))
        lines += (Text("  ", (rule.pattern, "type")) for rule in rules)
    return Reply({"files": files}, lines or [Text("No rule files are loaded.")])


GROUP = Group(
    "Rules for your own types",
    (
        Command(
            ("rules load",),
            load,
            "Show types as a rule file says",
            ("rules load FILE",),
            (("rules load app.toml", "again after editing it: its rules are read anew"),),
            "The format is described in docs/types.md. Rules are data: nothing in them runs.\n"
            "`--rules FILE` does the same from the command line.",
            completes="file",
        ),
        Command(
            ("rules unload",),
            unload,
            "Show types no longer as a rule file says",
            ("rules unload FILE",),
            completes="file",
        ),
        Command(
            ("info rules", "rules list"),
            info_rules,
            "List the rule files that are loaded, with the types they describe",
            ("info rules",),
        ),
    ),
)
