"""The state of the server: what requests are carried out with."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol, TypeVar

from crabtrap.errors import StateError
from crabtrap.frontends.dap.client_abilities import ClientAbilities
from crabtrap.frontends.dap.configuration import Configuration
from crabtrap.frontends.dap.exception_filters import ExceptionFilters
from crabtrap.frontends.dap.references import References
from crabtrap.frontends.dap.source_places import SourcePlaces
from crabtrap.frontends.dap.stoppoint_book import DataWish, StoppointBook
from crabtrap.frontends.dap.task_threads import TaskThreads

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from crabtrap import Client, Session, StackFrame
    from crabtrap.events import StopEvent
    from crabtrap.frontends.dap.outbox import Outbox
    from crabtrap.frontends.dap.requests import Request

T = TypeVar("T")


class Terminal(Protocol):
    """A terminal of the editor's."""

    def close(self) -> None:
        """Give it back."""
        ...


class CommandConsole(Protocol):
    """The console's commands, for users who know these."""

    def understands(self, line: str) -> bool:
        """Whether a line begins with a command."""
        ...

    def execute(self, line: str, frame: StackFrame | None) -> tuple[bool, str]:
        """Execute a command in a frame; return whether it succeeded, and what it shows."""
        ...


class Adapter:
    """One client, and the program that it debugs.

    Attributes:
        outbox: Sends to the client.
        capabilities: What ``initialize`` announces.
        abilities: What the client understands.
        configuration: What it has asked for in ``launch`` or ``attach``.
        references: The numbers it has for frames and variables.
        stop: The stop at which the program is, with what was returned; ``None`` while it runs.
        current: The request that is being carried out.
        starting: The ``launch`` or ``attach`` that is answered once all is configured.
        configured: ``configurationDone`` has come.
        resuming: The client has asked for what resumes the program, and knows that it runs.
        replacing: The program is ended to be started again, which is not the end of all.
        asked_to_end: ``terminate`` has come once.
        entry_breakpoint: The breakpoint at which a program stops "on entry", ``None`` for none.
        finished: Nothing more is to be done.
        terminal: The editor's terminal that the program has, if it has one.
        console: Executes commands of the console, once there is a session.
        make_console: Makes one for a session.
        watched_places: What the values are that ``dataBreakpointInfo`` has named.
        watched: The data breakpoints, by what was wanted.
        cancel_job: Ends what is under way and is none of the session's.
        afterwards: To be called once the present request was answered.
        opened: Called with the session when there is one.
    """

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.capabilities: Mapping[str, object] = {}
        self.abilities = ClientAbilities()
        self.configuration = Configuration()
        self.references = References()
        self.stop: StopEvent | None = None
        self.current: Request | None = None
        self.starting: Request | None = None
        self.configured = False
        self.resuming = False
        self.replacing = False
        self.asked_to_end = False
        self.entry_breakpoint: int | None = None
        self.finished = False
        self.terminal: Terminal | None = None
        self.console: CommandConsole | None = None
        self.make_console: Callable[[Session], CommandConsole] | None = None
        self.watched_places: dict[str, tuple[str, StackFrame | None]] = {}
        self.watched: dict[DataWish, int] = {}
        self.cancel_job: Callable[[], None] | None = None
        self.afterwards: list[Callable[[], None]] = []
        self.opened: Callable[[Session], None] = lambda _: None
        self._session: Session | None = None
        self._client: Client | None = None
        self._sources: SourcePlaces | None = None
        self._stoppoints: StoppointBook | None = None
        self._tasks: TaskThreads | None = None
        self._exceptions: ExceptionFilters | None = None

    def adopt(self, session: Session) -> None:
        """Debug the program of a session."""
        self._session = session
        self._client = session.new_client("editor")
        self._sources = SourcePlaces(session)
        self._stoppoints = StoppointBook(session, self._client)
        self._exceptions = ExceptionFilters(session, self._client)
        self._tasks = TaskThreads(session)
        if self.make_console is not None:
            self.console = self.make_console(session)
        self.opened(session)

    def close(self) -> None:
        """End the session: a launched program is killed, another one let go."""
        session, self._session = self._session, None
        if session is not None:
            session.close()
        self.close_terminal()

    def close_terminal(self) -> None:
        """Give the editor's terminal back."""
        terminal, self.terminal = self.terminal, None
        if terminal is not None:
            terminal.close()

    def run_command(self, line: str) -> None:
        """Execute a command of the console, and show what it shows."""
        if self.console is not None:
            _, text = self.console.execute(line, None)
            self.say(text.rstrip("\n"))

    @property
    def has_session(self) -> bool:
        """There is a session, with a program or after its end."""
        return self._session is not None

    @property
    def session(self) -> Session:
        """The session.

        Raises:
            StateError: Nothing was launched yet.
        """
        return _there(self._session)

    @property
    def client(self) -> Client:
        """The editor as a user of the session; see ``session``."""
        return _there(self._client)

    @property
    def sources(self) -> SourcePlaces:
        """Where source files are; see ``session``."""
        return _there(self._sources)

    @property
    def stoppoints(self) -> StoppointBook:
        """What the client wants the program to stop at; see ``session``."""
        return _there(self._stoppoints)

    @property
    def exceptions(self) -> ExceptionFilters:
        """Which exceptions it is to stop at; see ``session``."""
        return _there(self._exceptions)

    @property
    def tasks(self) -> TaskThreads:
        """Its asynchronous tasks; see ``session``."""
        return _there(self._tasks)

    def frame(self, number: int | None) -> StackFrame | None:
        """The frame with this number; ``None`` for none.

        Raises:
            StaleError: It is of an earlier stop.
        """
        return None if number is None or number == 0 else self.references.frame(number)

    @contextlib.contextmanager
    def cancelling(self, cancel: Callable[[], None]) -> Generator[None]:
        """Have ``cancel`` called, by another thread, if the client cancels what is done within."""
        self.cancel_job = cancel
        try:
            yield
        finally:
            self.cancel_job = None

    def say(self, text: str, category: str = "console") -> None:
        """Tell the user something, in a line of the debug console."""
        self.outbox.event("output", {"category": category, "output": f"{text}\n"})


def _there(part: T | None) -> T:
    if part is None:
        raise StateError("there is no program yet", hint="launch or attach first")
    return part
