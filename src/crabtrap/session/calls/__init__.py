"""Inferior calls: choosing the function, passing arguments, running it, restoring state."""

from crabtrap.session.calls.caller import ProgramCaller
from crabtrap.session.calls.execution import CallSettings
from crabtrap.session.calls.formatting import format_debug

__all__ = ["CallSettings", "ProgramCaller", "format_debug"]
