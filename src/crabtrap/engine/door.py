"""The one rule about Python threads, and the one door where it is enforced.

A session belongs to the Python thread that made it: every call from another thread is
either posted (``Session.post``) or refused with ``WrongThreadError``.

The public classes of the session carry ``@through_door``, which puts every public method
and property behind ``Door.check``; threads, frames and values of the program come to it
with every look at the program.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar, cast

from crabtrap.errors import CancelledError, WrongThreadError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

C = TypeVar("C", bound=type)
P = ParamSpec("P")
R = TypeVar("R")


class Door:
    """Lets calls of one thread in, and turns back the one that was cancelled."""

    __slots__ = ("_cancelled", "_owner", "_under_way")

    def __init__(self) -> None:
        self._owner = threading.get_ident()
        self._under_way = False
        self._cancelled = False

    def check(self) -> None:
        """Let the owner's call go on.

        Raises:
            WrongThreadError: Called from another thread.
            CancelledError: ``cancel`` was called for what is under way.
        """
        if threading.get_ident() != self._owner:
            raise WrongThreadError(
                "a session belongs to the thread that made it",
                hint="hand the call over: session.post(function).result()",
            )
        if self._cancelled:
            self._cancelled = False
            raise CancelledError("it was cancelled")

    def cancel(self) -> bool:
        """End what the owner is doing, at its next look at the program; for any thread.

        Returns:
            Whether anything was under way that can be cancelled.
        """
        self._cancelled = self._under_way
        return self._under_way

    @contextmanager
    def cancellable(self) -> Generator[None]:
        """What the body does may be cancelled."""
        with self._as(under_way=True):
            yield

    @contextmanager
    def uncancellable(self) -> Generator[None]:
        """The program runs, which is not cancelled but interrupted."""
        with self._as(under_way=False):
            yield

    @contextmanager
    def _as(self, *, under_way: bool) -> Generator[None]:
        before, self._under_way = self._under_way, under_way
        try:
            yield
        finally:
            self._under_way = before
            self._cancelled = False


class Guarded(Protocol):
    """An object behind a door."""

    @property
    def door(self) -> Door:
        """The door."""
        ...


def through_door(*open_to_all: str) -> Callable[[C], C]:
    """Put every public method and property of a class behind its ``door``.

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
        cast("Guarded", args[0]).door.check()
        return method(*args, **keywords)

    return enter
