"""Calling functions of the program: whom, with what, how, and putting everything back."""

from crabtrap.session.calls.caller import ProgramCaller
from crabtrap.session.calls.execution import CallSettings
from crabtrap.session.calls.formatting import format_debug

__all__ = ["CallSettings", "ProgramCaller", "format_debug"]
