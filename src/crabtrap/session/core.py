"""What all parts of a session share: built first, handed to each of them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.stoppoints import BreakpointTable
from crabtrap.engine.causes.signal_table import SignalTable
from crabtrap.engine.debuggee import Debuggee, Options
from crabtrap.engine.door import Door
from crabtrap.engine.inspect.epoch import EpochClock
from crabtrap.engine.machine import Ended, Running, State, Stopped, require
from crabtrap.engine.mailbox import Mailbox
from crabtrap.engine.modules.module_loader import ModuleLoader
from crabtrap.engine.plans.run_to import Finish
from crabtrap.engine.program import Program
from crabtrap.errors import StillRunningError
from crabtrap.events import Notice, StepDone
from crabtrap.present import std_presenter
from crabtrap.records import replace
from crabtrap.session.event_hub import EventHub
from crabtrap.session.history import ValueHistory
from crabtrap.session.lifecycle import Lifecycle
from crabtrap.session.returns import find_return_value
from crabtrap.session.rust_language import RustLanguage

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.plans.plan import Plan
    from crabtrap.events import StopEvent
    from crabtrap.session.lifecycle import Server
    from crabtrap.session.selection import Selection
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.target.interface import Target


class Core:
    """The present program, and what outlives it.

    Attributes:
        door: Where calls of other threads are turned back.
        events: Who hears what happens.
        mailbox: What other threads have posted.
        options: Choices that can be changed at any time.
        signals: What is done with each signal.
        table: Breakpoints, watchpoints and catchpoints.
        presenter: What types are for a reader.
        language: The expressions of conditions and log texts.
        lifecycle: How the program came to be, and how it ends.
        history: Of the client that the session begins with; conditions use its variables.
        selections: Of every client; each follows every stop.
    """

    def __init__(self, program: str | None, server: Server) -> None:
        """Read a program's symbols; nothing is started.

        Raises:
            DebugInfoError: The file is no program we can read.
            OSError: It cannot be opened.
        """
        self.door = Door()
        self.events = EventHub()
        self.mailbox = Mailbox(self.door)
        self.options = Options()
        self.signals = SignalTable()
        self.table = BreakpointTable(self.events.publish)
        self.presenter = std_presenter()
        self.history = ValueHistory()
        self.language = RustLanguage(self.presenter, self.history)
        self.selections: list[Selection] = []
        self._clock = EpochClock(self.door)
        self._loader = ModuleLoader(notify=self._notify)
        self._settled_epoch = 0
        self.lifecycle = Lifecycle(program, server, self)

    def _notify(self, text: str) -> None:
        self.events.publish(Notice(text))

    # -- the present program ---------------------------------------------------------------
    @property
    def program(self) -> Program:
        """The present one; before launch, what its file says."""
        return self.lifecycle.program

    @property
    def state(self) -> State:
        """Where it is."""
        return self.lifecycle.program.debuggee.state

    @property
    def process(self) -> Process:
        """The program as it is now; while it runs, without registers and frames.

        Raises:
            StateError: There is none.
        """
        require(self.state, Stopped, Running, to="look at the program")
        return self.program.inspector.process

    def open_static(self, path: str) -> ModuleTable:
        """The modules of a program that does not run; see ``ModuleLoader``."""
        return self._loader.open_static(path)

    def make_program(self, target: Target, modules: ModuleTable) -> Program:
        """Join a target and its modules with what outlives both."""
        debuggee = Debuggee(
            target,
            modules,
            self.table,
            self.signals,
            self.options,
            self.events.publish,
            self._clock,
        )
        program = Program(debuggee, self._loader, self.language, self.mailbox)
        program.adopt_own_package()
        program.resolver.resolve_all()
        return program

    # -- running ---------------------------------------------------------------------------
    def run(
        self, plan: Plan, thread: int, *, alone: bool | None = None, timeout: float | None = None
    ) -> StopEvent:
        """Carry out a plan; what it stopped for is selected in every client, and published.

        Args:
            plan: What to do.
            thread: The thread that is looked at (a tid).
            alone: Resume no other; ``None`` for what the user's options say.
            timeout: Seconds, ``None`` for as long as it takes.

        Raises:
            StateError: The program is not stopped.
            StillRunningError: The time is up; ``wait`` waits on.
        """
        lock = self.options.scheduler_lock if alone is None else alone
        self.program.controller.start(plan, thread, alone=lock)
        return self.wait(timeout, plan)

    def wait(self, timeout: float | None = None, plan: Plan | None = None) -> StopEvent:
        """Wait for the stop of a program that runs; see ``run``."""
        state = self.state
        if isinstance(state, Running):
            plan = state.run.plan
        try:
            with self.door.uncancellable():
                event = self.program.controller.wait(timeout)
        except StillRunningError:
            raise
        except BaseException:
            state = self.state
            if isinstance(state, Stopped | Ended):
                self.settle(state.event, plan)
            raise
        return self.settle(event, plan)

    def serve_once(self, timeout: float | None) -> None:
        """Wait until something was posted, or the program has stopped, and deal with it."""
        if not isinstance(self.state, Running):
            if self.mailbox.wait(timeout):
                self.mailbox.run_posted()
            return
        with contextlib.suppress(StillRunningError):
            self.wait(timeout)

    def settle(self, event: StopEvent, plan: Plan | None = None) -> StopEvent:
        """Select what a stop is about, clean up after an end, and publish the stop, once."""
        if event.epoch == self._settled_epoch:
            return event
        self._settled_epoch = event.epoch
        self.program.debuggee.interrupt_requested = False
        self.lifecycle.drain()
        if isinstance(self.state, Ended):
            for selection in self.selections:
                selection.clear()
            self.keep_hits()
            self.lifecycle.end()
        else:
            for selection in self.selections:
                selection.follow(event, plan)
            event = self._with_return_value(event, plan)
        self.events.publish(event)
        return event

    def _with_return_value(self, event: StopEvent, plan: Plan | None) -> StopEvent:
        if not isinstance(plan, Finish) or not plan.returned or plan.function is None:
            return event
        frame = self.program.inspector.frame(event.thread)
        value = find_return_value(plan.function, frame)
        if value is None:
            return event
        done = StepDone("finish", self.language.render(value), value.type.name)
        reasons = tuple(done if isinstance(why, StepDone) else why for why in event.reasons)
        return replace(event, reasons=reasons)

    def keep_hits(self) -> None:
        """Read the hits that the target counts, for a last time before it goes."""
        control = self.program.debuggee.target.control
        if control is None:
            return
        for item in self.table.breakpoints:
            if item.on_target:
                item.hits = control.read_counter(item.number)
