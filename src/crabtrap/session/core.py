"""The core of a session, which all its parts share."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from crabtrap.engine.breakpoints.stoppoints import PANIC_STOP, BreakpointTable, Catchpoint
from crabtrap.engine.causes.signal_table import SignalTable
from crabtrap.engine.debuggee import Debuggee, Options
from crabtrap.engine.door import Door
from crabtrap.engine.inspect.epoch import EpochClock
from crabtrap.engine.interrupts import Interrupts
from crabtrap.engine.machine import Ended, Running, State, Stopped, require
from crabtrap.engine.mailbox import Mailbox
from crabtrap.engine.modules.module_loader import ModuleLoader
from crabtrap.engine.program import Program
from crabtrap.errors import StillRunningError, TargetError
from crabtrap.events import CoroutineEnded, Notice, StepDone
from crabtrap.present import std_presenter
from crabtrap.records import replace
from crabtrap.session.event_hub import EventHub
from crabtrap.session.history import ValueHistory
from crabtrap.session.lifecycle import Lifecycle
from crabtrap.session.program_tasks import ProgramTasks
from crabtrap.session.returns import find_result
from crabtrap.session.rust_language import RustLanguage
from crabtrap.target.repair import repair_orphans

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.plans.plan import Plan
    from crabtrap.events import StopEvent
    from crabtrap.session.keeper import Keeper
    from crabtrap.session.lifecycle import Server
    from crabtrap.session.selection import Selection
    from crabtrap.symbols.code_rows import Function
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.target.interface import Target


class Core:
    """The present program, and everything that outlives it.

    Attributes:
        door: Refuses calls of other threads.
        interrupts: Holds Ctrl-C back while the program is moved.
        events: Delivers events to listeners.
        mailbox: Functions that other threads have posted.
        options: Options of the engine, which can be changed at any time.
        signals: The action for each signal.
        table: Breakpoints, watchpoints and catchpoints.
        presenter: Finds views of values by the rules for their types.
        history: Value history of the session's own client; conditions use its variables.
        language: Evaluates conditions and log texts.
        selections: The selection of every client; each one follows every stop.
        tasks: Finds the tasks of the program.
        keeper: Keeps the session should this process die, if it is to be kept.
        lifecycle: Launches and ends the program, and holds the present one.
    """

    def __init__(self, program: str | None, server: Server) -> None:
        """Read a program's symbols; nothing is started.

        Raises:
            DebugInfoError: The file cannot be read as a program.
            OSError: It cannot be opened.
        """
        self.door = Door()
        self.interrupts = Interrupts(self._wake)
        self.events = EventHub(self.interrupts)
        self.door.progress.publish = self.events.publish
        self.mailbox = Mailbox(self.door)
        self.options = Options()
        self.signals = SignalTable()
        self.table = BreakpointTable(self.events.publish)
        self.table.insert(Catchpoint(PANIC_STOP, kind="panic"))
        self.presenter = std_presenter()
        self.history = ValueHistory()
        self.language = RustLanguage(self.presenter, self.history, self.interrupts)
        self.selections: list[Selection] = []
        self.tasks = ProgramTasks(self)
        self._clock = EpochClock(self.door)
        self._loader = ModuleLoader(notify=self.notify, check=self.door.follow)
        self._settled_epoch = 0
        self._serving = False
        self._waiting_to_serve = False
        self.keeper: Keeper | None = None
        self.lifecycle = Lifecycle(program, server, self)
        self.door.notice_end = self._notice_end

    def _wake(self) -> None:
        """Wake whoever waits for the program; called by a signal handler, at any moment."""
        control = self.program.debuggee.live_control
        if control is not None:
            control.wake()

    def notify(self, text: str) -> None:
        """Publish a notice."""
        self.events.publish(Notice(text))

    def keep_nothing(self) -> contextlib.AbstractContextManager[None]:
        """Leave the file of the session within as it is: what it says is being taken up."""
        return self.keeper.waiting() if self.keeper else contextlib.nullcontext()

    def close(self) -> None:
        """Give back all that the program has taken: connection, descriptors, mapped files."""
        self.lifecycle.end()
        self.mailbox.close()
        self.tasks.forget()
        for item in self.table.breakpoints:
            item.searched = ()
        self._loader.close()

    # -- the present program ---------------------------------------------------------------
    @property
    def program(self) -> Program:
        """The present program; before its launch, one that reads its files."""
        return self.lifecycle.program

    @property
    def state(self) -> State:
        """The state of the present program."""
        return self.lifecycle.program.debuggee.state

    @property
    def process(self) -> Process:
        """The process as it is now; while it runs, without registers and frames.

        Raises:
            StateError: There is no process.
        """
        require(self.state, Stopped, Running, to="look at the program")
        return self.program.inspector.process

    def open_static(self, path: str) -> ModuleTable:
        """Return the modules of a program that was not launched; see ``ModuleLoader``."""
        return self._loader.open_static(path)

    def make_program(self, target: Target, modules: ModuleTable) -> Program:
        """Create the engine for a target, and resolve the breakpoints in its modules."""
        debuggee = Debuggee(
            target,
            modules,
            self.table,
            self.signals,
            self.options,
            self.events.publish,
            self._clock,
            self.interrupts,
        )
        program = Program(debuggee, self._loader, self.language, self.mailbox)
        program.adopt_own_package()
        program.resolver.resolve_all()
        return program

    def begin(self, begin: Callable[[], StopEvent]) -> StopEvent:
        """Take up another program; what was said of the last one is no longer so."""
        self._repair_orphans()
        self.tasks.begin()
        for item in self.table:
            item.failures, item.judged = 0, item.hits
        # The addresses of one run mean nothing in the next.
        dropped = tuple(self.table.watchpoints)
        for item in dropped:
            self.table.remove(item.number)
        for item in dropped:
            self.notify(f"watchpoint {item.number} ({item.expression}) was deleted")
        # Whatever Ctrl-C interrupts: a program is had and announced, or let go.
        with self.interrupts.deferred():
            return self.settle(begin())

    def _repair_orphans(self) -> None:
        """Repair what other sessions have left where their guards were killed, and say so."""
        try:
            found = repair_orphans()
        except TargetError as error:
            self.notify(str(error))
        else:
            for each in found:
                if each.outcome in ("repaired", "refused"):
                    self.notify(each.summary)

    # -- running ---------------------------------------------------------------------------
    def run(
        self, plan: Plan, thread: int, *, alone: bool | None = None, timeout: float | None = None
    ) -> StopEvent:
        """Carry out a plan; the stop selects a frame in every client and is published.

        Args:
            plan: The plan.
            thread: The selected thread (tid).
            alone: Resume no other thread; ``None`` for the option ``scheduler_lock``.
            timeout: Seconds, ``None`` for no limit.

        Raises:
            StateError: The program is not stopped.
            StillRunningError: The time is up; ``wait`` continues to wait.
        """
        if isinstance(self.state, Stopped) and (due := self.tasks.timers_due()):
            timers = "1 timer of a task" if due == 1 else f"{due} timers of tasks"
            self.notify(f"{timers} became due while the program was stopped")
        lock = self.options.scheduler_lock if alone is None else alone
        run = self.program.controller.run
        return self._carry_out(plan, lambda: run(plan, thread, alone=lock, timeout=timeout))

    def wait(self, timeout: float | None = None) -> StopEvent:
        """Wait for the stop of a running program; see ``run``."""
        state = self.state
        plan = state.run.plan if isinstance(state, Running) else None
        return self._carry_out(plan, lambda: self.program.controller.wait(timeout))

    def _carry_out(self, plan: Plan | None, carry_out: Callable[[], StopEvent]) -> StopEvent:
        before = self.state
        under_way = self.door.switch(under_way=False)  # a running program is interrupted instead
        with self.interrupts.deferred():
            try:
                event = carry_out()
            except StillRunningError:
                raise
            except BaseException:
                state = self.state
                if isinstance(state, Stopped | Ended) and state is not before:
                    self.settle(state.event, plan)
                raise
            finally:
                self.door.switch(under_way=under_way)
            return self.settle(event, plan)

    def serve(self, timeout: float | None) -> None:
        """Call what is posted, until ``stop_serving`` or for so many seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        self._serving = True
        while self._serving:
            remaining = None if deadline is None else deadline - time.monotonic()
            if remaining is not None and remaining <= 0:
                return
            self._serve_once(remaining)

    def stop_serving(self) -> None:
        """Have ``serve`` return; for any thread."""
        self._serving = False
        self.mailbox.post(self._end_wait)

    def _end_wait(self) -> None:
        """End the wait of ``serve`` for a program that runs; it runs on."""
        if self._waiting_to_serve and isinstance(self.state, Running):
            self.program.controller.abandoned = True

    def _serve_once(self, timeout: float | None) -> None:
        """Wait until a function is posted or the program stops, and handle that."""
        if not isinstance(self.state, Running):
            if self.mailbox.wait(timeout):
                self.mailbox.run_posted()
            return
        self._waiting_to_serve = True
        try:
            with contextlib.suppress(StillRunningError):
                self.wait(timeout)
        finally:
            self._waiting_to_serve = False

    def settle(self, event: StopEvent, plan: Plan | None = None) -> StopEvent:
        """Select the frame of a stop, clean up after an end, and publish the stop, once."""
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
            self.program.tracker.follow()
            for selection in self.selections:
                selection.follow(event)
            event = self._with_return_value(event, plan)
        self.events.publish(event)
        return event

    def _notice_end(self, error: BaseException | None) -> StopEvent | None:
        """Publish the end of a program that was killed while it was stopped.

        Args:
            error: What has failed, perhaps because of that.

        Returns:
            The end, ``None`` if nothing new is to be told.
        """
        debuggee = self.lifecycle.program.debuggee
        if isinstance(debuggee.state, Stopped) and (error or debuggee.target.is_gone):
            self.lifecycle.program.controller.note_end(error)
        state = debuggee.state
        if not isinstance(state, Ended) or state.event.epoch == self._settled_epoch:
            return None
        return self.settle(state.event)

    def _with_return_value(self, event: StopEvent, plan: Plan | None) -> StopEvent:
        # Of a plan that is ``Returning``: to ask whether it is one takes longer than all of this.
        function: Function | None = getattr(plan, "returned", None)
        if function is None:
            return event
        value = find_result(function, self.program.inspector.frame(event.thread))
        if value is None:
            return event
        text, name = self.language.render(value), value.type.qualified_name
        reasons = tuple(
            replace(why, return_value=text, return_type=name)
            if isinstance(why, StepDone | CoroutineEnded)
            else why
            for why in event.reasons
        )
        return replace(event, reasons=reasons)

    def keep_hits(self) -> None:
        """Read the hits that the target counts into the breakpoints."""
        control = self.program.debuggee.target.control
        if control is None:
            return
        for item in (*self.table.breakpoints, *self.table.watchpoints):
            if item.on_target:
                item.hits = control.read_counter(item.number)
