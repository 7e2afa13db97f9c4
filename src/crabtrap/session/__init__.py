"""The public API: one program being debugged, and every verb a front end has."""

from crabtrap.session.breakpoints import Breakpoints
from crabtrap.session.session import LaunchSettings, Session

__all__ = ["Breakpoints", "LaunchSettings", "Session"]
