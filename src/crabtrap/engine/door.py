"""The rule about Python threads, and the ``Door`` that every call of a user goes through.

A session belongs to the Python thread that made it: every call from another thread is
either posted (``Session.post``) or refused with ``WrongThreadError``.

The public classes of the session have ``@through_door``, which makes every public method
and property call ``Door.check`` first; threads, frames and values of the program call it
whenever they read the program.  On the way out the door tells the session's user that the
program was killed meanwhile: whatever the call has come to is of no interest then.
"""

from __future__ import annotations

import threading
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from crabtrap.engine.progress import Progress
from crabtrap.errors import CallError, CancelledError, CrabtrapError, ProcessGone, WrongThreadError
from crabtrap.events import Exited

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from crabtrap.events import StopEvent

C = TypeVar("C", bound=type)
P = ParamSpec("P")
R = TypeVar("R")


class Door:
    """A check that refuses calls of other threads and raises in a cancelled operation.

    Attributes:
        notice_end: Publishes the end of a program that was killed while it was stopped;
            ``None`` if there is none to tell.  With an error, it finds out whether the end
            is why.
        progress: Tells of operations that take long; ``check`` notes that they go on.
    """

    __slots__ = ("_cancelled", "_owner", "_under_way", "notice_end", "progress")

    def __init__(self) -> None:
        self.notice_end: Callable[[BaseException | None], StopEvent | None] = lambda _: None
        self.progress = Progress()
        self._owner = threading.get_ident()
        self._under_way = False
        self._cancelled = False

    def check(self) -> None:
        """Check the calling thread and whether the present operation was cancelled.

        Raises:
            WrongThreadError: The calling thread does not own the session.
            CancelledError: ``cancel`` was called.
        """
        if threading.get_ident() != self._owner:
            raise WrongThreadError(
                "a session belongs to the thread that made it",
                hint="hand the call over: session.post(function).result()",
            )
        if self._cancelled:
            self._cancelled = False
            raise CancelledError("it was cancelled")
        if self.progress.under_way:
            self.progress.note()

    def advance(self, done: int, total: int | None = None) -> None:
        """Same as ``check``, by an operation that knows how far it is; see ``Progress``."""
        self.progress.advance(done, total)
        self.check()

    def follow(self, done: int, total: int) -> None:
        """Same as ``advance``, by a search of the core: zeros where it does not know."""
        if total:
            self.advance(done, total)
        else:
            self.check()

    def cancel(self) -> bool:
        """Cancel the owner's operation when it next reads the program; for any thread.

        Returns:
            Whether there was an operation that can be cancelled.
        """
        self._cancelled = self._under_way
        return self._under_way

    def cancellable(self, label: str) -> AbstractContextManager[None]:
        """Allow ``cancel`` during the body, and tell of it as ``label`` if it takes long."""
        return _Cancellable(self, label)

    def switch(self, *, under_way: bool) -> bool:
        """Set whether ``cancel`` has an effect; returns what was set before."""
        before, self._under_way = self._under_way, under_way
        self._cancelled = False
        return before


class _Cancellable:
    """Allows ``cancel`` during a body, and tells of it."""

    __slots__ = ("_before", "_door", "_operation")

    def __init__(self, door: Door, label: str) -> None:
        self._door = door
        self._operation = door.progress.during(label)
        self._before = False

    def __enter__(self) -> None:
        self._operation.__enter__()
        self._before = self._door.switch(under_way=True)

    def __exit__(self, *_exc: object) -> None:
        self._door.switch(under_way=self._before)
        self._operation.__exit__(None, None, None)


def through_door(*open_to_all: str) -> Callable[[C], C]:
    """Make every public method and property of a class call ``door.check`` first.

    Its instances have a property or attribute ``door``, which is not guarded.

    Args:
        open_to_all: Names that may be used from any thread.
    """

    def guard(cls: C) -> C:
        for name, member in list(vars(cls).items()):
            private = name.startswith("_") and name not in _SPECIAL
            if private or name in open_to_all or name == "door":
                continue
            if isinstance(member, property):
                getter = _guarded(member.fget) if member.fget is not None else None
                setter = _guarded(member.fset) if member.fset is not None else None
                setattr(cls, name, property(getter, setter, None, member.__doc__))
            elif callable(member) and not isinstance(member, type):
                setattr(cls, name, _guarded(member))
        return cls

    return guard


_SPECIAL = frozenset(("__getitem__", "__iter__", "__len__", "__contains__"))


def _guarded(method: Callable[P, R]) -> Callable[P, R]:
    @wraps(method)
    def enter(*args: P.args, **keywords: P.kwargs) -> R:
        guarded: Any = args[0]
        door: Door = guarded.door
        door.check()
        door.notice_end(None)
        try:
            result = method(*args, **keywords)
        except (CrabtrapError, OSError) as error:
            end = door.notice_end(error)
            if end is None or isinstance(error, CallError):  # which says itself what ended it
                raise
            raise _gone(end) from error
        end = door.notice_end(None)
        if end is not None:
            raise _gone(end)
        return result

    return enter


def _gone(end: StopEvent) -> ProcessGone:
    return ProcessGone(next((why.status for why in end.reasons if isinstance(why, Exited)), ""))
