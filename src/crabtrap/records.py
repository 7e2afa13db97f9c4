"""``dataclass`` whose methods are written when the first instance is made.

The standard decorator compiles five methods per class as the class is defined: half a
millisecond each, a tenth of a second for this package, paid before the first prompt
although most of the classes are never used in a session.  This one makes the slots at
once and leaves the rest to the standard decorator, later.  It takes the same arguments
as far as they are supported, and instances are indistinguishable.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, dataclass_transform

_C = TypeVar("_C", bound=type)

_PENDING = "__pending_dataclass__"
_DEFERRED = ("__init__", "__repr__", "__eq__", "__hash__")


class _Pending(NamedTuple):
    """What the standard decorator will be given."""

    defaults: dict[str, Any]
    frozen: bool
    eq: bool
    repr: bool


@dataclass_transform(field_specifiers=(dataclasses.field,))
def dataclass(
    *, frozen: bool = False, slots: bool = False, eq: bool = True, repr: bool = True
) -> Callable[[_C], _C]:
    """As ``dataclasses.dataclass``; see there.

    Example:
        >>> @dataclass(frozen=True, slots=True)
        ... class Point:
        ...     x: int
        ...     y: int = 0
        >>> Point(1)
        Point(x=1, y=0)
    """

    def wrap(cls: _C) -> _C:
        own = tuple(name for name, kind in _annotations(cls).items() if not _is_class_var(kind))
        defaults = {name: value for name, value in _own(cls).items() if name in own}
        made = _with_slots(cls, own) if slots else cls
        _defer(made, own, _Pending(defaults, frozen, eq, repr))
        return made

    return wrap


def _with_slots(cls: Any, own: tuple[str, ...]) -> Any:
    """The same class again, with slots: they cannot be added to one that exists."""
    inherited = {name for base in cls.__mro__[1:] for name in getattr(base, "__slots__", ())}
    left_out = {*own, "__dict__", "__weakref__"}
    namespace = {name: value for name, value in _own(cls).items() if name not in left_out}
    namespace["__slots__"] = tuple(name for name in own if name not in inherited)
    return type(cls)(cls.__name__, cls.__bases__, namespace)


def _defer(cls: Any, own: tuple[str, ...], pending: _Pending) -> None:
    names = own
    for base in cls.__mro__[1:]:
        names = (*(n for n in getattr(base, "__match_args__", ()) if n not in names), *names)
    cls.__match_args__ = tuple(n for n in names if _takes_part(pending.defaults.get(n)))
    setattr(cls, _PENDING, pending)
    for name in _DEFERRED:
        # A class with its own __eq__ and no __hash__ has __hash__ = None.
        if _own(cls).get(name) is None:
            setattr(cls, name, _completing(cls, name))


def _own(cls: type) -> dict[str, Any]:
    """What the class itself defines."""
    return dict(vars(cls))


def _annotations(cls: type) -> dict[str, object]:
    return _own(cls).get("__annotations__", {})


def _is_class_var(annotation: object) -> bool:
    return str(annotation).startswith(("ClassVar", "typing.ClassVar"))


def _takes_part(default: Any) -> bool:
    """Whether a field is an argument of the constructor."""
    return not isinstance(default, dataclasses.Field) or default.init


def _completing(cls: type, name: str) -> Callable[..., Any]:
    """A method that has the real ones written in its place and then does what was asked."""

    def method(self: Any, *args: Any, **keywords: Any) -> Any:
        _complete(cls)
        return getattr(self.__class__, name)(self, *args, **keywords)

    return method


def _complete(cls: type) -> None:
    """Let the standard decorator write the methods of a class and of its bases."""
    for base in reversed(cls.__mro__):
        pending: _Pending | None = _own(base).get(_PENDING)
        if pending is not None:
            delattr(base, _PENDING)
            _complete_one(base, pending)


def _complete_one(cls: Any, pending: _Pending) -> None:
    for name in _DEFERRED:
        if getattr(_own(cls).get(name), "__qualname__", "").startswith(_completing.__name__):
            delattr(cls, name)
    # The standard decorator looks for defaults in the class, where the slots are.
    places = {name: _own(cls).get(name) for name in pending.defaults}
    for name, default in pending.defaults.items():
        setattr(cls, name, _as_factory(default))
    dataclasses.dataclass(frozen=pending.frozen, eq=pending.eq, repr=pending.repr)(cls)
    for name, place in places.items():
        if place is not None and not isinstance(place, dataclasses.Field):
            setattr(cls, name, place)


def _as_factory(default: Any) -> Any:
    """A default that no argument can replace has to be set on each instance, in its slot."""
    if _takes_part(default):
        return default
    value: Any = default.default
    if value is not dataclasses.MISSING:
        default.default = dataclasses.MISSING
        default.default_factory = lambda: value
    return default
