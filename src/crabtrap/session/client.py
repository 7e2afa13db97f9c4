"""One user of a session: a console, an editor, a script."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec

from crabtrap.address import Address
from crabtrap.engine.causes.signal_table import parse_signal
from crabtrap.engine.door import Door, through_door
from crabtrap.engine.inspect.frame import Frame
from crabtrap.engine.inspect.statics import Declaration, find_declaration
from crabtrap.engine.machine import Stopped, require
from crabtrap.errors import CrabtrapError, NotFoundError, RangeError
from crabtrap.session.breakpoints import Breakpoints
from crabtrap.session.expression_verbs import ExpressionVerbs
from crabtrap.session.registers import Registers
from crabtrap.session.run_verbs import RunVerbs, the_one_location
from crabtrap.session.selection import Selection, find_thread
from crabtrap.symbols.linespec import anchored, parse_spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.engine.inspect.stack_frame import CallStack, StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.events import StopEvent
    from crabtrap.session.core import Core
    from crabtrap.session.history import ValueHistory
    from crabtrap.symbols.breakpoint_locations import Resolution
    from crabtrap.symbols.linespec import Spec
    from crabtrap.symbols.types import Type
    from crabtrap.tasks.task import Task
    from crabtrap.values.value import Value


P = ParamSpec("P")


def returning_the_end(
    verb: Callable[Concatenate[Client, P], StopEvent],
) -> Callable[Concatenate[Client, P], StopEvent]:
    """Have a verb that runs the program return its end, however the verb comes to know it."""

    @wraps(verb)
    def run(self: Client, *args: P.args, **keywords: P.kwargs) -> StopEvent:
        try:
            return verb(self, *args, **keywords)
        except CrabtrapError as error:
            event = self.door.notice_end(error)
            if event is None:
                raise
            return event

    return run


@through_door()
class Client:
    """A user's own view of a session: selected thread and frame, and value history.

    Clients share the program, breakpoints and events.  Every stop selects its thread and
    frame in all of them; selecting another thread or frame affects one client alone.
    Verbs that run the program block until the next visible stop and return it.

    Attributes:
        name: Name of the client in ``SelectionChanged`` events.
        history: Its value history and its convenience variables.
        breakpoints: The stoppoints, which all clients share.
        registers: The registers of the program's threads.
    """

    def __init__(self, core: Core, name: str, history: ValueHistory) -> None:
        """Add a client to a session; use ``Session.new_client``."""
        self.name = name
        self.history = history
        self._core = core
        self._selection = Selection(core, name)
        self.registers = Registers(core, self._selection)
        self.breakpoints = Breakpoints(core, self)
        self._evaluation = ExpressionVerbs(core, history)
        core.selections.append(self._selection)
        if isinstance(core.state, Stopped):
            self._selection.follow(core.state.event)

    def __repr__(self) -> str:
        return f"<Client {self.name}>"

    @property
    def door(self) -> Door:
        """The check that refuses calls of other threads."""
        return self._core.door

    def leave(self) -> None:
        """Leave the session; may be called again."""
        if self._selection in self._core.selections:
            self._core.selections.remove(self._selection)

    # -- selection ---------------------------------------------------------------------------
    @property
    def thread(self) -> Thread:
        """The selected thread.

        Raises:
            StateError: The program is not stopped.
        """
        return self._selection.thread

    @property
    def task(self) -> Task | None:
        """The selected task, ``None`` where a thread is looked at.

        Raises:
            StateError: The program is not stopped.
        """
        return self._selection.task

    @property
    def running_task(self) -> Task | None:
        """The task that the selected thread runs, ``None`` if it runs none.

        Raises:
            StateError: The program is not stopped.
        """
        return self._core.tasks.running_on(self._selection.thread)

    @property
    def stack(self) -> CallStack:
        """What the selected frame is one of: the selected task, or else the selected thread.

        Raises:
            StateError: The program is not stopped.
        """
        return self._selection.stack

    @property
    def frame(self) -> StackFrame:
        """The selected frame.

        Raises:
            StateError: The program is not stopped.
        """
        return self._selection.frame

    @property
    def pc(self) -> Address:
        """The next instruction that the selected frame runs.

        Raises:
            StateError: The program is not stopped, or it is the frame of a task that waits.
        """
        return self._selection.thread_frame.pc

    def select_thread(self, thread: int) -> Thread:
        """Select a thread by index or tid, and its innermost frame.

        Raises:
            NotFoundError: There is no such thread.
        """
        return self._selection.select_thread(thread)

    def select_task(self, task: Task | int | str) -> Task:
        """Select a task, and its innermost frame in the user's code; it is looked at, not run.

        Args:
            task: A task, its number, or its label.

        Raises:
            NotFoundError: There is no such task.
        """
        found = self._core.tasks.at_stop.find(task) if isinstance(task, int | str) else task
        return self._selection.select_task(found)

    def select_frame(self, index: int) -> StackFrame:
        """Select a frame of the selected task or thread.

        Raises:
            RangeError: The stack has no such frame.
        """
        return self._selection.select_frame(index)

    # -- running -----------------------------------------------------------------------------
    @returning_the_end
    def continue_(
        self,
        *,
        ignore: int = 0,
        signal: str | int | None = None,
        thread: Thread | int | None = None,
        timeout: float | None = None,
    ) -> StopEvent:
        """Run until something stops the program.

        Args:
            ignore: How many further hits of the breakpoint at the thread's pc to ignore.
            signal: Signal to deliver to the thread, by name or number, in place of the one
                that it stopped for; 0 for none.
            thread: The thread to select; with ``scheduler_lock`` it runs alone.
            timeout: Seconds; see ``Session.wait``.

        Raises:
            StateError: The program is not stopped.
            StillRunningError: The time is up; the program runs on.
            NotFoundError: There is no such signal.
        """
        tid = self._tid(thread, to="continue")
        if signal is not None:
            number = 0 if str(signal) == "0" else parse_signal(str(signal))
            self._core.program.controller.deliver(tid, number)
        if ignore:
            pc = self._core.process.thread(tid).pc
            owners = self._core.program.debuggee.sites.owners_at(pc)
            for number in owners.get("breakpoint", ()):
                item = self._core.table.find(number)
                if item is not None:
                    self._core.keep_hits()
                    item.ignore = item.hits + ignore
                    self._core.program.resolver.arm(item)
        return RunVerbs(self._core, timeout).continue_(tid)

    @returning_the_end
    def step(
        self,
        count: int = 1,
        *,
        thread: Thread | int | None = None,
        timeout: float | None = None,
    ) -> StopEvent:
        """Run to another line of the user's code, entering the user's functions.

        In an async function, over polls of other tasks and to whatever thread polls it next;
        of a selected task that waits, from where it waits.
        """
        return self._line(count, thread, timeout, into=True)

    @returning_the_end
    def next(
        self,
        count: int = 1,
        *,
        thread: Thread | int | None = None,
        timeout: float | None = None,
    ) -> StopEvent:
        """Run to another line of the user's code in this frame or a caller; see ``step``."""
        return self._line(count, thread, timeout, into=False)

    def _line(
        self, count: int, thread: Thread | int | None, timeout: float | None, *, into: bool
    ) -> StopEvent:
        tid, index = self._frame_choice(thread, to="step" if into else "next")
        verbs = RunVerbs(self._core, timeout)
        waiting = self._waiting_frame() if thread is None else None
        if waiting is not None:
            return verbs.line_of_waiting(waiting, count, into=into)
        return verbs.line(tid, index, count, into=into)

    @returning_the_end
    def step_instruction(
        self,
        count: int = 1,
        *,
        thread: Thread | int | None = None,
        timeout: float | None = None,
    ) -> StopEvent:
        """Execute one instruction."""
        tid = self._tid(thread, to="stepi")
        return RunVerbs(self._core, timeout).instruction(tid, count, over=False)

    @returning_the_end
    def next_instruction(
        self,
        count: int = 1,
        *,
        thread: Thread | int | None = None,
        timeout: float | None = None,
    ) -> StopEvent:
        """Execute one instruction; a call counts as one."""
        tid = self._tid(thread, to="nexti")
        return RunVerbs(self._core, timeout).instruction(tid, count, over=True)

    @returning_the_end
    def finish(self, *, frame: Frame | None = None, timeout: float | None = None) -> StopEvent:
        """Run until a frame has returned; the stop has the return value.

        An async function has returned when it has its result, in whatever thread.

        Raises:
            StateError: The frame is the outermost.
        """
        verbs, waiting = RunVerbs(self._core, timeout), self._waiting_frame()
        if frame is None and waiting is not None:
            return verbs.finish_waiting(waiting)
        return verbs.finish(self._running_frame(frame, to="finish"))

    @returning_the_end
    def until_resumed(
        self, *, frame: StackFrame | None = None, timeout: float | None = None
    ) -> StopEvent:
        """Run until the async function of a frame goes on after the await it gets to next.

        Raises:
            StateError: The frame is not that of an async function.
        """
        return RunVerbs(self._core, timeout).until_resumed(self._frame_or(frame, to="step"))

    def need_async(self) -> None:
        """Check that the selected frame is that of an async function or block.

        Raises:
            StateError: It is not.
        """
        from crabtrap.session.async_steps import need_async  # noqa: PLC0415 - of use to few

        need_async(self._frame_or(None, to="step in an async function"))

    @returning_the_end
    def until(
        self,
        spec: str | None = None,
        *,
        frame: Frame | None = None,
        timeout: float | None = None,
    ) -> StopEvent:
        """Run to a location or until this frame returns; without one, to a later line."""
        start, verbs = self._running_frame(frame, to="until"), RunVerbs(self._core, timeout)
        if spec is None:
            return verbs.until_below(start)
        return verbs.run_to("until", start, self._found(spec))

    @returning_the_end
    def advance(
        self, spec: str, *, frame: Frame | None = None, timeout: float | None = None
    ) -> StopEvent:
        """Run to a location, or until this frame returns."""
        start = self._running_frame(frame, to="advance")
        return RunVerbs(self._core, timeout).run_to("advance", start, self._found(spec))

    @returning_the_end
    def jump(self, spec: str, *, thread: Thread | int | None = None) -> StopEvent:
        """Set the pc to another location and continue, which is unsafe in general.

        Raises:
            NotFoundError: There is no such location.
            UsageError: There are several.
        """
        tid = self._tid(thread, to="jump")
        address = the_one_location(spec, self.resolve(spec))
        self.registers.write("rip", address, thread=tid)
        return RunVerbs(self._core).continue_(tid)

    def _found(self, spec: str) -> Resolution:
        resolution = self.resolve(spec)
        if not resolution.locations:
            raise resolution.not_found(spec)
        return resolution

    # -- locations ---------------------------------------------------------------------------
    def resolve(self, spec: str) -> Resolution:
        """Return the locations that a breakpoint at ``spec`` would have."""
        with self._core.door.cancellable(f"looking for {spec}"):
            return self._core.program.resolver.find(self.anchor(spec))

    def hold_program(self, seconds: int) -> None:
        """Have a stopped program held for another session should this process die.

        Breakpoints, and what this client has selected, are kept beside it;
        ``Session.reattach`` goes on with them.  A program that runs is not held: it is let go,
        or ends if it was launched.  Servers other than the guard on this machine hold nothing.

        Args:
            seconds: How long; 0 for not at all, which holds until this is called.

        Raises:
            RangeError: ``seconds`` is negative.
        """
        if seconds < 0:
            raise RangeError(f"a program cannot be held for {seconds} s")
        if self._core.keeper is None:
            from crabtrap.session.keeper import Keeper  # noqa: PLC0415 - of use to few

            self._core.keeper = Keeper(self._core, self._selection)
        self._core.keeper.keep(seconds, self._selection)

    @property
    def hold_seconds(self) -> int:
        """How long a stopped program is held should this process die; 0 for not at all."""
        keeper = self._core.keeper
        return keeper.seconds if keeper else 0

    def anchor(self, spec: str, frame: StackFrame | None = None) -> Spec:
        """Parse a linespec and resolve what in it depends on a frame, the selected by default.

        Raises:
            ParseError: It cannot be parsed.
            CrabtrapError: Its expression has no value.
        """

        def file() -> str | None:
            return frame.path if frame is not None and frame.path else self._current_file()

        def address(text: str) -> Address:
            return self._evaluation.address(text, frame or self._frame_if_any())

        return anchored(parse_spec(spec), file, address)

    def _current_file(self) -> str | None:
        """Return the file of a bare line number: the selected frame's, else that of ``main``."""
        if isinstance(self._core.state, Stopped):
            path = self._selection.path()
            if path is not None:
                return path
        main = self._core.program.debuggee.modules.main
        functions = main.find_functions("main") if main is not None else ()
        users = [f for f in functions if self._core.options.user_code.is_user_function(f)]
        return next((f.declaration_path for f in users), None)

    # -- values ------------------------------------------------------------------------------
    def evaluate(self, text: str, frame: StackFrame | None = None) -> Value:
        """Evaluate a Rust expression; the program is neither run nor changed.

        Where there is no frame, as while the program runs, names mean statics and types.

        Raises:
            CrabtrapError: It cannot be parsed or has no value; the text says why.
        """
        return self._evaluation.evaluate(text, frame or self._frame_if_any())

    def type_of(self, text: str, frame: StackFrame | None = None) -> Type:
        """Return the type of an expression, or else the type of that name.

        Raises:
            CrabtrapError: It is neither; the text says why the expression is none.
        """
        return self._evaluation.type_of(text, frame or self._frame_if_any())

    def printf(self, text: str, frame: StackFrame | None = None) -> str:
        """Write ``"FORMAT", VALUE, ...``: a text with values in it, as C's ``printf`` does.

        Raises:
            CrabtrapError: It cannot be parsed or has no value, or its conversions do not fit.
        """
        return self._evaluation.printf(text, frame or self._frame_if_any())

    def declaration(self, name: str, frame: StackFrame | None = None) -> Declaration | None:
        """Return where a static or thread-local is declared, ``None`` where none has the name.

        Raises:
            NotFoundError: It could be one of several.
        """
        process = self._core.program.inspector.process
        return find_declaration(process, name, frame or self._frame_if_any())

    def methods(self, receiver: str, frame: StackFrame | None = None) -> tuple[str, ...]:
        """Names of the methods that ``evaluate`` can call on the value of an expression.

        Only its type is asked, and nothing is read or run.

        Raises:
            CrabtrapError: The expression cannot be parsed or typed.
        """
        return self._evaluation.methods(receiver, frame or self._frame_if_any())

    def call(
        self,
        text: str,
        *,
        frame: StackFrame | None = None,
        timeout: float = 5.0,
        all_threads: bool = False,
    ) -> Value:
        """Evaluate an expression whose function and method calls run in the program.

        Afterwards the thread's registers and signal mask are restored. What the functions
        did to memory stays.

        Args:
            text: As for ``evaluate``; methods that are not built in are the program's.
            frame: Where names are looked up; its thread makes the calls.
            timeout: Seconds after which the calls are abandoned.
            all_threads: Let all threads run meanwhile, not only that one.

        Returns:
            The value; what a function has returned is never dropped.

        Raises:
            CallError: A function panicked, received a signal or did not return in time.
            CrabtrapError: The expression cannot be evaluated; the text says why.
        """
        from crabtrap.session.calls import CallSettings  # noqa: PLC0415 - slow to import

        chosen = self._frame_or(frame, to="call a function")
        return self._evaluation.call(text, chosen, CallSettings(timeout, all_threads))

    def format_debug(
        self,
        text: str,
        *,
        frame: StackFrame | None = None,
        pretty: bool = False,
        limit: int = 1 << 16,
        timeout: float = 5.0,
        all_threads: bool = False,
    ) -> str:
        """Format a value by the program's own ``impl Debug``; calls in ``text`` run, too.

        Args:
            text: An expression.
            frame: As for ``call``.
            pretty: As ``{:#?}``, over several lines.
            limit: Maximum bytes of text; ``…`` stands for the rest.
            timeout: Seconds after which the calls are abandoned.
            all_threads: As for ``call``.

        Raises:
            CallError: The implementation panicked, received a signal or took too long.
            CrabtrapError: There is no value, or no implementation in the program.
        """
        from crabtrap.session.calls import CallSettings  # noqa: PLC0415 - slow to import

        chosen = self._frame_or(frame, to="call a function")
        settings = CallSettings(timeout, all_threads)
        return self._evaluation.format_debug(text, chosen, settings, pretty=pretty, limit=limit)

    def assign(self, target: str, value: str, *, frame: StackFrame | None = None) -> Value:
        """Assign to a variable, a field, a register (``$rax``) or a convenience variable (``$x``).

        Args:
            target: What to change: a place expression of Rust, or ``$name``.
            value: An expression; only the conversions of Rust itself apply.
            frame: Where names are looked up.

        Returns:
            The new value of ``target``.

        Raises:
            CrabtrapError: One cannot be parsed, ``target`` is no place expression, or the
                assignment would corrupt the program.
        """
        from crabtrap.session.assignment import assign  # noqa: PLC0415 - slow to import

        chosen = self._frame_or(frame, to="change a value")
        assign(self._core, self.registers, self.history, chosen, target, value)
        if chosen.thread is None:
            return self.evaluate(target, chosen)
        # If a register was written, the frame is stale.
        tid, index = chosen.thread.tid, chosen.index
        return self.evaluate(target, self._core.process.thread(tid).frame(index))

    # -- defaults ----------------------------------------------------------------------------
    def _tid(self, thread: Thread | int | None, *, to: str) -> int:
        require(self._core.state, Stopped, to=to)
        match thread:
            case None:
                return self._selection.tid
            case int():
                return find_thread(self._core.process, thread).tid
            case _:
                return thread.tid

    def _frame_choice(self, thread: Thread | int | None, *, to: str) -> tuple[int, int]:
        """Return thread and frame to step in: those selected, or another thread's innermost."""
        tid = self._tid(thread, to=to)
        return tid, self._selection.index if tid == self._selection.tid else 0

    def _frame_or(self, frame: StackFrame | None, *, to: str) -> StackFrame:
        require(self._core.state, Stopped, to=to)
        return frame if frame is not None else self._selection.frame

    def _waiting_frame(self) -> StackFrame | None:
        """The selected frame, if it is that of a task that waits."""
        if not self._selection.is_of_task:
            return None
        frame = self._frame_if_any()
        return None if isinstance(frame, Frame) else frame

    def _running_frame(self, frame: Frame | None, *, to: str) -> Frame:
        require(self._core.state, Stopped, to=to)
        return frame if frame is not None else self._selection.thread_frame

    def _frame_if_any(self) -> StackFrame | None:
        if not isinstance(self._core.state, Stopped):
            return None
        try:
            return self._selection.frame
        except NotFoundError:  # the selected thread has ended meanwhile
            return None
