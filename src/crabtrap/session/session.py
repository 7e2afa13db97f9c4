"""One program being debugged: the only door front ends and scripts go through."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import (
    Ended,
    NotStarted,
    Running,
    State,
    Stopped,
    describe,
    require,
)
from crabtrap.errors import StateError
from crabtrap.events import Notice, ProcessDetached, StopEvent
from crabtrap.session.client import Client
from crabtrap.session.code import Code
from crabtrap.session.core import Core
from crabtrap.session.history import ValueHistory
from crabtrap.session.lifecycle import LaunchSettings, Server
from crabtrap.session.memory import ProgramMemory
from crabtrap.session.presentation import Presentation
from crabtrap.session.sources import Sources
from crabtrap.target.stdio import Stdio

if TYPE_CHECKING:
    from concurrent.futures import Future

    from crabtrap.engine.causes.signal_table import SignalTable
    from crabtrap.engine.debuggee import Options
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.session.event_hub import Cancel, Listener

T = TypeVar("T")


@through_door("post", "interrupt", "cancel", "stop_serving")
class Session:
    """A program, from before its launch until after its end.

    A session belongs to the Python thread that made it: every call from another thread is
    either posted (``post``) or refused with ``WrongThreadError``; only ``post``,
    ``interrupt``, ``cancel`` and ``stop_serving`` may be called from anywhere.

    While a verb waits for the program, posted functions are carried out, and may use all
    that makes sense while the program runs: breakpoints, memory, statics, threads,
    modules, ``interrupt``, ``detach``, ``kill``.

    The verbs that run the program, and those that look where somebody looks, are those of
    ``client``, the session's own client; ``new_client`` makes another one.

    Attributes:
        client: The client the session begins with.
        breakpoints: Where the program stops.
        memory: Its bytes and instructions.
        registers: Of its threads.
        sources: Its source files.
        code: Its modules, symbols and lines.
        values: How values are shown; the user's own rules for types.
    """

    def __init__(self, program: str | None, *, server: Server = "guard") -> None:
        """Read a program's symbols; nothing is started.

        Args:
            program: Path of an executable, ``None`` to attach to something later.
            server: What to start programs under.

        Raises:
            DebugInfoError: The file is no program we can read.
            OSError: It cannot be opened.
        """
        self._core = Core(program, server)
        self.client = Client(self._core, "session", self._core.history)
        self.breakpoints = self.client.breakpoints
        self.registers = self.client.registers
        self.memory = ProgramMemory(self._core)
        self.sources = Sources(self._core)
        self.code = Code(self._core)
        self.values = Presentation(self._core)
        self._serving = False
        verbs = self.client
        self.continue_, self.step, self.next = verbs.continue_, verbs.step, verbs.next
        self.step_instruction = verbs.step_instruction
        self.next_instruction = verbs.next_instruction
        self.finish, self.until, self.advance = verbs.finish, verbs.until, verbs.advance
        self.jump, self.resolve = verbs.jump, verbs.resolve
        self.evaluate, self.type_of, self.call = verbs.evaluate, verbs.type_of, verbs.call
        self.format_debug, self.assign = verbs.format_debug, verbs.assign
        self.select_thread, self.select_frame = verbs.select_thread, verbs.select_frame

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Session {self._core.lifecycle.path or '?'}: {describe(self._core.state)}>"

    @property
    def door(self) -> Door:
        """Where calls of other threads are turned back."""
        return self._core.door

    # -- life cycle ----------------------------------------------------------------------
    def launch(
        self,
        arguments: Sequence[str] = (),
        *,
        environment: Mapping[str, str] | None = None,
        directory: str | None = None,
        randomize: bool = False,
        stdio: Stdio | None = None,
    ) -> StopEvent:
        """Start the program; it stops at its entry point, libraries loaded.

        Args:
            arguments: Without the program's own name.
            environment: Complete environment, ``None`` for the debugger's own.
            directory: Working directory, ``None`` for the debugger's own.
            randomize: Leave address space randomisation on.
            stdio: Standard streams, the debugger's own by default.

        Returns:
            ``Started``, or an earlier stop in the program's loader.

        Raises:
            StateError: A program is running already.
            LaunchError: It cannot be started; ``hint`` says what to try.
        """
        settings = LaunchSettings(
            tuple(arguments),
            tuple(environment.items()) if environment is not None else None,
            directory,
            randomize,
            stdio or Stdio.inherit(),
        )
        return self._begin(lambda: self._core.lifecycle.launch(settings))

    def restart(self) -> StopEvent:
        """Kill what runs and launch it again in the same way; breakpoints stay.

        Raises:
            StateError: Nothing was launched by this session.
        """
        if not isinstance(self._core.state, NotStarted):
            if not self.launched:
                raise StateError("the program was not launched here", hint="attach to it again")
            if isinstance(self._core.state, Stopped | Running):
                self.kill()
        return self._begin(self._core.lifecycle.launch_again)

    def attach(self, pid: int) -> StopEvent:
        """Take over a running process; it stops where it is.

        Raises:
            StateError: A program is being debugged already.
            LaunchError: The kernel refuses; the text says which rule.
        """
        event = self._begin(lambda: self._core.lifecycle.attach(pid))
        self._core.lifecycle.compare_programs()
        return event

    def connect(self, address: str) -> StopEvent | None:
        """Connect to a remote server: ``unix:PATH``, ``HOST:PORT`` or ``stdio:COMMAND``.

        Returns:
            The stop of the program the server has, ``None`` when it has none yet.

        Raises:
            RemoteError: Nobody answers there, or not in the remote protocol.
        """
        lifecycle = self._core.lifecycle
        target = lifecycle.reach(address)
        return self._begin(lambda: lifecycle.take_over(target)) if target is not None else None

    def _begin(self, begin: Callable[[], StopEvent]) -> StopEvent:
        self.breakpoints.forget_failures()
        for item in self.breakpoints.drop_watchpoints():
            text = f"watchpoint {item.number} ({item.expression}) was deleted"
            self._core.events.publish(Notice(text))
        return self._core.settle(begin())

    def detach(self) -> None:
        """Let the program go on without us, with no trace left in it; also while it runs."""
        require(self._core.state, Stopped, Running, to="detach")
        self._core.keep_hits()
        pid = self._core.lifecycle.detach()
        self._core.events.publish(ProcessDetached(pid))

    def kill(self) -> StopEvent:
        """End the program; also while it runs."""
        return self._core.settle(self._core.lifecycle.kill())

    def close(self) -> None:
        """End the session: a launched program is killed, an attached one let go."""
        if isinstance(self._core.state, Stopped | Running):
            if self.launched:
                self.kill()
            else:
                self.detach()
        self._core.lifecycle.end()
        self._core.mailbox.close()

    @property
    def launched(self) -> bool:
        """Whether the program was started by this session, and ends with it."""
        return self._core.lifecycle.launched

    @property
    def state(self) -> State:
        """Where the session is."""
        return self._core.state

    @property
    def options(self) -> Options:
        """Choices that can be changed at any time."""
        return self._core.options

    @property
    def signals(self) -> SignalTable:
        """What is done with each signal."""
        return self._core.signals

    def resize_terminal(self, rows: int, columns: int) -> None:
        """Set the size of the program's own terminals; without any, nothing happens."""
        self._core.lifecycle.resize_terminal(rows, columns)

    # -- clients, events, other threads --------------------------------------------------
    def new_client(self, name: str) -> Client:
        """Let somebody else join: with a selection and a value history of its own."""
        return Client(self._core, name, ValueHistory())

    def subscribe(self, listener: Listener) -> Cancel:
        """Have ``listener`` called with every event, on the session's thread.

        Events come one after the other, to the listeners in the order in which they
        subscribed. What a listener raises is logged and disturbs nobody.

        Returns:
            Ends the subscription; harmless to repeat.
        """
        return self._core.events.subscribe(listener)

    def post(self, function: Callable[[], T]) -> Future[T]:
        """Have ``function`` called on the session's thread; may be called from any thread.

        It is called while a verb waits for the program, or in ``serve``, and may use the
        session. Functions are called in the order in which they were posted.

        Returns:
            Its result, or what it raised; cancelling it before the call prevents the call.
        """
        return self._core.mailbox.post(function)

    def serve(self, timeout: float | None = None) -> None:
        """Carry out posted functions until ``stop_serving``; for threads with nothing else to do.

        Args:
            timeout: Return after so many seconds in any case.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        self._serving = True
        while self._serving:
            remaining = None if deadline is None else deadline - time.monotonic()
            if remaining is not None and remaining <= 0:
                return
            self._core.serve_once(remaining)

    def stop_serving(self) -> None:
        """Have ``serve`` return; may be called from any thread."""
        self._serving = False
        self._core.mailbox.post(lambda: None)

    def interrupt(self) -> None:
        """Ask for a pause; safe from any thread and from signal handlers."""
        self._core.program.request_interrupt()

    def cancel(self) -> bool:
        """End a long evaluation or search, which raises ``CancelledError``; for any thread.

        Returns:
            Whether there was one. A program that runs is interrupted instead.
        """
        return self._core.door.cancel()

    def wait(self, timeout: float | None = None) -> StopEvent:
        """Wait for the next visible stop of a program that a timeout has left running.

        Args:
            timeout: Seconds, ``None`` for as long as it takes.

        Returns:
            The stop; the present one if the program is stopped.

        Raises:
            StateError: No program runs, or it was detached meanwhile.
            StillRunningError: The time is up; the program runs on.
        """
        require(self._core.state, Running, Stopped, Ended, to="wait")
        return self._core.wait(timeout)

    # -- the program as it is now --------------------------------------------------------
    @property
    def process(self) -> Process:
        """The program as it is now; while it runs, without registers and frames.

        Raises:
            StateError: There is none.
        """
        return self._core.process

    @property
    def threads(self) -> tuple[Thread, ...]:
        """All threads, by index."""
        return self._core.process.threads

    @property
    def thread(self) -> Thread:
        """The thread that ``client`` has selected."""
        return self.client.thread

    @property
    def frame(self) -> Frame:
        """The frame that ``client`` has selected."""
        return self.client.frame
