"""Every command of the console, in the order of the manual."""

from __future__ import annotations

from crabtrap.frontends.console.command import CommandTable
from crabtrap.frontends.console.commands import (
    data,
    examine,
    handle,
    help,
    info,
    leaving,
    listing,
    rules,
    run_control,
    settings,
    stack,
    stopping,
    threads,
    watch,
)


def command_table() -> CommandTable:
    """Build the table; cheap enough to do at every start."""
    return CommandTable(
        (
            run_control.GROUP,
            stopping.GROUP,
            watch.GROUP,
            stack.GROUP,
            data.GROUP,
            listing.GROUP,
            threads.GROUP,
            examine.GROUP,
            handle.GROUP,
            info.GROUP,
            settings.GROUP,
            rules.GROUP,
            leaving.GROUP,
            help.GROUP,
        )
    )
