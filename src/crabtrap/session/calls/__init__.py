"""Inferior calls: choosing the function, passing arguments, running it, restoring state."""

from crabtrap.session.calls.caller import ProgramCaller
from crabtrap.session.calls.execution import CallSettings
from crabtrap.session.calls.formatting import format_debug
from crabtrap.session.calls.probe import why_not_called

__all__ = ["CallSettings", "ProgramCaller", "format_debug", "why_not_called"]
