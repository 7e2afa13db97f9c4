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
from typing import Any, TypeVar, dataclass_transform

_C = TypeVar("_C", bound=type)

_PENDING = "__pending_dataclass__"
_DEFERRED = ("__init__", "__repr__", "__eq__", "__hash__")


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
    options = {"frozen": frozen, "eq": eq, "repr": repr}

    def wrap(cls: _C) -> _C:
        return _defer(cls, options, slots=slots)

    return wrap


def _defer(cls: _C, options: dict[str, bool], *, slots: bool) -> _C:
    own = tuple(name for name, kind in _annotations(cls).items() if not _is_class_variable(kind))
    namespace = dict(vars(cls))
    defaults = {name: namespace[name] for name in own if name in namespace}
    if slots:
        for name in (*defaults, "__dict__", "__weakref__"):
            namespace.pop(name, None)
        inherited = {name for base in cls.__mro__[1:] for name in getattr(base, "__slots__", ())}
        namespace["__slots__"] = tuple(name for name in own if name not in inherited)
    made: Any = type(cls)(cls.__name__, cls.__bases__, namespace)
    for base in reversed(cls.__mro__[1:]):
        own = (*(n for n in getattr(base, "__match_args__", ()) if n not in own), *own)
    made.__match_args__ = tuple(name for name in own if _takes_part(defaults.get(name)))
    setattr(made, _PENDING, (defaults, options))
    for name in _DEFERRED:
        if name not in namespace or (name == "__hash__" and namespace[name] is None):
            setattr(made, name, _completing(made, name))
    return made


def _as_factory(default: Any) -> Any:
    """A default that no argument can replace has to be set on each instance, in its slot."""
    if not isinstance(default, dataclasses.Field) or default.init:
        return default
    value: Any = default.default
    if value is not dataclasses.MISSING:
        default.default = dataclasses.MISSING
        default.default_factory = lambda: value
    return default


def _annotations(cls: type) -> dict[str, Any]:
    return vars(cls).get("__annotations__", {})


def _is_class_variable(annotation: object) -> bool:
    return str(annotation).startswith(("ClassVar", "typing.ClassVar"))


def _takes_part(default: object) -> bool:
    """Whether a field is an argument of the constructor."""
    return not isinstance(default, dataclasses.Field) or default.init


def _completing(cls: Any, name: str) -> Callable[..., Any]:
    """A method that writes the real ones in its place and then does what was asked."""

    def method(self: Any, *args: Any, **keywords: Any) -> Any:
        _complete(cls)
        return getattr(type(self), name)(self, *args, **keywords)

    return method


def _complete(cls: Any) -> None:
    """Let the standard decorator write the methods of a class and of its bases."""
    for base in reversed(cls.__mro__):
        if _PENDING not in vars(base):
            continue
        defaults, options = vars(base)[_PENDING]
        delattr(base, _PENDING)
        for name in _DEFERRED:
            if getattr(vars(base).get(name), "__qualname__", "").startswith("_completing"):
                delattr(base, name)
        # The standard decorator finds defaults in the class, where the slots are.
        descriptors = {name: vars(base).get(name) for name in defaults}
        for name, default in defaults.items():
            setattr(base, name, _as_factory(default))
        dataclasses.dataclass(**options)(base)
        for name, descriptor in descriptors.items():
            if descriptor is not None:
                setattr(base, name, descriptor)
