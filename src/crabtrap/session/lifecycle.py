"""The life cycle of the program: launch, attach, connect, detach, kill."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from crabtrap.engine.breakpoints.stoppoints import PANIC_STOP, Catchpoint
from crabtrap.engine.job_control import told_at_attach
from crabtrap.engine.machine import Detached, Ended, NotStarted, Running, State, Stopped, require
from crabtrap.engine.modules.static_target import StaticTarget
from crabtrap.errors import UsageError
from crabtrap.events import Exited as ExitReason
from crabtrap.events import Notice, ProcessDetached
from crabtrap.files import absolute_path
from crabtrap.records import dataclass
from crabtrap.signal_names import signal_name
from crabtrap.symbols.module_table import ModuleTable
from crabtrap.target import live
from crabtrap.target.interface import LaunchRequest
from crabtrap.target.stdio import Stdio, Streams

if TYPE_CHECKING:
    from crabtrap.events import StopEvent
    from crabtrap.session.core import Core
    from crabtrap.target.interface import Target

Server = Literal["guard", "gdbserver"]

_SIGKILL = 9


@dataclass(frozen=True, slots=True)
class LaunchSettings:
    """Settings of a launch, kept for the next one.

    Attributes:
        arguments: Without ``argv[0]``.
        environment: Complete environment, ``None`` for the debugger's own.
        directory: Working directory, ``None`` for the debugger's own.
        randomize: Leave address space randomisation on.
        stdio: What the standard streams are connected to.
    """

    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] | None = None
    directory: str | None = None
    randomize: bool = False
    stdio: Stdio = Stdio()


class Lifecycle:
    """The present program of a session: before its launch, alive, after its end.

    Attributes:
        path: Path of the executable, ``None`` until there is one.
        program: The present program; before its launch, one that reads its files.
        launched: The session has launched it, and kills it when it is closed.
    """

    def __init__(self, path: str | None, server: Server, core: Core) -> None:
        """Read the program's symbols; nothing is started.

        Args:
            path: Path of an executable, ``None`` to attach to something later.
            server: Server for programs that are launched or attached to.
            core: Creates ``Program`` objects, and publishes output.

        Raises:
            DebugInfoError: The file cannot be read as a program.
            OSError: It cannot be opened.
        """
        self.path = path
        self.launched = False
        self._server: Server = server
        self._core = core
        # Ctrl-C ends the wait for a server that does not answer.
        self._waiting = core.interrupts.allowed
        self._settings = LaunchSettings()
        self._streams: Streams | None = None
        self._static = core.open_static(path) if path is not None else ModuleTable()
        self.program = core.make_program(StaticTarget(self._static), self._static)

    @property
    def state(self) -> State:
        """The state of the program."""
        return self.program.debuggee.state

    # -- beginning -----------------------------------------------------------------------
    def launch(self, settings: LaunchSettings) -> StopEvent:
        """Start the program and run it to its entry point."""
        self._settings = settings
        return self.launch_again()

    def launch_again(self) -> StopEvent:
        """Start the program with the settings of the last launch."""
        require(self.state, NotStarted, Ended, Detached, to="launch")
        if self.path is None:
            raise UsageError("there is no program to launch", hint="name one: file PROGRAM")
        settings = self._settings
        streams = settings.stdio.open()
        environment = settings.environment
        request = LaunchRequest(
            program=absolute_path(self.path),
            arguments=settings.arguments,
            environment=tuple(os.environ.items()) if environment is None else environment,
            directory=settings.directory,
            randomize=settings.randomize,
            stdio=streams.descriptors,
        )
        try:
            target = live.launch(request, server=self._server, waiting=self._waiting)
        except BaseException:
            streams.close()
            raise
        streams.release()
        self._streams = streams
        self.launched = True
        self._default_panic_stop(attached=False)
        return self._begin(target)

    def attach(self, pid: int) -> StopEvent:
        """Attach to a running process."""
        require(self.state, NotStarted, Ended, Detached, to="attach")
        told = (*told_at_attach(pid), *self._default_panic_stop(attached=True))
        event = self.take_over(live.attach(pid, server=self._server, waiting=self._waiting))
        for text in told:
            self._core.events.publish(Notice(text))
        return event

    def _default_panic_stop(self, *, attached: bool) -> tuple[str, ...]:
        """Enable the panic stop for a program as nobody has chosen, and tell what it differs in.

        It needs traps in the program's code, and one that was only attached to is not
        written to before the user asks for something that needs it.
        """
        item = self._core.table.find(PANIC_STOP)
        if not isinstance(item, Catchpoint) or item.chosen:
            return ()
        item.enabled = not attached
        if item.enabled:
            return ()
        return ("panics do not stop an attached program: `set panic-stop on` has them do so",)

    def reach(self, address: str) -> Target | None:
        """Connect to a remote server; ``None`` when it has no program yet."""
        require(self.state, NotStarted, Ended, Detached, to="connect")
        target = live.connect(address, waiting=self._waiting)
        if target.pid:
            return target
        target.close()
        return None

    def take_over(self, target: Target) -> StopEvent:
        """Begin to debug a program that the session has not started."""
        self.launched = False
        return self._begin(target)

    def _begin(self, target: Target) -> StopEvent:
        control = target.control
        if self._streams is not None and control is not None:
            self._streams.watch(control, self._core.events.publish)
        self.program.release()
        self.program = self._core.make_program(target, self._static)
        try:
            event = self.program.begin(attached=not self.launched)
        except BaseException:
            # The server detaches from it or kills it, as if the debugger had died.
            self.end()
            self.program = self._core.make_program(StaticTarget(self._static), self._static)
            raise
        self.path = self.path or target.executable()
        return event

    def compare_programs(self) -> None:
        """Publish a notice if the attached process runs another program than the named one."""
        debuggee = self.program.debuggee
        named, running = self._static.main, debuggee.modules.main
        if named is None or running is None or named.image is running.image:
            return
        if not named.image.build_id or named.image.build_id != running.image.build_id:
            pid, path = debuggee.target.pid, running.path
            text = f"{named.path} is not what process {pid} runs: {path} is shown"
            self._core.events.publish(Notice(text))

    # -- while it lives ------------------------------------------------------------------
    def drain(self) -> None:
        """Publish all output that the program has written."""
        if self._streams is not None:
            self._streams.drain()

    def resize_terminal(self, rows: int, columns: int) -> None:
        """Set the size of the program's own terminals, if it has any."""
        if self._streams is not None:
            self._streams.resize(rows, columns)

    # -- ending --------------------------------------------------------------------------
    def detach(self) -> None:
        """Detach from the program, and publish that."""
        require(self.state, Stopped, Running, to="detach")
        self._core.keep_hits()
        pid = self.program.debuggee.target.pid
        self.program.controller.detach()
        self.end()
        self._core.events.publish(ProcessDetached(pid))

    def keep_copy(self, most: int) -> bool:
        """Let the program run on, and look at a copy of it; see ``Program.keep_copy``."""
        require(self.state, Stopped, to="copy the program")
        if not self.program.keep_copy(most):
            return False
        self.launched = False  # it runs on by itself, as one that was attached to
        return True

    def kill(self) -> StopEvent:
        """Kill the program."""
        pid = self.program.debuggee.target.pid
        return self.program.controller.kill(ExitReason(pid, None, _SIGKILL, signal_name(_SIGKILL)))

    def end(self) -> None:
        """Close the streams and the connection of a program that ended; may be repeated."""
        if self._streams is not None:
            self._streams.close()
            self._streams = None
        self.program.release()
