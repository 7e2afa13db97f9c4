"""One program being debugged: the entry to the public API for front ends and scripts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import (
    Detached,
    Ended,
    NotStarted,
    Running,
    State,
    Stopped,
    describe,
    require,
)
from crabtrap.errors import StateError
from crabtrap.session.client import Client
from crabtrap.session.code import Code
from crabtrap.session.core import Core
from crabtrap.session.history import ValueHistory
from crabtrap.session.lifecycle import LaunchSettings, Server
from crabtrap.session.memory import ProgramMemory
from crabtrap.session.presentation import Presentation
from crabtrap.session.sources import Sources
from crabtrap.target.stdio import Stdio
from crabtrap.tasks.thread_work import ThreadWork

if TYPE_CHECKING:
    from concurrent.futures import Future

    from crabtrap.engine.inspect.process import Process
    from crabtrap.engine.inspect.stack_frame import StackFrame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.events import StopEvent
    from crabtrap.session.event_hub import Cancel, Listener
    from crabtrap.tasks.groups import TaskGroup
    from crabtrap.tasks.runtimes import Runtime
    from crabtrap.tasks.task import Task
    from crabtrap.tasks.waits.diagnosis import Diagnosis
    from crabtrap.tasks.waits.wait import Wait

T = TypeVar("T")


@through_door("post", "interrupt", "cancel", "stop_serving")
class Session:
    """A program, from before its launch until after its end.

    A session belongs to the Python thread that made it: every call from another thread is
    either posted (``post``) or refused with ``WrongThreadError``; only ``post``,
    ``interrupt``, ``cancel`` and ``stop_serving`` may be called from anywhere.

    While a verb waits for the program, posted functions are called, and may use all that is
    possible while the program runs: breakpoints, memory, statics, threads, modules,
    ``interrupt``, ``detach``, ``kill``.

    The verbs that run the program, and those that depend on the selected thread and frame,
    are those of ``client``, the session's own client; ``new_client`` makes another one.

    Attributes:
        client: The session's own client.
        breakpoints: Its breakpoints, watchpoints and catchpoints.
        memory: The program's bytes and instructions.
        registers: The registers of the program's threads.
        sources: The program's source files.
        code: The program's modules, symbols and lines.
        values: Rendering of values, with the user's own rules for types.
        options: Choices that can be changed at any time.
        signals: What is done with each signal.
    """

    def __init__(self, program: str | None, *, server: Server = "guard") -> None:
        """Read a program's symbols; nothing is started.

        Args:
            program: Path of an executable, ``None`` to attach to something later.
            server: What to start programs under.

        Raises:
            DebugInfoError: The file cannot be read as a program.
            OSError: It cannot be opened.
        """
        self._core = Core(program, server)
        self.client = Client(self._core, "session", self._core.history)
        self.breakpoints = self.client.breakpoints
        self.registers = self.client.registers
        self.memory, self.sources = ProgramMemory(self._core), Sources(self._core)
        self.code, self.values = Code(self._core), Presentation(self._core)
        self.options, self.signals = self._core.options, self._core.signals
        verbs = self.client
        self.continue_, self.step, self.next = verbs.continue_, verbs.step, verbs.next
        self.step_instruction = verbs.step_instruction
        self.next_instruction = verbs.next_instruction
        self.until_resumed = verbs.until_resumed
        self.finish, self.until, self.advance = verbs.finish, verbs.until, verbs.advance
        self.jump, self.resolve = verbs.jump, verbs.resolve
        self.evaluate, self.type_of, self.call = verbs.evaluate, verbs.type_of, verbs.call
        self.methods, self.declaration = verbs.methods, verbs.declaration
        self.printf = verbs.printf
        self.format_debug, self.assign = verbs.format_debug, verbs.assign
        self.select_thread, self.select_frame = verbs.select_thread, verbs.select_frame
        self.select_task = verbs.select_task

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Session {self._core.lifecycle.path or '?'}: {describe(self._core.state)}>"

    @property
    def door(self) -> Door:
        """The check that refuses calls of other threads."""
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
        variables = tuple(environment.items()) if environment is not None else None
        streams = stdio or Stdio.inherit()
        settings = LaunchSettings(tuple(arguments), variables, directory, randomize, streams)
        return self._core.begin(lambda: self._core.lifecycle.launch(settings))

    def restart(self) -> StopEvent:
        """Kill the program and launch it again with the same settings; breakpoints stay.

        Raises:
            StateError: The program was not launched by this session.
            LaunchError: It cannot be started; ``hint`` says what to try.
        """
        if not self.launched and not isinstance(self._core.state, NotStarted):
            raise StateError("the program was not launched here", hint="attach to it again")
        if self.has_program:
            self.kill()
        return self._core.begin(self._core.lifecycle.launch_again)

    def attach(self, pid: int) -> StopEvent:
        """Attach to a running process, which stops where it is.

        Raises:
            StateError: A program is being debugged already.
            LaunchError: The kernel refuses it; the text says why (``ptrace(2)``).
        """
        event = self._core.begin(lambda: self._core.lifecycle.attach(pid))
        self._core.lifecycle.compare_programs()
        return event

    def reattach(self, pid: int | None = None) -> StopEvent:
        """Go on with a program whose session has died, where it was (``hold_program``).

        Stoppoints have the numbers and hits that they had, and clients have selected what
        was selected then; notices tell what could not be kept.  A program that was let go
        meanwhile is attached to.  This session keeps it in the same way.

        Args:
            pid: Which program; ``None`` for the only one.

        Raises:
            StateError: A program is being debugged already, or another session was faster.
            NotFoundError: There is none, or it is not clear which is meant.
        """
        from crabtrap.session import reattaching  # noqa: PLC0415 - of use to few

        require(self._core.state, NotStarted, Ended, Detached, to="reattach")
        saved = reattaching.find_one(pid)
        if not self.client.hold_seconds:
            self.client.hold_program(saved.seconds)
        with self._core.interrupts.deferred(), self._core.keep_nothing():
            return reattaching.take_over(self._core, self.client, saved)

    def connect(self, address: str) -> StopEvent | None:
        """Connect to a remote server: ``unix:PATH``, ``HOST:PORT`` or ``stdio:COMMAND``.

        Returns:
            The stop of the server's program, ``None`` when it has none yet.

        Raises:
            StateError: A program is being debugged already.
            RemoteError: No server answers there in the remote serial protocol.
        """
        lifecycle = self._core.lifecycle
        with self._core.interrupts.deferred():
            target = lifecycle.reach(address)
            return self._core.begin(lambda: lifecycle.take_over(target)) if target else None

    def detach(self) -> None:
        """Detach from the program, with no trap left in it; it runs on.

        Raises:
            StateError: There is no program.
        """
        with self._core.interrupts.deferred():
            self._core.lifecycle.detach()

    def keep_copy(self, most: int = 1 << 30) -> bool:
        """Let the program run on, and keep a copy of it to be looked at.

        From then on values, stacks and tasks are those of this stop, and what would run the
        program or write to it raises; ``detach`` forgets the copy.  What was made of the stop
        before, as a ``Thread``, is of no use any more.

        Args:
            most: Bytes of its memory that are copied at most.

        Returns:
            Whether that was done; it was not if the program has more memory, or is on another
            machine, and it stays stopped then.

        Raises:
            StateError: The program is not stopped.
        """
        with self._core.interrupts.deferred():
            return self._core.lifecycle.keep_copy(most)

    def kill(self) -> StopEvent:
        """Kill the program.

        Raises:
            StateError: There is no program.
        """
        with self._core.interrupts.deferred():
            return self._core.settle(self._core.lifecycle.kill())

    def close(self) -> None:
        """End the session: kill a launched program, detach from an attached one.

        All that the session has opened is given back; what was read of the program's files,
        such as a ``Function``, can no longer be asked for more.  May be repeated.
        """
        with self._core.interrupts.deferred():
            try:
                if self.has_program:
                    if self.launched:
                        self.kill()
                    else:
                        self.detach()
            finally:
                self._core.close()

    @property
    def launched(self) -> bool:
        """Whether the session launched the program and will kill it on ``close``."""
        return self._core.lifecycle.launched

    @property
    def state(self) -> State:
        """The state of the program."""
        return self._core.state

    @property
    def is_stopped(self) -> bool:
        """The program is there, at a stop: it has threads and frames to look at."""
        return isinstance(self._core.state, Stopped)

    @property
    def has_program(self) -> bool:
        """There is a program, running or stopped."""
        return isinstance(self._core.state, Stopped | Running)

    def resize_terminal(self, rows: int, columns: int) -> None:
        """Set the size of the program's own terminals, if it has any."""
        self._core.lifecycle.resize_terminal(rows, columns)

    # -- clients, events, other threads --------------------------------------------------
    def new_client(self, name: str) -> Client:
        """Create another client, with a selection and a value history of its own."""
        return Client(self._core, name, ValueHistory())

    def subscribe(self, listener: Listener) -> Cancel:
        """Have ``listener`` called with every event, on the session's thread.

        Events are delivered one after the other, each to the listeners in the order in which
        they subscribed. Exceptions of a listener are logged and affect no other. The result
        ends the subscription; it may be called again.
        """
        return self._core.events.subscribe(listener)

    def post(self, function: Callable[[], T]) -> Future[T]:
        """Have ``function`` called on the session's thread; may be called from any thread.

        It is called while a verb waits for the program, or in ``serve``, and may use the
        session. Functions are called in the order in which they were posted.

        The future has its result or its exception; cancelling it before prevents the call.
        """
        return self._core.mailbox.post(function)

    def serve(self, timeout: float | None = None) -> None:
        """Carry out posted functions until ``stop_serving``, or for ``timeout`` seconds."""
        self._core.serve(timeout)

    def stop_serving(self) -> None:
        """Have ``serve`` return; may be called from any thread."""
        self._core.stop_serving()

    def interrupt(self) -> None:
        """Request an interruption; may be called from any thread and from signal handlers."""
        self._core.program.request_interrupt()

    def cancel(self) -> bool:
        """Cancel an evaluation or search, which raises ``CancelledError``; for any thread.

        Returns whether there was one. For a running program, use ``interrupt``.
        """
        return self._core.door.cancel()

    def wait(self, timeout: float | None = None) -> StopEvent:
        """Wait for the next visible stop of a program that a timeout has left running.

        Args:
            timeout: Seconds, ``None`` for no limit.

        Returns:
            The stop; the present one if the program is stopped or has ended.

        Raises:
            StateError: No program runs, or it was detached meanwhile.
            StillRunningError: The time is up; the program runs on.
        """
        require(self._core.state, Running, Stopped, Ended, to="wait")
        return self._core.wait(timeout)

    # -- the program as it is now --------------------------------------------------------
    @property
    def process(self) -> Process:
        """The process as it is now; while it runs, without registers and frames."""
        return self._core.process

    @property
    def has_runtime(self) -> bool:
        """Whether the program has an asynchronous runtime; to ask costs next to nothing.

        Raises:
            StateError: The program is not stopped.
        """
        return self._core.tasks.has_runtime

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks of the program's asynchronous runtimes, by number.

        They are looked for in all of its memory the first time that this is asked at a stop.

        Raises:
            StateError: The program is not stopped.
        """
        with self._core.door.cancellable("looking for tasks"):
            return self._core.tasks.at_stop.all

    def look_for_tasks(self) -> None:
        """Find where tasks are, which takes a while in large programs; it may run meanwhile.

        At the next stop ``tasks`` looks there only, so that the stop can be short.  Tasks
        spawned in between are not among them.

        Raises:
            StateError: There is no process.
        """
        self._core.tasks.look()

    @property
    def task_problems(self) -> tuple[str, ...]:
        """Why there may be tasks that ``tasks`` does not have, in words.

        Raises:
            StateError: The program is not stopped.
        """
        return self._core.tasks.at_stop.problems

    def group_tasks(self, tasks: Iterable[Task] | None = None) -> tuple[TaskGroup, ...]:
        """Put tasks together that do the same at the same place, the largest group first.

        One task of each kind is decoded, and all others are compared with it: a hundred thousand
        take about as long as listing them.

        Args:
            tasks: Those to group; all, if left out.

        Raises:
            StateError: The program is not stopped.
        """
        with self._core.door.cancellable("grouping tasks"):
            found = self._core.tasks.at_stop
            return found.group(found.all if tasks is None else tasks)

    def task_on(self, thread: Thread) -> Task | None:
        """The task that a thread runs, ``None`` if it runs none.

        It is found on the thread's stack, without a search for all tasks.

        Raises:
            StateError: The program is not stopped.
        """
        return self._core.tasks.running_on(thread)

    @property
    def waits(self) -> tuple[Wait, ...]:
        """What all who wait do wait for; ``Wait.holders`` says for whom.

        Raises:
            StateError: The program is not stopped.
        """
        with self._core.door.cancellable("looking at what tasks wait for"):
            return self._core.tasks.at_stop.graph.waits

    @property
    def waits_for_somebody(self) -> tuple[Wait, ...]:
        """What tasks and threads wait for that somebody in the program is to end.

        What only sleeps or waits for the outside world is left out, a hundred thousand such tasks
        without being looked at one by one; so is what libraries wait for beside the user's code.

        Raises:
            StateError: The program is not stopped.
        """
        from crabtrap.tasks.waits.wait import waits_of_user_code  # noqa: PLC0415 - of use to few

        with self._core.door.cancellable("looking at what tasks wait for"):
            found = waits_of_user_code(self._core.tasks.at_stop.graph.relevant)
            return tuple(wait for wait in found if wait.is_for_somebody)

    @property
    def wait_count(self) -> int:
        """How many ``waits`` there are.

        Raises:
            StateError: The program is not stopped.
        """
        with self._core.door.cancellable("counting what tasks wait for"):
            return self._core.tasks.at_stop.graph.count

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """What is wrong with who waits for whom, deadlocks first.

        Raises:
            StateError: The program is not stopped.
        """
        with self._core.door.cancellable("looking for deadlocks"):
            return self._core.tasks.at_stop.graph.diagnoses

    def work_of(self, thread: Thread) -> ThreadWork:
        """What a thread does for an asynchronous runtime.

        Raises:
            StateError: The program is not stopped.
        """
        if not self._core.tasks.has_runtime:
            return ThreadWork()
        return self._core.tasks.at_stop.work_of(thread)

    @property
    def runtimes(self) -> tuple[Runtime, ...]:
        """The asynchronous runtimes that a thread has entered or that have a task.

        Raises:
            StateError: The program is not stopped.
        """
        return self._core.tasks.at_stop.runtimes

    @property
    def threads(self) -> tuple[Thread, ...]:
        """All threads, by index."""
        return self._core.process.threads

    @property
    def thread(self) -> Thread:
        """The thread that ``client`` has selected."""
        return self.client.thread

    @property
    def frame(self) -> StackFrame:
        """The frame that ``client`` has selected."""
        return self.client.frame
