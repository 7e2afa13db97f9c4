"""What a task is made from: what was found in memory, however that was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from crabtrap.address import Address
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.tasks.kinds import TaskKind
    from crabtrap.tasks.layouts import TaskState
    from crabtrap.values import Value


class TaskSource(Protocol):
    """What is known of a task; what costs something is read when it is asked for."""

    @property
    def runtime(self) -> str:
        """The runtime's name."""
        ...

    @property
    def kind(self) -> TaskKind | None:
        """Which tasks it is one of; ``None`` where a runtime keeps it in no cell."""
        ...

    @property
    def label(self) -> str:
        """What users select it by."""
        ...

    @property
    def number(self) -> int | None:
        """The number that the runtime gave it; ``None`` where it counts none."""
        ...

    @property
    def address(self) -> Address:
        """Where it begins, or where its future is."""
        ...

    @property
    def state(self) -> TaskState:
        """Whether it waits, is to be polled, is being polled, or has ended."""
        ...

    @property
    def root(self) -> str:
        """The name of its future."""
        ...

    @property
    def other_roots(self) -> tuple[str, ...]:
        """What the root may be as well."""
        ...

    @property
    def references(self) -> int:
        """How often it is referred to, 0 where that is not counted."""
        ...

    @property
    def doubt(self) -> str:
        """Why it may be damaged, or no task at all."""
        ...

    @property
    def future(self) -> Value | None:
        """Its future; ``None`` once it has ended, and where it is not known."""
        ...

    @property
    def output(self) -> Value | None:
        """What it has returned, while nobody has taken it."""
        ...

    @property
    def scheduler(self) -> Value | None:
        """The pointer to what schedules it."""
        ...

    @property
    def blocked(self) -> Thread | None:
        """The thread that waits in ``block_on`` until it has ended."""
        ...

    @property
    def polls(self) -> str:
        """Pattern of the functions around its frames on the stack of a thread that polls it."""
        ...
