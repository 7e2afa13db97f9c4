"""Telling of long operations of the debugger: what it is doing, and how far it is.

Whoever works for long says so with ``during``, and calls ``note`` now and then, most often
through the door, which everything comes to that reads the program.  An operation is told of
only once it has taken long, so that short ones cost nobody anything.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from weakref import ref

from crabtrap.events import ProgressChanged

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

TOLD_AFTER = 0.5
"""Seconds that an operation may take before it is told of."""
TOLD_EVERY = 0.1
"""Least seconds between two events about one operation."""


class Progress:
    """The operation that is under way, if there is one.

    Attributes:
        publish: Told of operations that take long.
        under_way: There may be an operation: only then is there something to note.
    """

    __slots__ = ("_count", "_current", "publish", "under_way")

    def __init__(self) -> None:
        self.publish: Callable[[ProgressChanged], None] = lambda _: None
        self.under_way = False
        self._count = 0
        # Weak, so that what Ctrl-C has kept from being entered is under way no more.
        self._current: ref[_Operation] | None = None

    def during(self, label: str) -> AbstractContextManager[None]:
        """Tell of the body as ``label``; within another operation, as the present part of it."""
        return _Operation(self, label)

    def note(self) -> None:
        """Tell of the operation if it is time to: to be called often while it goes on."""
        operation = self.current
        if operation is not None:
            operation.tell_in_time()

    def advance(self, done: int, total: int | None = None) -> None:
        """Set how far the operation is, in a unit of its own; the next ``note`` tells.

        Args:
            done: How much of it is done.
            total: How much there is to do, ``None`` where that is not known.  A count without
                a total does not replace one with it: in a chain of steps, whichever knows
                how much there is tells.
        """
        operation = self.current
        if operation is not None and (total is not None or operation.total is None):
            operation.done, operation.total = done, total

    @property
    def current(self) -> _Operation | None:
        """The innermost operation."""
        return None if self._current is None else self._current()

    def switch(self, operation: _Operation | None) -> None:
        """Set which operation is under way."""
        self._current = None if operation is None else ref(operation)
        self.under_way = operation is not None

    def take_number(self) -> int:
        """Return a number that no other operation has."""
        self._count += 1
        return self._count


class _Operation:
    """Something that may take long: the body of a ``with``."""

    __slots__ = (
        "__weakref__",
        "_due",
        "_label",
        "_number",
        "_outer",
        "_progress",
        "_told",
        "done",
        "total",
    )

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress = progress
        self._label = label
        self._outer: _Operation | None = None
        self._due = 0.0
        self._number = 0
        self._told = False
        self.done: int | None = None
        self.total: int | None = None

    def __enter__(self) -> None:
        self._outer = self._progress.current
        if self._outer is None:
            self._due = time.monotonic() + TOLD_AFTER
        self._progress.switch(self)

    def __exit__(self, *_exc: object) -> None:
        self._progress.switch(self._outer)
        if self._told:
            self._publish(self, ended=True)

    def tell_in_time(self) -> None:
        """Tell of the outermost operation and of this part of it, if it is time to."""
        whole = self
        while whole._outer is not None:
            whole = whole._outer
        now = time.monotonic()
        if now >= whole._due:
            whole._due = now + TOLD_EVERY
            if not whole._told:
                whole._told, whole._number = True, self._progress.take_number()
            whole._publish(self, ended=False)

    def _publish(self, part: _Operation, *, ended: bool) -> None:
        event = ProgressChanged(self._number, part._label, part.done, part.total, ended)
        self._progress.publish(event)
