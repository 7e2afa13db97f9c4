"""What a task waits for, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from crabtrap.address import Address
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.tasks.futures import Await
    from crabtrap.tasks.task import Task

    Waiter = Task | Thread
    """Who can wait and hold: a task, or a thread in its own right."""


@dataclass(frozen=True, slots=True)
class Resource:
    """What is waited for or held: a lock, a channel.

    Attributes:
        what: Its kind in words: ``Mutex``.
        address: Where it begins.
        size: In bytes; what lies within is part of it.
    """

    what: str
    address: Address
    size: int

    def meets(self, other: Resource) -> bool:
        """Whether one of both is the other or part of it."""
        return self._covers(other) or other._covers(self)

    def _covers(self, other: Resource) -> bool:
        end = self.address + max(self.size, 1)
        return self.address <= other.address and other.address + other.size <= end


@dataclass(frozen=True, slots=True)
class Timer:
    """When a wait ends by itself; all times are seconds of ``CLOCK_MONOTONIC``.

    Attributes:
        deadline: When.
        now: The time of the stop; ``None`` where the program's clock cannot be read.
        since: When the wait began, where that is known: what only sleeps does not note it.
        words: Where its deadline is in memory, whole seconds and nanoseconds, each with its size.
    """

    deadline: float
    now: float | None
    since: float | None = None
    words: tuple[tuple[Address, int], ...] = ()

    @property
    def left(self) -> float | None:
        """Seconds from the stop until the deadline, negative if it was past."""
        return None if self.now is None else self.deadline - self.now

    @property
    def text(self) -> str:
        """``12.5 s left`` or ``overdue by 3.0 s``."""
        if self.left is None:
            return f"until {self.deadline:.1f} s of its clock"
        return f"overdue by {-self.left:.1f} s" if self.left < 0 else f"{self.left:.1f} s left"


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A file descriptor.

    Attributes:
        fd: Its number.
        kind: ``socket``, ``pipe``; ``""`` for other files, and where that is unknown.
        text: What it is: ``tcp 127.0.0.1:80 to 127.0.0.1:5000``; ``""`` where unknown.
    """

    fd: int
    kind: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """A place in a queue.

    Attributes:
        number: Counted from 1, which is served first.
        length: How many wait.
    """

    number: int
    length: int

    @property
    def text(self) -> str:
        """``1 of 2 in the queue``."""
        return f"{self.number} of {self.length} in the queue"


