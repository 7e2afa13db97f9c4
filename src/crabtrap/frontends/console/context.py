"""What a command may use: the program being debugged, the output, the user's choices.

Commands, and the functions that show things for them, import this file and never
``console.py``.  The console reads lines and runs commands; it makes one context for all of
them and implements ``CommandLines``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crabtrap import Client, Session
    from crabtrap.events import Exited
    from crabtrap.frontends.console.displays import Displays
    from crabtrap.frontends.console.launch_options import LaunchOptions
    from crabtrap.frontends.console.output import Output
    from crabtrap.frontends.console.position import Position
    from crabtrap.frontends.console.preferences import Preferences
    from crabtrap.frontends.console.script import LineSource
    from crabtrap.frontends.console.terminal import Terminal


class CommandLines(Protocol):
    """The command lines being executed, for commands that read or run further ones."""

    @property
    def interactive(self) -> bool:
        """A person types the lines."""
        ...

    def read_block(self, prompt: str) -> tuple[str, ...]:
        """Read lines up to ``end`` from where the present command came from.

        Raises:
            UsageError: The lines end first.
        """
        ...

    def run_lines(self, source: LineSource, *, stop_at_error: bool = False) -> bool:
        """Execute every line of ``source``; whether all of them succeeded.

        Raises:
            Quit: One of them was ``quit``.
        """
        ...

    def run_nested(self, line: str) -> bool:
        """Execute a line on behalf of the present command; errors are shown, not raised."""
        ...

    def queue(self, lines: Iterable[str]) -> None:
        """Have lines executed after the present command."""
        ...

    def drop_queue(self) -> None:
        """Forget the lines that are queued."""
        ...


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """Identity of a frame that was shown, so that a step inside it need not name it again.

    Attributes:
        thread: tid, 0 where nothing was shown yet.
        function: Display path.
        cfa: Distinguishes a recursive call from its caller.
        task: The task that the thread runs, ``""`` for none.
    """

    thread: int = 0
    function: str | None = None
    cfa: int | None = None
    task: str = ""


@dataclass(slots=True)
class StopRecord:
    """What is remembered of the stops shown so far.

    Attributes:
        frame: The frame shown last.
        last_exit: How the program ended; ``None`` before that and once it runs again.
        sanitising_noted: The user has been informed that the program's output is sanitised.
    """

    frame: ShownFrame = ShownFrame()
    last_exit: Exited | None = None
    sanitising_noted: bool = False


@dataclass(frozen=True, slots=True)
class CommandContext:
    """What every command is called with.

    Attributes:
        session: The program being debugged.
        client: The console as a user of the session: the verbs, and what is selected.
        output: Where everything shown goes.
        terminal: The user's terminal, handed to the program while that runs.
        lines: The command lines being executed.
        confirm: Asks a person a yes-or-no question; ``True`` where no person is asked.
        launch: How the program is started.
        preferences: What ``set`` changes about the console.
        position: Where ``list`` and ``x`` continue.
        displays: Expressions shown at every stop.
        stops: What is remembered of the stops shown so far.
    """

    session: Session
    client: Client
    output: Output
    terminal: Terminal
    lines: CommandLines
    confirm: Callable[[str], bool]
    launch: LaunchOptions
    preferences: Preferences
    position: Position
    displays: Displays
    stops: StopRecord
