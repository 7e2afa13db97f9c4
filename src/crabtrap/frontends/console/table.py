"""Every command of the console, in the order of the manual."""

from __future__ import annotations

from crabtrap.frontends.console.command import CommandTable
from crabtrap.frontends.console.commands import (
    breakpoints,
    data,
    help,
    info,
    memory,
    rules,
    run_control,
    session,
    settings,
    signals,
    source,
    stack,
    threads,
    watch,
)


def command_table() -> CommandTable:
    """Build the table; cheap enough to do at every start."""
    return CommandTable(
        (
            run_control.GROUP,
            breakpoints.GROUP,
            watch.GROUP,
            stack.GROUP,
            data.GROUP,
            source.GROUP,
            threads.GROUP,
            memory.GROUP,
            signals.GROUP,
            info.GROUP,
            settings.GROUP,
            rules.GROUP,
            session.GROUP,
            help.GROUP,
        )
    )