@dataclass(frozen=True, slots=True)
class Hold:
    """Something that a task or thread holds in one of its variables.

    Attributes:
        who: Who.
        role: What its owner is to others: ``guard``, ``sender``.
        resource: What it holds.
        name: The variable; ``""`` where it is a field of a future, or no variable has it.
        where: The future or the frame that keeps it.
        certain: Whether it is surely held still: what an async block has captured may have
            been moved away since, and an optimised frame's word may be left over.
        unpolled: It is a future that has got what it waited for and is awaited by nobody.
        blocks: Whoever wants it blocks a thread meanwhile.
    """

    who: Waiter
    role: str
    resource: Resource
    name: str
    where: Await | Frame
    certain: bool = True
    unpolled: bool = False
    blocks: bool = False

    @property
    def line(self) -> int:
        """The line where its owner is; 0 where unknown."""
        return self.where.line or 0

    @property
    def path(self) -> str | None:
        """The source file of ``line``."""
        return self.where.path


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that a task or thread waits for.

    Attributes:
        who: Who waits.
        levels: Of a task: the futures, from the one that was spawned to the one that waits.
        kind: A word for programs: ``lock``, ``sleep``, ``unknown``.
        what: What is waited for, in words: ``Mutex``.
        detail: More about it.
        resource: What is waited for, where it is somewhere.
        place: The place in its queue.
        timer: When the wait ends by itself.
        frame: Of a thread: the function that waits.
        descriptor: The file descriptor that must get ready, and what it is.
        tasks: Addresses of the tasks whose end ends the wait.
        threads: The threads that end it when they go on, or end.
        by: The roles of those who can end it; ``()`` for what ends from outside.
        also_by: The roles of those who can end it, too, but have not to.
        total: How many ``by`` there are, ``None`` where that is unknown.
        needs_all: All who hold it must let go, not just one of them.
        never: Nobody can end it.
        mark: What tells it from earlier waits of the same task for the same; ``None`` where
            nothing does.
        seen_for: For how many seconds it has lasted at least: since it was seen first, at an
            earlier stop; ``None`` where it was not.
    """

    who: Waiter
    levels: tuple[Await, ...]
    kind: str
    what: str
    detail: str = ""
    resource: Resource | None = None
    place: QueuePlace | None = None
    timer: Timer | None = None
    frame: Frame | None = None
    descriptor: Descriptor | None = None
    tasks: tuple[Address, ...] = ()
    threads: tuple[Thread, ...] = ()
    by: tuple[str, ...] = ()
    also_by: tuple[str, ...] = ()
    total: int | None = None
    needs_all: bool = False
    never: bool = False
    mark: Hashable = field(default=None, repr=False)
    seen_for: float | None = None
    _find_holds: Callable[[Wait], tuple[Hold, ...]] = field(
        default=lambda _: (), repr=False, compare=False
    )
    _find_tasks: Callable[[Wait], tuple[Task, ...]] = field(
        default=lambda _: (), repr=False, compare=False
    )

    @property
    def is_for_somebody(self) -> bool:
        """Whether it ends by somebody in the program, or never: not by itself, nor from outside."""
        return bool(self.by or self.tasks or self.threads or self.never)

    @property
    def address(self) -> Address | None:
        """Where what is waited for is."""
        return None if self.resource is None else self.resource.address

    @property
    def where(self) -> Await | Frame | None:
        """The innermost future or function of the user's own code, else the outermost future."""
        if self.frame is not None:
            outer = self.frame.thread.frames(self.frame.index)
            return next((frame for frame in outer if frame.is_user), self.frame)
        return next(reversed(self._own_levels), self.levels[0] if self.levels else None)

    @property
    def is_of_user_code(self) -> bool:
        """Whether a function of the user's waits, and not a library beside it."""
        return self.frame is not None or bool(self._own_levels)

    @property
    def _own_levels(self) -> list[Await]:
        user_code = self.who.process.settings.user_code
        return [level for level in self.levels if user_code.is_user_path(level.path)]

    @property
    def joined(self) -> tuple[Waiter, ...]:
        """The threads and tasks whose end ends the wait, those that are known."""
        return (*self.threads, *self._find_tasks(self))

    @property
    def holders(self) -> tuple[Hold, ...]:
        """Who can end the wait, as far as tasks are known to; all tasks are looked through."""
        return self._find_holds(self)

    @property
    def text(self) -> str:
        """What is waited for, in a line; without who holds it, which takes time to find out."""
        where = "" if self.address is None else f" {self.address:#x}"
        details = self.text_of_details
        return f"{self.what}{where}, {details}" if details else f"{self.what}{where}"

    @property
    def text_of_details(self) -> str:
        """More about what is waited for: the time left, the place in the queue."""
        parts = [self.detail] if self.detail else []
        if self.descriptor is not None:
            parts.append(f"fd {self.descriptor.fd} {self.descriptor.text}".rstrip())
        if self.timer is not None:
            parts.append(self.timer.text)
        if self.place is not None:
            parts.append(self.place.text)
        if self.seen_for is not None:
            parts.append(f"for at least {self.seen_for:.1f} s")
        return ", ".join(parts)


def waits_of_user_code(waits: Iterable[Wait]) -> list[Wait]:
    """Leave out what libraries wait for beside the user's code, as for the end of the program.

    Of those who wait in libraries alone, all is kept.
    """
    found = list(waits)
    own = {id(wait.who) for wait in found if wait.is_of_user_code}
    return [wait for wait in found if wait.is_of_user_code or id(wait.who) not in own]
