"""Lines for events that are not stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import events
from crabtrap.frontends.console.output import Text
from crabtrap.frontends.console.stop_display import reason_text

if TYPE_CHECKING:
    from crabtrap.frontends.console.console import Console


def notice_lines(console: Console, event: events.Event) -> list[Text]:
    """What a person is told of ``event``; nothing for those only programs care about."""
    match event:
        case events.LogMessage(breakpoint=number, text=text):
            mark = Text((f"[{number}] ", "log"))
            return [Text(mark, line) for line in text.split("\n")]
        case events.Notice(text=text):
            return [Text(("note: ", "hint"), line) for line in text.split("\n")]
        case events.SignalReceived():
            return [reason_text(event)[0]]
        case _:
            return []
