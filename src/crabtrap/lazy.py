"""A property that is computed once, as ``functools.cached_property`` of Python 3.12.

Python 3.11's takes a lock at the first access, which a step of the program would pay for
several times.  No lock is needed where objects belong to one thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

if TYPE_CHECKING:
    # Whoever only reads it need not know the difference: a protocol may ask for a property.
    lazy = property
else:

    class lazy:
        """A property whose value is computed at the first access and kept in ``__dict__``."""

        def __init__(self, compute: Callable[[Any], Any]) -> None:
            self._compute = compute
            self.__doc__ = compute.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: object, owner: type) -> object:
            if instance is None:
                return self
            value = instance.__dict__[self._name] = self._compute(instance)
            return value
