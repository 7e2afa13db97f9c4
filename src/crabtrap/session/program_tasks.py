"""The tasks of the present program, and what is kept of them from stop to stop."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from crabtrap.engine.machine import Stopped, require
from crabtrap.lazy import lazy

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.session.core import Core
    from crabtrap.symbols.module_table import ModuleTable
    from crabtrap.tasks.scan import Places
    from crabtrap.tasks.task import KnownOfTasks, Task, Tasks
    from crabtrap.tasks.waits.observations import Observations
    from crabtrap.tasks.waits.wait_book import WaitBook
    from crabtrap.tasks.waits.wait_rules import WaitRules

# What is imported within functions is of use to few programs.


class ProgramTasks:
    """Finds the tasks of a program at each stop when they are asked for."""

    def __init__(self, core: Core) -> None:
        """Look at the program that a session has at the moment."""
        self._core = core
        self._tasks: Tasks | None = None
        self._known: KnownOfTasks | None = None
        self._places: Places | None = None
        self._linked: tuple[ModuleTable, bool] | None = None
        self._observations: Observations | None = None

    def begin(self) -> None:
        """Look at another program; what was seen of the last one is no longer so."""
        self._observations = None

    def forget(self) -> None:
        """Give back all that was found."""
        self._tasks = self._known = self._places = self._linked = self._observations = None

    @lazy
    def wait_rules(self) -> WaitBook:
        """What futures wait for."""
        from crabtrap.tasks.waits.wait_book import WaitBook  # noqa: PLC0415

        return WaitBook()

    def prefer_wait_rules(self, rules: Iterable[WaitRules]) -> None:
        """Try rules about waiting before those that come with the debugger."""
        self.wait_rules.prefer(rules)
        self._tasks = None  # found anew, by these rules

    @property
    def at_stop(self) -> Tasks:
        """The tasks at this stop, found when they are first asked for.

        Raises:
            StateError: The program is not stopped.
        """
        require(self._core.state, Stopped, to="look for tasks")
        return self.now

    @property
    def now(self) -> Tasks:
        """The tasks while no thread moves, at a stop that nobody is told of perhaps."""
        from crabtrap.tasks.task import KnownOfTasks, Tasks  # noqa: PLC0415
        from crabtrap.tasks.waits.observations import Observations  # noqa: PLC0415

        process = self._core.process
        if self._tasks is None or self._tasks.process is not process:
            self._known = self._known or KnownOfTasks()
            self._observations = self._observations or Observations()
            places, self._places = self._places, None
            self._tasks = Tasks(process, self.wait_rules, self._known, places, self._observations)
        return self._tasks

    def timers_due(self) -> int:
        """How many timers of tasks that were looked at have come due while it is stopped."""
        if self._tasks is None or self._tasks.process is not self._core.process:
            return 0
        now = time.clock_gettime(time.CLOCK_MONOTONIC)
        return self._tasks.graph.timers_due(now - self._tasks.process.seen_at)

    def running_on(self, thread: Thread) -> Task | None:
        """The task that a thread runs; programs without a runtime do not pay for the question.

        Raises:
            StateError: The program is not stopped.
        """
        return self.at_stop.on_thread(thread) if self.has_runtime else None

    @property
    def has_runtime(self) -> bool:
        """Whether the program has an asynchronous runtime; asked at every stop.

        Raises:
            StateError: The program is not stopped.
        """
        require(self._core.state, Stopped, to="look for tasks")
        process = self._core.process
        if self._linked is None or self._linked[0] is not process.modules:
            from crabtrap.tasks.linked import has_runtime  # noqa: PLC0415

            self._linked = process.modules, has_runtime(process)
        return self._linked[1]

    def look(self) -> None:
        """Find where tasks are, also while the program runs; the next stop looks only there.

        Raises:
            StateError: There is no process.
        """
        from crabtrap.tasks.scan import find_places  # noqa: PLC0415
        from crabtrap.tasks.task import KnownOfTasks, kinds_of_tasks  # noqa: PLC0415

        known = self._known = self._known or KnownOfTasks()
        known.update(self._core.process)
        self._places = find_places(self._core.process, kinds_of_tasks(known))
