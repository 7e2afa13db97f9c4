"""All waits and holds of a program at one stop, joined: who waits for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.thread import Thread
from crabtrap.lazy import lazy
from crabtrap.records import replace
from crabtrap.tasks.waits.diagnoses import diagnose
from crabtrap.tasks.waits.holders import HolderSearch
from crabtrap.tasks.waits.kernel.clock import monotonic_time
from crabtrap.tasks.waits.kernel.descriptors import Descriptors
from crabtrap.tasks.waits.leaves import WaitDescriber
from crabtrap.tasks.waits.resources import ResourceIndex
from crabtrap.tasks.waits.stack_words import guess_holders
from crabtrap.tasks.waits.thread_waits import thread_waits
from crabtrap.tasks.waits.wait import Wait

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap.address import Address
    from crabtrap.tasks.task import Task, Tasks
    from crabtrap.tasks.waits.diagnosis import Diagnosis
    from crabtrap.tasks.waits.observations import Observations
    from crabtrap.tasks.waits.wait import Hold, Timer, Waiter
    from crabtrap.tasks.waits.wait_book import WaitBook
    from crabtrap.values import Value


class WaitGraph:
    """Who waits for what, and who holds it; everything is found on first use."""

    def __init__(self, tasks: Tasks, book: WaitBook, observations: Observations) -> None:
        """Look at the tasks of a stop with the rules of a book, and what was seen of them."""
        self._tasks = tasks
        self._book = book
        self.observations = observations
        self._timers: dict[tuple[Address, float], Timer] = {}

    @lazy
    def _describer(self) -> WaitDescriber:
        now = monotonic_time(self._tasks.process)
        descriptors = Descriptors(self._tasks.process)
        return WaitDescriber(self._book, now, descriptors, self.holders, self.joined)

    def waits_of(self, task: Task) -> tuple[Wait, ...]:
        """What one task waits for; ``()`` for one that has been woken or has ended.

        One that runs waits for its thread, if that waits for somebody.
        """
        if task.state == "running":
            return self._blocked(task)
        level = task.awaits if task.state == "idle" else None
        return () if level is None else self._seen(task, self._describer.waits_of(task, level))

    def _seen(self, task: Task, described: Iterable[Wait]) -> tuple[Wait, ...]:
        """Add for how long they have surely lasted, by what was seen at earlier stops.

        A task may have waited for the same in between, and again: in a loop around ``select!``,
        for one.  Then something else that it waits for has changed, or is not known to be the
        same; but a deadline comes once.
        """
        waits = tuple(described)
        for wait in waits:
            if wait.timer is not None:
                self._timers[task.address, wait.timer.deadline] = wait.timer
        all_marks = tuple(wait.mark for wait in waits)
        whole = None if None in all_marks else all_marks
        marks = [
            None if wait.mark is None else (task.number, wait.mark, None if wait.timer else whole)
            for wait in waits
        ]
        now = self._tasks.process.seen_at
        since = self.observations.seen_since(task.address, marks, now)
        return tuple(
            replace(wait, seen_for=now - first)
            if wait.mark is not None and (wait.timer or whole is not None) and first < now
            else wait
            for wait, first in zip(waits, since, strict=True)
        )

    def _blocked(self, task: Task) -> tuple[Wait, ...]:
        thread = task.thread
        waits = self._of_threads.get(thread.tid, ()) if thread is not None else ()
        if thread is None or not any(wait.is_for_somebody for wait in waits):
            return ()
        return (Wait(task, (), "blocked", "thread", threads=(thread,), by=("thread",)),)

    @lazy
    def _of_threads(self) -> dict[int, tuple[Wait, ...]]:
        """What threads wait for, by tid."""
        found = thread_waits(self._tasks.process, self._book, self.holders)
        return {wait.who.tid: (wait,) for wait in found if isinstance(wait.who, Thread)}

    @lazy
    def waits(self) -> tuple[Wait, ...]:
        """What all tasks and threads wait for."""
        of_threads = (wait for waits in self._of_threads.values() for wait in waits)
        self.observations.keep(task.address for task in self._tasks.all)
        return (*(wait for task in self._tasks.all for wait in task.waits), *of_threads)

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, those that wait for nothing, too."""
        return self._tasks.all

    def timers_due(self, seconds: float) -> int:
        """How many of the timers that were looked at have come due since the stop.

        Args:
            seconds: How long ago the stop was.
        """
        left = (timer.left for timer in self._timers.values())
        return sum(each is not None and 0 <= each <= seconds for each in left)

    @lazy
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        """What is wrong, deadlocks first."""
        return diagnose(self)

    @lazy
    def holds(self) -> tuple[Hold, ...]:
        """What all tasks and threads hold."""
        search = HolderSearch(self._book)
        of_tasks = (
            hold
            for task in self._tasks.all
            if (level := task.awaits) is not None
            for hold in search.holds_of(task, level)
        )
        threads = self._tasks.process.threads
        return (*of_tasks, *(hold for each in threads for hold in search.holds_of_thread(each)))

    @lazy
    def _by_resource(self) -> ResourceIndex[Hold]:
        return ResourceIndex((hold.resource, hold) for hold in self.holds)

    def holders(self, wait: Wait) -> tuple[Hold, ...]:
        """Who is to end a wait, as far as it is told by what they hold.

        Where no variable tells that of a lock of threads, their stacks are guessed from.
        """
        found = self._holding(wait, wait.by)
        if found or wait.resource is None or "guard" not in wait.by:
            return found
        return tuple(hold for hold in self._guesses if hold.resource.meets(wait.resource))

    @lazy
    def _guesses(self) -> list[Hold]:
        of_threads = [wait for waits in self._of_threads.values() for wait in waits]
        unknown = [
            wait for wait in of_threads if "guard" in wait.by and not self._holding(wait, wait.by)
        ]
        return guess_holders(self._tasks.process, unknown) if unknown else []

    def others(self, wait: Wait) -> tuple[Hold, ...]:
        """Who can end a wait, too, but has not to."""
        return self._holding(wait, wait.also_by)

    def _holding(self, wait: Wait, roles: tuple[str, ...]) -> tuple[Hold, ...]:
        if wait.resource is None or not roles:
            return ()
        found = self._by_resource.find(wait.resource)
        return tuple(hold for hold in found if hold.role in roles)

    def held_by(self, who: Waiter) -> tuple[Hold, ...]:
        """What one holds."""
        return self._by_holder.get(who, ())

    @lazy
    def _by_holder(self) -> dict[Waiter, tuple[Hold, ...]]:
        found: dict[Waiter, tuple[Hold, ...]] = {}
        for hold in self.holds:
            found[hold.who] = (*found.get(hold.who, ()), hold)
        return found

    def context_of(self, thread: Thread, runtime: str) -> Value | None:
        """A runtime's thread-local of a thread; ``None`` where it has none."""
        found = (each for each in self._tasks.running if each.layout.runtime == runtime)
        return next((each.context(thread) for each in found), None)

    def by_waiter(self) -> dict[Waiter, tuple[Wait, ...]]:
        """The waits of everybody who waits."""
        found: dict[Waiter, list[Wait]] = {}
        for wait in self.waits:
            found.setdefault(wait.who, []).append(wait)
        return {who: tuple(waits) for who, waits in found.items()}

    def joined(self, wait: Wait) -> tuple[Task, ...]:
        """The tasks whose end ends a wait."""
        return tuple(
            task for each in wait.tasks if (task := self._by_address.get(each)) is not None
        )

    @lazy
    def _by_address(self) -> dict[Address, Task]:
        return {task.address: task for task in self._tasks.all}
