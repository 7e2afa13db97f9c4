"""The program's coming and going: what is debugged now, and how it was begun."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from crabtrap.engine.causes.signal_table import signal_name
from crabtrap.engine.machine import Detached, Ended, NotStarted, State, Stopped, require
from crabtrap.engine.modules.static_target import StaticTarget
from crabtrap.errors import UsageError
from crabtrap.events import Exited as ExitReason
from crabtrap.events import Notice
from crabtrap.records import dataclass
from crabtrap.symbols.module_table import ModuleTable
from crabtrap.target import live
from crabtrap.target.interface import LaunchRequest
from crabtrap.target.stdio import Stdio, Streams

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.engine.modules.module_loader import ModuleLoader
    from crabtrap.engine.program import Program
    from crabtrap.events import Event, StopEvent
    from crabtrap.target.interface import Target

Server = Literal["guard", "gdbserver"]

_SIGKILL = 9


@dataclass(frozen=True, slots=True)
class LaunchSettings:
    """How the program is launched, kept so that it can be done again.

    Attributes:
        arguments: Without ``argv[0]``.
        environment: Complete environment, ``None`` for the debugger's own.
        directory: Working directory, ``None`` for the debugger's own.
        randomize: Leave address space randomisation on.
        stdio: Where the standard streams go.
    """

    arguments: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] | None = None
    directory: str | None = None
    randomize: bool = False
    stdio: Stdio = Stdio()


class Lifecycle:
    """One program after the other: before its launch, alive, after its end.

    Attributes:
        path: The program's own, ``None`` until one is named or attached to.
        program: The present one; before launch, what its file tells.
        launched: It was started by us, and ends with us.
    """

    def __init__(
        self,
        path: str | None,
        server: Server,
        loader: ModuleLoader,
        make_program: Callable[[Target, ModuleTable], Program],
        publish: Callable[[Event], None],
    ) -> None:
        """Read the program's symbols; nothing is started.

        Args:
            path: An executable, or ``None`` to attach to something later.
            server: What to start programs under.
            loader: Opens modules.
            make_program: Joins a target and its modules with what outlives both.
            publish: For notices and the program's output.
        """
        self.path = path
        self.launched = False
        self._server: Server = server
        self._make_program = make_program
        self._publish = publish
        self._settings = LaunchSettings()
        self._streams: Streams | None = None
        self._static = loader.open_static(path) if path is not None else ModuleTable()
        self.program = make_program(StaticTarget(self._static), self._static)

    @property
    def state(self) -> State:
        """Where the program is."""
        return self.program.controller.state

    # -- beginning -----------------------------------------------------------------------
    def launch(self, settings: LaunchSettings) -> StopEvent:
        """Start the program, and run it on to its entry point."""
        self._settings = settings
        return self.launch_again()

    def launch_again(self) -> StopEvent:
        """Start it as the last time."""
        require(self.state, NotStarted, Ended, Detached, to="launch")
        if self.path is None:
            raise UsageError("there is no program to launch", hint="name one: file PROGRAM")
        settings = self._settings
        streams = settings.stdio.open()
        environment = settings.environment
        request = LaunchRequest(
            program=os.path.abspath(self.path),
            arguments=settings.arguments,
            environment=tuple(os.environ.items()) if environment is None else environment,
            directory=settings.directory,
            randomize=settings.randomize,
            stdio=streams.descriptors,
        )
        try:
            target = live.launch(request, server=self._server)
        except BaseException:
            streams.close()
            raise
        streams.release()
        self._streams = streams
        self.launched = True
        return self._begin(target)

    def attach(self, pid: int) -> StopEvent:
        """Take over a running process."""
        require(self.state, NotStarted, Ended, Detached, to="attach")
        return self.take_over(live.attach(pid, server=self._server))

    def reach(self, address: str) -> Target | None:
        """Connect to a remote server; ``None`` when it has no program yet."""
        require(self.state, NotStarted, Ended, Detached, to="connect")
        target = live.connect(address)
        if target.pid:
            return target
        target.close()
        return None

    def take_over(self, target: Target) -> StopEvent:
        """Go on with a program that somebody else has started."""
        self.launched = False
        return self._begin(target)

    def _begin(self, target: Target) -> StopEvent:
        control = target.control
        if self._streams is not None and control is not None:
            self._streams.watch(control, self._publish)
        self.program.release()
        self.program = self._make_program(target, self._static)
        event = self.program.begin(attached=not self.launched)
        self.path = self.path or target.executable()
        return event

    def compare_programs(self) -> None:
        """Say so when what was attached to is not the program that was named."""
        context = self.program.context
        named, running = self._static.main, context.modules.main
        if named is None or running is None or named.image is running.image:
            return
        if not named.image.build_id or named.image.build_id != running.image.build_id:
            pid, path = context.target.pid, running.path
            self._publish(Notice(f"{named.path} is not what process {pid} runs: {path} is shown"))

    # -- while it lives ------------------------------------------------------------------
    def drain(self) -> None:
        """Tell of all output that has come."""
        if self._streams is not None:
            self._streams.drain()

    def resize_terminal(self, rows: int, columns: int) -> None:
        """Tell the program's own terminals their size; without any, nothing happens."""
        if self._streams is not None:
            self._streams.resize(rows, columns)

    # -- ending --------------------------------------------------------------------------
    def detach(self) -> None:
        """Let the program go on without us."""
        require(self.state, Stopped, to="detach")
        self.program.context.control.detach()
        self.program.controller.detached()
        self.end()

    def kill(self) -> StopEvent:
        """End the program."""
        require(self.state, Stopped, to="kill")
        context = self.program.context
        pid = context.target.pid
        context.control.kill()
        reason = ExitReason(pid, None, _SIGKILL, signal_name(_SIGKILL))
        event = self.program.controller.gone(reason)
        self.end()
        return event

    def end(self) -> None:
        """Close what belonged to a program that is gone; harmless to repeat."""
        if self._streams is not None:
            self._streams.close()
            self._streams = None
        self.program.release()
