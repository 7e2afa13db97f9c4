"""One program being debugged: the only door front ends and scripts go through."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeVar

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.engine.breakpoints.stoppoints import BreakpointTable
from crabtrap.engine.causes.signal_table import SignalTable
from crabtrap.engine.debuggee import Options
from crabtrap.engine.machine import Ended, NotStarted, State, Stopped, describe, require
from crabtrap.engine.modules.module_loader import ModuleLoader
from crabtrap.engine.program import Program
from crabtrap.errors import (
    NotFoundError,
    ParseError,
    StateError,
    UsageError,
    WrongThreadError,
)
from crabtrap.events import Event, Notice, StopEvent
from crabtrap.present import RenderOptions, render, std_presenter, value_tree
from crabtrap.session.breakpoints import Breakpoints
from crabtrap.session.lifecycle import LaunchSettings, Lifecycle, Server
from crabtrap.session.rule_files import RuleFiles
from crabtrap.session.run_verbs import Runner
from crabtrap.session.rust_language import RustLanguage
from crabtrap.session.scopes import EndedScope, FrameScope, ProgramScope, ValueHistory
from crabtrap.session.selection import Selection
from crabtrap.symbols.breakpoint_locations import Resolution
from crabtrap.symbols.linespec import parse_spec
from crabtrap.symbols.source_files import SourceFile, SourceFinder, installed_library_sources
from crabtrap.target.stdio import Stdio

if TYPE_CHECKING:
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.engine.plans.plan import Plan
    from crabtrap.expr.scope import Scope
    from crabtrap.present import Presenter
    from crabtrap.session.calls import CallSettings, ProgramCaller
    from crabtrap.symbols.module import Module
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.symbols.types import Type
    from crabtrap.target.interface import Target
    from crabtrap.values.value import Value

Listener = Callable[[Event], None]
T = TypeVar("T")


class Session:
    """A program, from before its launch until after its end.

    Every verb that runs the program blocks until the next visible stop and returns it.
    A session belongs to the Python thread that made it; only ``interrupt`` may be called
    from elsewhere.

    Attributes:
        options: Choices that can be changed at any time.
        signals: What is done with each signal.
        breakpoints: Where the program stops.
        substitute_paths: ``(prefix, directory)`` pairs for finding sources.
        disassembly_syntax: "intel" or "att".
        memo: Value history and convenience variables.
        rules: The user's own rules for types.
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
        self._owner = threading.get_ident()
        self._listeners: list[Listener] = []
        self._loader = ModuleLoader(notify=lambda text: self.publish(Notice(text)))
        self._table = BreakpointTable(self.publish)
        self.signals = SignalTable()
        self.options = Options()
        self.substitute_paths: tuple[tuple[str, str], ...] = ()
        self.disassembly_syntax: Literal["intel", "att"] = "intel"
        self.history = ValueHistory()
        self._presenter = std_presenter()
        self.rules = RuleFiles(self._presenter.book)
        self._language = RustLanguage(self._evaluate_in, self.render_short, self._presenter.book)
        self.breakpoints = Breakpoints(
            self._table,
            lambda: self._program,
            self._evaluate_in,
            self.render_short,
            lambda: self.frame,
        )
        self._selection = Selection(lambda: self.process)
        self._runner = Runner(self, self._selection)
        self._life = Lifecycle(program, server, self._loader, self._make_program, self.publish)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

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
        return self._begin(lambda: self._life.launch(settings))

    def restart(self) -> StopEvent:
        """Kill what runs and launch it again in the same way; breakpoints stay.

        Raises:
            StateError: Nothing was launched by this session.
        """
        if not isinstance(self.state, NotStarted):
            if not self.launched:
                raise StateError("the program was not launched here", hint="attach to it again")
            if isinstance(self.state, Stopped):
                self.kill()
        return self._begin(self._life.launch_again)

    def attach(self, pid: int) -> StopEvent:
        """Take over a running process; it stops where it is.

        Raises:
            StateError: A program is being debugged already.
            LaunchError: The kernel refuses; the text says which rule.
        """
        event = self._begin(lambda: self._life.attach(pid))
        self._life.compare_programs()
        return event

    def connect(self, address: str) -> StopEvent | None:
        """Connect to a remote server: ``unix:PATH``, ``HOST:PORT`` or ``stdio:COMMAND``.

        Returns:
            The stop of the program the server has, ``None`` when it has none yet.

        Raises:
            RemoteError: Nobody answers there, or not in the remote protocol.
        """
        target = self._life.reach(address)
        return self._begin(lambda: self._life.take_over(target)) if target is not None else None

    def _begin(self, begin: Callable[[], StopEvent]) -> StopEvent:
        self.breakpoints.forget_failures()
        for item in self.breakpoints.drop_watchpoints():
            text = f"watchpoint {item.number} ({item.expression}) was deleted"
            self.publish(Notice(text))
        event = self._after(begin())
        self.publish(event)
        return event

    def detach(self) -> None:
        """Let the program go on without us, with no trace left in it."""
        require(self.state, Stopped, to="detach")
        self.breakpoints.keep_hits()
        self._life.detach()

    def kill(self) -> StopEvent:
        """End the program."""
        event = self._life.kill()
        self.publish(event)
        return event

    def close(self) -> None:
        """End the session: a launched program is killed, an attached one let go."""
        if isinstance(self.state, Stopped):
            if self.launched:
                self.kill()
            else:
                self.detach()
        self._life.end()

    @property
    def launched(self) -> bool:
        """The program was started by this session, and ends with it."""
        return self._life.launched

    @property
    def _program(self) -> Program:
        return self._life.program

    def _make_program(self, target: Target, modules: ModuleTable) -> Program:
        program = Program(
            target,
            modules,
            self._loader,
            self._table,
            self.signals,
            self.options,
            self.publish,
            self._language,
        )
        program.resolver.current_file = self._current_file
        program.resolver.evaluate_address = self._evaluate_address
        program.adopt_own_package()
        program.resolver.resolve_all()
        return program

    # -- events --------------------------------------------------------------------------
    def on_event(self, listener: Listener) -> None:
        """Have ``listener`` called with every event, on the session's thread."""
        self._listeners.append(listener)

    def publish(self, event: Event) -> None:
        """Tell every listener of an event."""
        for listener in tuple(self._listeners):
            listener(event)

    @property
    def state(self) -> State:
        """Where the session is."""
        return self._life.state

    def resize_terminal(self, rows: int, columns: int) -> None:
        """Tell the program's own terminals their size; without any, nothing happens."""
        self._life.resize_terminal(rows, columns)

    # -- running -------------------------------------------------------------------------
    def continue_(self, *, ignore: int = 0) -> StopEvent:
        """Run until something stops the program.

        Args:
            ignore: Pass over the breakpoint the program stands at that many more times.
        """
        if ignore:
            for kind, number in self._program.context.sites.owners_at(self.thread.pc):
                if kind == "breakpoint":
                    self.breakpoints.set_ignore(number, ignore)
        return self._runner.continue_()

    def step(self, count: int = 1) -> StopEvent:
        """To another line of the user's code, entering the user's functions."""
        return self._runner.line(count, into=True)

    def next(self, count: int = 1) -> StopEvent:
        """To another line of the user's code in this frame or a caller."""
        return self._runner.line(count, into=False)

    def step_instruction(self, count: int = 1) -> StopEvent:
        """One instruction."""
        return self._runner.instruction(count, over=False)

    def next_instruction(self, count: int = 1) -> StopEvent:
        """One instruction; a call counts as one."""
        return self._runner.instruction(count, over=True)

    def finish(self) -> StopEvent:
        """Run until the selected frame has returned; the stop tells what it returned.

        Raises:
            StateError: The frame is the outermost.
        """
        return self._runner.finish()

    def until(self, spec: str | None = None) -> StopEvent:
        """Run to a place in this frame; without one, to a line below the present one."""
        return self._runner.until_below() if spec is None else self._runner.run_to("until", spec)

    def advance(self, spec: str) -> StopEvent:
        """Run to a place, or until this frame returns."""
        return self._runner.run_to("advance", spec)

    def jump(self, spec: str) -> StopEvent:
        """Go on at another place, which nothing makes safe.

        Raises:
            NotFoundError: There is no such place.
            UsageError: The place is ambiguous.
        """
        resolution = self.resolve(spec)
        match resolution.locations:
            case ():
                raise resolution.not_found(spec)
            case (location,):
                self.write_register("rip", location.address)
                return self.continue_()
            case locations:
                raise UsageError(
                    f"{spec} means {len(locations)} locations", hint="give an *address"
                )

    def interrupt(self) -> None:
        """Ask for a pause; safe from any thread and from signal handlers."""
        self._program.request_interrupt()

    def run_plan(self, plan: Plan) -> StopEvent:
        """Carry out a plan of one's own; what it stopped for is selected, and not published.

        Raises:
            StateError: The program is not stopped.
            WrongThreadError: Called from another thread than the session's.
        """
        self._require_stopped(to=plan.name)
        return self._after(self._program.controller.run(plan, self._selection.tid), plan)

    def _require_stopped(self, to: str) -> None:
        if threading.get_ident() != self._owner:
            raise WrongThreadError(
                "a session belongs to the thread that made it",
                hint="use a queue to hand requests to that thread",
            )
        require(self.state, Stopped, to=to)

    def _after(self, event: StopEvent, plan: Plan | None = None) -> StopEvent:
        """Select what the stop is about; clean up after an end."""
        self._life.drain()
        if isinstance(self.state, Ended):
            self._selection.clear()
            self.breakpoints.keep_hits()
            self._life.end()
        else:
            self._selection.follow(event, plan)
        return event

    # -- selection -----------------------------------------------------------------------
    @property
    def process(self) -> Process:
        """The program at this stop.

        Raises:
            StateError: It is not stopped.
        """
        require(self.state, Stopped, to="look at the program")
        return self._program.inspector.process

    @property
    def threads(self) -> tuple[Thread, ...]:
        """All threads, by index."""
        return self.process.threads

    @property
    def thread(self) -> Thread:
        """The selected thread."""
        return self._selection.thread

    @property
    def frame(self) -> Frame:
        """The selected frame."""
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

    def _current_file(self) -> str | None:
        """The file a bare line number means: the selected frame's, else main's."""
        if isinstance(self.state, Stopped):
            path = self._selection.path()
            if path is not None:
                return path
        main = self.modules.main
        functions = main.find_functions("main") if main is not None else ()
        users = [f for f in functions if self.options.user_code.is_user_function(f)]
        return next((f.declaration_path for f in users), None)

    # -- values --------------------------------------------------------------------------
    def evaluate(self, text: str, frame: Frame | None = None) -> Value:
        """Evaluate a Rust expression; the program is neither run nor changed.

        Raises:
            CrabtrapError: It cannot be read or has no value; the text says why.
        """
        if frame is None and not isinstance(self.state, Stopped):
            return _evaluate(text, self._scope_without_frame(), self._presenter)
        return self._evaluate_in(text, frame or self.frame)

    def type_of(self, text: str) -> Type:
        """The type of an expression, or else the type of that name.

        Raises:
            CrabtrapError: It is neither; the text says why the expression is none.
        """
        from crabtrap.expr.scope import EvaluationError  # noqa: PLC0415 - slow to import
        from crabtrap.expr.syntax.grammar import is_type_name  # noqa: PLC0415 - slow to import

        try:
            return self.evaluate(text).type
        except (EvaluationError, ParseError) as error:
            found = self._program.inspector.process.find_type(text)
            if found is not None:
                return found
            if isinstance(error, ParseError) and is_type_name(text):
                raise NotFoundError("type", text) from error
            raise

    def _scope_without_frame(self) -> ProgramScope:
        process = self._program.inspector.process
        if isinstance(self.state, NotStarted):
            return ProgramScope(process, self.history)
        return EndedScope(process, self.history, self.state)

    def _evaluate_in(self, text: str, frame: Frame) -> Value:
        return _evaluate(text, FrameScope(frame, self.history), self._presenter)

    def call(self, text: str, *, timeout: float = 5.0, all_threads: bool = False) -> Value:
        """Evaluate an expression whose function and method calls run in the program.

        Afterwards the selected thread is where it was: registers, signal mask and stack are
        put back. What the functions did to memory stays.

        Args:
            text: As for ``evaluate``; what is no built-in method is the program's.
            timeout: Seconds after which a call is given up.
            all_threads: Let all threads run meanwhile, not only the selected one.

        Returns:
            The value; what a function has returned is owned by nobody and never dropped.

        Raises:
            CallError: A function panicked, received a signal or did not return in time.
            CrabtrapError: The expression cannot be evaluated; the text says why.
        """
        from crabtrap.session.calls import CallSettings  # noqa: PLC0415 - slow to import

        return self._calling(
            CallSettings(timeout, all_threads),
            lambda scope, caller: _evaluate(text, scope, self._presenter, caller),
        )

    def format_debug(
        self,
        text: str,
        *,
        pretty: bool = False,
        limit: int = 1 << 16,
        timeout: float = 5.0,
        all_threads: bool = False,
    ) -> str:
        """A value as the program's own ``impl Debug`` writes it; calls in ``text`` run, too.

        Args:
            text: An expression.
            pretty: As ``{:#?}``, over several lines.
            limit: Bytes of text at most; ``…`` stands for the rest.
            timeout: Seconds after which it is given up.
            all_threads: Let all threads run meanwhile, not only the selected one.

        Raises:
            CallError: The implementation panicked, received a signal or took too long.
            CrabtrapError: There is no value, or no implementation in the program.
        """
        from crabtrap.session.calls import CallSettings, format_debug  # noqa: PLC0415 - slow to import

        return self._calling(
            CallSettings(timeout, all_threads),
            lambda scope, caller: format_debug(
                self._program, text, scope, caller, pretty=pretty, limit=limit
            ),
        )

    def _calling(self, settings: CallSettings, run: Callable[[Scope, ProgramCaller], T]) -> T:
        """Let ``run`` call functions of the program, which may print, or end it."""
        from crabtrap.session.calls import ProgramCaller  # noqa: PLC0415 - slow to import

        self._require_stopped(to="call a function")
        caller = ProgramCaller(self._program, self.frame, self._presenter, settings)
        try:
            return run(FrameScope(self.frame, self.history), caller)
        finally:
            if isinstance(self.state, Ended):
                self.publish(self._after(self.state.event))
            else:
                self._life.drain()

    def assign(self, location: str, value: str) -> Value:
        """Change a variable, a field, a register (``$rax``) or a variable of one's own (``$x``).

        Args:
            location: Where to; a Rust expression that has a location.
            value: What; converted as Rust would, never more.

        Returns:
            The place's new value.

        Raises:
            CrabtrapError: It cannot be read, has no place, or would corrupt the program.
        """
        from crabtrap.session.assignment import assign  # noqa: PLC0415 - slow to import

        require(self.state, Stopped, to="change a value")
        assign(self, location, value, self._presenter)
        return self.evaluate(location)

    def _evaluate_address(self, text: str) -> Address:
        value = self.evaluate(text)
        if value.is_pointer:
            return value.pointer_address()
        return Address(value.integer())

    def render(self, value: Value, options: RenderOptions | None = None) -> str:
        """A value as text, in Rust's ``Debug`` notation."""
        return render(value, self._presenter, options)

    def render_short(self, value: Value) -> str:
        """A value on one line, cut short."""
        return render(value, self._presenter, RenderOptions(max_items=20, max_depth=3))

    def view_tree(self, value: Value, options: RenderOptions | None = None) -> dict[str, object]:
        """A value as a tree of JSON types."""
        return dict(value_tree(value, self._presenter, options))

    # -- memory, registers, code -----------------------------------------------------------
    def read_memory(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes; before launch, what the file has.

        Raises:
            MemoryFault: Some byte cannot be read.
        """
        return self._program.context.target.read_memory(Address(address), size)

    def write_memory(self, address: int, data: bytes) -> None:
        """Write bytes into the stopped program."""
        require(self.state, Stopped, to="write memory")
        self._program.context.control.write_memory(Address(address), data)
        self._program.inspector.forget_memory()

    def read_register(self, name: str) -> bytes:
        """Any register of the selected thread, little-endian.

        Raises:
            NotFoundError: There is no such register.
        """
        return self._program.context.target.read_register(self.thread.tid, name)

    def register_names(self) -> tuple[tuple[str, int], ...]:
        """``(name, bits)`` of every register."""
        return self._program.context.target.register_names()

    def write_register(self, name: str, value: int | bytes) -> None:
        """Change a register of the selected thread; unwound frames are forgotten."""
        require(self.state, Stopped, to="write a register")
        self._program.context.control.write_registers(self._selection.tid, {name: value})
        if name == "rip":
            self._program.controller.forget_stop_pc(self._selection.tid)
        self._program.inspector.forget()

    def disassemble(
        self, start: int, end: int | None = None, *, count: int | None = None
    ) -> tuple[_core.Instruction, ...]:
        """Decode ``[start, end)`` or ``count`` instructions from ``start``."""
        longest = 15
        size = end - start if end is not None else (count or 1) * longest
        memory = self._program.context.target.memory
        code = memory.read_partial(start, size)
        if not code:
            code = self.read_memory(start, 1)
        return _core.disassemble(code, start, count, self.disassembly_syntax)

    @property
    def modules(self) -> ModuleTable:
        """What is loaded; before launch, the program's own file at its file addresses."""
        return self._program.context.modules

    def refresh_libraries(self) -> tuple[Module, ...]:
        """Read the link map again and return all modules."""
        if isinstance(self.state, Stopped):
            self._program.refresh_modules()
        return self.modules.modules

    def symbol_at(self, address: int) -> str:
        """``symbol+0x12``, or ``""`` where nothing is known."""
        return self.modules.describe_address(Address(address))

    def resolve(self, spec: str) -> Resolution:
        """The places a breakpoint at ``spec`` would have."""
        return self._program.resolver.find(parse_spec(spec))

    # -- sources -------------------------------------------------------------------------
    @cached_property
    def _sources(self) -> SourceFinder:
        return SourceFinder(
            self.substitute_paths,
            standard_library=lambda: installed_library_sources(os.path.expanduser("~")),
        )

    def substitute_path(self, prefix: str, directory: str) -> None:
        """Look for sources below ``directory`` instead of ``prefix``."""
        self.substitute_paths = (*self.substitute_paths, (prefix, directory))
        self.__dict__.pop("_sources", None)

    def find_source(self, path: str) -> SourceFile:
        """The lines of a source file, or why there are none."""
        main = self.modules.main
        built = None
        if main is not None:
            with contextlib.suppress(OSError):
                built = os.stat(main.path).st_mtime
        return self._sources.find(path, built=built)

    # -- settings ------------------------------------------------------------------------
    @property
    def scheduler_lock(self) -> bool:
        """Only the selected thread runs."""
        return self.options.scheduler_lock

    @scheduler_lock.setter
    def scheduler_lock(self, on: bool) -> None:
        self.options.scheduler_lock = on

    def __repr__(self) -> str:
        return f"<Session {self._life.path or '?'}: {describe(self.state)}>"


def _evaluate(
    text: str, scope: Scope, presenter: Presenter, caller: ProgramCaller | None = None
) -> Value:
    # The language is slow to import, and a program is often looked at without it.
    from crabtrap.expr.evaluate import evaluate  # noqa: PLC0415

    return evaluate(text, scope, presenter, caller)
