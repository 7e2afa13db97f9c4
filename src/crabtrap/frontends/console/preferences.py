"""Preferences: what ``set`` changes about the console itself."""

from __future__ import annotations

from crabtrap.records import dataclass


@dataclass(slots=True)
class Preferences:
    """The user's preferences; ``settings_table.py`` gives each a name for ``set``.

    Attributes:
        context_lines: Source lines shown at a stop, the current one in their middle.
        list_lines: Source lines shown by ``list``.
        elements: Items of a sequence and characters of a string shown at most.
        depth: Levels of nesting shown at most.
        pretty: Values that do not fit a line are shown over several.
        types: Types are shown with variables.
        addresses: Addresses are shown in backtraces.
        std_frames: Frames of the standard library are shown, not folded.
        frame_arguments: Arguments are shown in backtraces.
        confirm: Ask before something is lost.
        trace: Commands from scripts and options are shown before they run.
        call_timeout: Seconds after which a function called in the program is given up.
        call_all_threads: All threads run during a call, not only the selected one.
    """

    context_lines: int = 5
    list_lines: int = 10
    elements: int = 100
    depth: int = 4
    pretty: bool = True
    types: bool = False
    addresses: bool = False
    std_frames: bool = False
    frame_arguments: bool = True
    confirm: bool = True
    trace: bool = False
    call_timeout: int = 5
    call_all_threads: bool = False
