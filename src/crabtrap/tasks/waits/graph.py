"""All waits and holds of a program at one stop, joined: who waits for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.thread import Thread
from crabtrap.lazy import lazy
from crabtrap.records import replace
from crabtrap.tasks.waits.deadlines import deadlines_of
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
    from crabtrap.tasks.groups import Alike
    from crabtrap.tasks.task import Task, Tasks
    from crabtrap.tasks.waits.diagnosis import Diagnosis
    from crabtrap.tasks.waits.observations import Observations
    from crabtrap.tasks.waits.wait import Hold, Waiter
    from crabtrap.tasks.waits.wait_book import WaitBook
    from crabtrap.values import Value


class WaitGraph:
    """Who waits for what, and who holds it; everything is found on first use."""

    def __init__(self, tasks: Tasks, book: WaitBook, observations: Observations) -> None:
        """Look at the tasks of a stop with the rules of a book, and what was seen of them."""
        self._tasks = tasks
        self._book = book
        self.observations = observations
        self._deadlines: set[tuple[Address, float]] = set()

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
        self._deadlines.update(
            (task.address, wait.timer.deadline) for wait in waits if wait.timer is not None
        )
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

    @property
    def _thread_waits(self) -> list[Wait]:
        return [wait for waits in self._of_threads.values() for wait in waits]

    @lazy
    def waits(self) -> tuple[Wait, ...]:
        """What all tasks and threads wait for."""
        self.observations.keep(task.address for task in self._tasks.all)
        return (*(wait for task in self._tasks.all for wait in task.waits), *self._thread_waits)

    # -- many tasks --------------------------------------------------------------------------
    @lazy
    def _alike(self) -> tuple[Alike, ...]:
        """Tasks that are decoded the same, so that one of them tells of all."""
        return tuple(self._tasks.alike(self._tasks.all))

    def _is_quiet(self, group: Alike) -> bool:
        """Whether tasks wait, and for nobody in the program: for time, for the outside world."""
        level = group.sample.awaits if group.sample.state == "idle" else None
        return level is not None and not self._describer.may_be_for_somebody(level)

    @lazy
    def _quiet(self) -> tuple[Alike, ...]:
        return tuple(group for group in self._alike if self._is_quiet(group))

    @lazy
    def relevant(self) -> tuple[Wait, ...]:
        """What those wait for who may wait for somebody in the program, threads among them.

        Whoever is left out is in no deadlock.  A hundred thousand tasks that sleep are left out
        without being looked at one by one.
        """
        left_out = {task for group in self._quiet for task in group.tasks}
        others = (task for task in self._tasks.all if task not in left_out)
        return (*(wait for task in others for wait in task.waits), *self._thread_waits)

    @property
    def count(self) -> int:
        """How many waits there are, those that are left out among them."""
        quiet = sum(len(group.sample.waits) * len(group.tasks) for group in self._quiet)
        return len(self.relevant) + quiet

    def late(self, seconds: float) -> list[Wait]:
        """The waits that should have ended some time before the stop, by their deadlines."""
        waits = [*self.relevant]
        for group in self._quiet:
            waits += (wait for task in self._late_in(group, seconds) for wait in task.waits)
        lefts = [(wait, wait.timer.left) for wait in waits if wait.timer is not None]
        return [wait for wait, left in lefts if left is not None and left < -seconds]

    def _late_in(self, group: Alike, seconds: float) -> Iterable[Task]:
        """The tasks of a group of which a timer may be late."""
        timers = [wait.timer for wait in group.sample.waits if wait.timer is not None]
        now = self._describer.now
        if now is None or not timers:
            return ()
        late: set[Task] = set()
        for timer in timers:
            deadlines = deadlines_of(self._tasks.process, group, timer)
            if deadlines is None:
                return group.tasks
            for task, deadline in zip(group.tasks, deadlines, strict=True):
                if deadline is not None:
                    self._deadlines.add((task.address, deadline))
                if deadline is None or deadline - now < -seconds:
                    late.add(task)
        return [task for task in group.tasks if task in late]

    @property
    def tasks(self) -> tuple[Task, ...]:
        """All tasks, those that wait for nothing, too."""
        return self._tasks.all

    def timers_due(self, seconds: float) -> int:
        """How many of the timers that were looked at have come due since the stop.

        Args:
            seconds: How long ago the stop was.
        """
        now = self._describer.now
        if now is None:
            return 0
        return sum(now <= deadline <= now + seconds for _, deadline in self._deadlines)

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
            for group in self._alike
            if (level := group.sample.awaits) is not None and search.may_hold(level)
            for task in group.tasks
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
        guarded = (wait for wait in self._thread_waits if "guard" in wait.by)
        unknown = [wait for wait in guarded if not self._holding(wait, wait.by)]
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

    @property
    def holding(self) -> Iterable[Waiter]:
        """Everybody who holds something."""
        return self._by_holder

    def waits_by(self, who: Waiter) -> tuple[Wait, ...]:
        """What one waits for."""
        return self._of_threads.get(who.tid, ()) if isinstance(who, Thread) else who.waits

    def context_of(self, thread: Thread, runtime: str) -> Value | None:
        """A runtime's thread-local of a thread; ``None`` where it has none."""
        found = (each for each in self._tasks.running if each.layout.runtime == runtime)
        return next((each.context(thread) for each in found), None)

    def by_waiter(self) -> dict[Waiter, tuple[Wait, ...]]:
        """The waits of everybody who may wait for somebody."""
        found: dict[Waiter, list[Wait]] = {}
        for wait in self.relevant:
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
