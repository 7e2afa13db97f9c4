"""One user of a session: a console, an editor, a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import Stopped, require
from crabtrap.errors import NotFoundError
from crabtrap.session.breakpoints import Breakpoints
from crabtrap.session.expression_verbs import ExpressionVerbs
from crabtrap.session.registers import Registers
from crabtrap.session.run_verbs import RunVerbs, the_one_location
from crabtrap.session.selection import Selection, find_thread
from crabtrap.symbols.linespec import anchored, parse_spec

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.events import StopEvent
    from crabtrap.session.core import Core
    from crabtrap.session.history import ValueHistory
    from crabtrap.symbols.breakpoint_locations import Resolution
    from crabtrap.symbols.linespec import Spec
    from crabtrap.symbols.types import Type
    from crabtrap.values.value import Value


@through_door()
class Client:
    """A user's own view of a session: selected thread and frame, and value history.

    Clients see the same program, breakpoints and events.  Every stop selects what it is
    about in each of them; selecting another thread or frame concerns one client alone.
    Verbs that run the program block until the next visible stop and return it.

    Attributes:
        name: Who it is, in ``SelectionChanged`` events.
        history: Its values ``$1`` on, and its convenience variables.
        breakpoints: Where the program stops; the same ones for every client.
        registers: Of the program's threads.
    """

    def __init__(self, core: Core, name: str, history: ValueHistory) -> None:
        """Join a session; made by ``Session.new_client``."""
        self.name = name
        self.history = history
        self._core = core
        self._selection = Selection(core, name)
        self.registers = Registers(core, self._selection)
        self.breakpoints = Breakpoints(core, self)
        self._evaluation = ExpressionVerbs(core, history)
        core.selections.append(self._selection)
        if isinstance(core.state, Stopped):
            self._selection.follow(core.state.event, None)

    def __repr__(self) -> str:
        return f"<Client {self.name}>"

    @property
    def door(self) -> Door:
        """Where calls of other threads are turned back."""
        return self._core.door

    def leave(self) -> None:
        """Leave the session; harmless to repeat."""
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
    def frame(self) -> Frame:
        """The selected frame.

        Raises:
            StateError: The program is not stopped.
        """
        return self._selection.frame

    def select_thread(self, thread: int) -> Thread:
        """Select by index or tid; its innermost frame is selected with it.

        Raises:
            NotFoundError: There is no such thread.
        """
        return self._selection.select_thread(thread)

    def select_frame(self, index: int) -> Frame:
        """Select a frame of the selected thread.

        Raises:
            RangeError: The stack has no such frame.
        """
        return self._selection.select_frame(index)

    # -- running -----------------------------------------------------------------------------
    def continue_(
        self,
        *,
        ignore: int = 0,
        thread: Thread | int | None = None,
        timeout: float | None = None,
    ) -> StopEvent:
        """Run until something stops the program.

        Args:
            ignore: Pass over the breakpoint the thread is at that many more times.
            thread: The one that is looked at, and with ``scheduler_lock`` runs alone.
            timeout: Seconds; see ``Session.wait``.

        Raises:
            StateError: The program is not stopped.
            StillRunningError: The time is up; the program runs on.
        """
        tid = self._tid(thread, to="continue")
        if ignore:
            pc = self._core.process.thread(tid).pc
            for kind, number in self._core.program.debuggee.sites.owners_at(pc):
                item = self._core.table.find(number)
                if kind == "breakpoint" and item is not None:
                    self._core.keep_hits()
                    item.ignore = item.hits + ignore
                    self._core.program.resolver.arm(item)
        return RunVerbs(self._core, timeout).continue_(tid)

    def step(
        self,
        count: int = 1,
        *,
        thread: Thread | int | None = None,
        timeout: float | None = None,
    ) -> StopEvent:
        """Run to another line of the user's code, entering the user's functions."""
        tid, index = self._frame_choice(thread, to="step")
        return RunVerbs(self._core, timeout).line(tid, index, count, into=True)

    def next(
        self,
        count: int = 1,
        *,
        thread: Thread | int | None = None,
        timeout: float | None = None,
    ) -> StopEvent:
        """Run to another line of the user's code in this frame or a caller."""
        tid, index = self._frame_choice(thread, to="next")
        return RunVerbs(self._core, timeout).line(tid, index, count, into=False)

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

    def finish(self, *, frame: Frame | None = None, timeout: float | None = None) -> StopEvent:
        """Run until a frame has returned; the stop says what it returned.

        Raises:
            StateError: The frame is the outermost.
        """
        return RunVerbs(self._core, timeout).finish(self._frame_or(frame, to="finish"))

    def until(
        self,
        spec: str | None = None,
        *,
        frame: Frame | None = None,
        timeout: float | None = None,
    ) -> StopEvent:
        """Run to a location in this frame; without one, to a line below the present one."""
        start, verbs = self._frame_or(frame, to="until"), RunVerbs(self._core, timeout)
        if spec is None:
            return verbs.until_below(start)
        return verbs.run_to("until", start, self._found(spec))

    def advance(
        self, spec: str, *, frame: Frame | None = None, timeout: float | None = None
    ) -> StopEvent:
        """Run to a location, or until this frame returns."""
        start = self._frame_or(frame, to="advance")
        return RunVerbs(self._core, timeout).run_to("advance", start, self._found(spec))

    def jump(self, spec: str, *, thread: Thread | int | None = None) -> StopEvent:
        """Go on at another location, which nothing makes safe.

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
        """The locations a breakpoint at ``spec`` would have."""
        with self._core.door.cancellable():
            return self._core.program.resolver.find(self.anchor(spec))

    def anchor(self, spec: str, frame: Frame | None = None) -> Spec:
        """Read a linespec; what it says of the present frame is that of ``frame``.

        Raises:
            ParseError: It cannot be read.
            CrabtrapError: Its expression has no value.
        """

        def file() -> str | None:
            return frame.path if frame is not None and frame.path else self._current_file()

        def address(text: str) -> Address:
            return self._evaluation.address(text, frame or self._frame_if_any())

        return anchored(parse_spec(spec), file, address)

    def _current_file(self) -> str | None:
        """The file a bare line number means: the selected frame's, else main's."""
        if isinstance(self._core.state, Stopped):
            path = self._selection.path()
            if path is not None:
                return path
        main = self._core.program.debuggee.modules.main
        functions = main.find_functions("main") if main is not None else ()
        users = [f for f in functions if self._core.options.user_code.is_user_function(f)]
        return next((f.declaration_path for f in users), None)

    # -- values ------------------------------------------------------------------------------
    def evaluate(self, text: str, frame: Frame | None = None) -> Value:
        """Evaluate a Rust expression; the program is neither run nor changed.

        Where there is no frame, as while the program runs, names mean statics and types.

        Raises:
            CrabtrapError: It cannot be read or has no value; the text says why.
        """
        return self._evaluation.evaluate(text, frame or self._frame_if_any())

    def type_of(self, text: str, frame: Frame | None = None) -> Type:
        """The type of an expression, or else the type of that name.

        Raises:
            CrabtrapError: It is neither; the text says why the expression is none.
        """
        return self._evaluation.type_of(text, frame or self._frame_if_any())

    def call(
        self,
        text: str,
        *,
        frame: Frame | None = None,
        timeout: float = 5.0,
        all_threads: bool = False,
    ) -> Value:
        """Evaluate an expression whose function and method calls run in the program.

        Afterwards the thread is where it was: registers, signal mask and stack are put
        back. What the functions did to memory stays.

        Args:
            text: As for ``evaluate``; what is no built-in method is the program's.
            frame: Where names are looked up; its thread makes the calls.
            timeout: Seconds after which a call is given up.
            all_threads: Let all threads run meanwhile, not only that one.

        Returns:
            The value; what a function has returned is owned by nobody and never dropped.

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
        frame: Frame | None = None,
        pretty: bool = False,
        limit: int = 1 << 16,
        timeout: float = 5.0,
        all_threads: bool = False,
    ) -> str:
        """A value as the program's own ``impl Debug`` writes it; calls in ``text`` run, too.

        Args:
            text: An expression.
            frame: As for ``call``.
            pretty: As ``{:#?}``, over several lines.
            limit: Bytes of text at most; ``…`` stands for the rest.
            timeout: Seconds after which it is given up.
            all_threads: As for ``call``.

        Raises:
            CallError: The implementation panicked, received a signal or took too long.
            CrabtrapError: There is no value, or no implementation in the program.
        """
        from crabtrap.session.calls import CallSettings  # noqa: PLC0415 - slow to import

        chosen = self._frame_or(frame, to="call a function")
        settings = CallSettings(timeout, all_threads)
        return self._evaluation.format_debug(text, chosen, settings, pretty=pretty, limit=limit)

    def assign(self, target: str, value: str, *, frame: Frame | None = None) -> Value:
        """Change a variable, a field, a register (``$rax``) or a variable of one's own (``$x``).

        Args:
            target: What to change; a place expression of Rust.
            value: An expression; converted as Rust would, never more.
            frame: Where names are looked up.

        Returns:
            The new value of ``target``.

        Raises:
            CrabtrapError: It cannot be read, is no place, or would corrupt the program.
        """
        from crabtrap.session.assignment import assign  # noqa: PLC0415 - slow to import

        chosen = self._frame_or(frame, to="change a value")
        assign(self._core, self.registers, self.history, chosen, target, value)
        # A register that was written has made the frame an old one.
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
        """Thread and frame to step in: the selected ones, or another thread's innermost."""
        tid = self._tid(thread, to=to)
        return tid, self._selection.index if tid == self._selection.tid else 0

    def _frame_or(self, frame: Frame | None, *, to: str) -> Frame:
        require(self._core.state, Stopped, to=to)
        return frame if frame is not None else self._selection.frame

    def _frame_if_any(self) -> Frame | None:
        if not isinstance(self._core.state, Stopped):
            return None
        try:
            return self._selection.frame
        except NotFoundError:  # the selected thread has ended meanwhile
            return None
