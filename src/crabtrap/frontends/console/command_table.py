"""All commands, in the order of the manual."""

from __future__ import annotations

from crabtrap.frontends.console.command import CommandTable
from crabtrap.frontends.console.commands import (
    breakpoint_changes,
    console_control,
    data,
    examine,
    help,
    program_info,
    rules,
    run_control,
    settings,
    signal_handling,
    source_listing,
    stack,
    tasks,
    threads,
    waits,
    watch,
)


def command_table() -> CommandTable:
    """Build the table of all commands."""
    table = CommandTable(
        (
            run_control.GROUP,
            breakpoint_changes.GROUP,
            watch.GROUP,
            stack.GROUP,
            data.GROUP,
            source_listing.GROUP,
            threads.GROUP,
            tasks.GROUP,
            waits.GROUP,
            examine.GROUP,
            signal_handling.GROUP,
            program_info.GROUP,
            settings.GROUP,
            rules.GROUP,
            console_control.GROUP,
        )
    )
    table.add(help.help_group(table))
    return table
