"""A ``dataclass`` decorator that is cheap when a class is defined.

The standard decorator compiles half a dozen methods when a class is defined, and imports
``inspect``: for this package a tenth of a second before the first prompt, although a session
uses few of the classes.  This one compiles only ``__init__``, after some instances were made;
the other methods are shared functions.  ``dataclasses.fields``, ``replace`` and the like work
as with standard dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, NamedTuple, NoReturn, TypeVar, dataclass_transform, overload

_T = TypeVar("_T")
_C = TypeVar("_C", bound=type)

_FIELDS = "__record_fields__"
_FEW = 30
"""Instances of a class that are cheaper to make by ``_fill`` than to compile ``__init__``."""


class _Missing:
    """The type of ``_MISSING``, which marks a missing default."""


_MISSING: Any = _Missing()


class _Field(NamedTuple):
    """One field.

    Attributes:
        default: Its default, or ``_MISSING``.
        factory: Makes its default, or ``_MISSING``.
        init: It is a parameter of ``__init__``.
        repr: It is in the result of ``repr``.
        compare: It is used to compare and hash instances.
    """

    name: str
    default: Any = _MISSING
    factory: Any = _MISSING
    init: bool = True
    repr: bool = True
    compare: bool = True


@overload
def field(*, default: _T, init: bool = ..., repr: bool = ..., compare: bool = ...) -> _T: ...
@overload
def field(
    *, default_factory: Callable[[], _T], init: bool = ..., repr: bool = ..., compare: bool = ...
) -> _T: ...
def field(
    *,
    default: Any = _MISSING,
    default_factory: Any = _MISSING,
    init: bool = True,
    repr: bool = True,
    compare: bool = True,
) -> Any:
    """Describe a field, as ``dataclasses.field`` does."""
    return _Field("", default, default_factory, init, repr, compare)


def replace(record: _T, **changes: object) -> _T:
    """Copy a record with some fields changed, as ``dataclasses.replace`` does.

    Example:
        >>> @dataclass(frozen=True, slots=True)
        ... class Point:
        ...     x: int
        ...     y: int = 0
        >>> replace(Point(1), y=2)
        Point(x=1, y=2)
    """
    for each in _fields(type(record)):
        if each.init and each.name not in changes:
            changes[each.name] = getattr(record, each.name)
    return type(record)(**changes)


def field_names(record: object) -> tuple[str, ...] | None:
    """List the names of a record's fields; ``None`` for any other object.

    Example:
        >>> @dataclass(frozen=True)
        ... class Point:
        ...     x: int
        ...     y: int = 0
        >>> field_names(Point(1)), field_names(1)
        (('x', 'y'), None)
    """
    fields: tuple[_Field, ...] | None = getattr(type(record), _FIELDS, None)
    return None if fields is None else tuple(each.name for each in fields)


@dataclass_transform(field_specifiers=(field,))
def dataclass(
    *, frozen: bool = False, slots: bool = False, eq: bool = True, repr: bool = True
) -> Callable[[_C], _C]:
    """Make a class a dataclass, as ``dataclasses.dataclass`` does.

    Example:
        >>> @dataclass(frozen=True, slots=True)
        ... class Point:
        ...     x: int
        ...     y: int = 0
        >>> Point(1)
        Point(x=1, y=0)
    """

    def wrap(cls: _C) -> _C:
        own = tuple(_own_fields(cls))
        record = _with_slots(cls, own) if slots else _with_defaults(cls, own)
        _add_methods(record, _all_fields(record, own), frozen=frozen, eq=eq, repr=repr)
        return record

    return wrap


# -- fields ------------------------------------------------------------------------------
def _own_fields(cls: type) -> list[_Field]:
    namespace = _own(cls)
    fields: list[_Field] = []
    for name, kind in namespace.get("__annotations__", {}).items():
        if not str(kind).startswith(("ClassVar", "typing.ClassVar")):
            default = namespace.get(name, _MISSING)
            known = default if isinstance(default, _Field) else _Field("", default)
            fields.append(known._replace(name=name))
    return fields


def _all_fields(cls: type, own: tuple[_Field, ...]) -> tuple[_Field, ...]:
    """List all fields, those of bases first; one that is redefined keeps its position."""
    fields: dict[str, _Field] = {}
    for base in reversed(cls.__mro__[1:]):
        fields.update((each.name, each) for each in vars(base).get(_FIELDS, ()))
    fields.update((each.name, each) for each in own)
    return tuple(fields.values())


def _own(cls: type) -> Mapping[str, Any]:
    """Return the attributes that the class itself defines."""
    return vars(cls)


def _fields(cls: type) -> tuple[_Field, ...]:
    return getattr(cls, _FIELDS)


# -- the class ---------------------------------------------------------------------------
def _with_slots(cls: Any, own: tuple[_Field, ...]) -> Any:
    """Make a copy of a class with slots, which cannot be added to an existing class."""
    names = [each.name for each in own]
    inherited = {name for base in cls.__mro__[1:] for name in getattr(base, "__slots__", ())}
    left_out = {*names, "__dict__", "__weakref__"}
    namespace = {name: value for name, value in _own(cls).items() if name not in left_out}
    namespace["__slots__"] = tuple(name for name in names if name not in inherited)
    namespace["__qualname__"] = cls.__qualname__
    return type(cls)(cls.__name__, cls.__bases__, namespace)


def _with_defaults(cls: Any, own: tuple[_Field, ...]) -> Any:
    for each in own:
        if isinstance(_own(cls).get(each.name), _Field):
            delattr(cls, each.name)
            if each.default is not _MISSING:
                setattr(cls, each.name, each.default)
    return cls


def _add_methods(
    cls: Any, fields: tuple[_Field, ...], *, frozen: bool, eq: bool, repr: bool
) -> None:
    setattr(cls, _FIELDS, fields)
    cls.__dataclass_fields__ = _STANDARD_FIELDS
    cls.__match_args__ = tuple(each.name for each in fields if each.init)
    methods: dict[str, object] = {"__init__": _init_later(cls, frozen)}
    if repr:
        methods["__repr__"] = _repr
    if eq:
        values = _values_getter(fields)
        methods["__eq__"] = _make_eq(values)
        methods["__hash__"] = _make_hash(values) if frozen else None
    if frozen:
        methods["__setattr__"] = methods["__delattr__"] = _refuse
    for name, method in methods.items():
        # A class with its own __eq__ and no __hash__ has __hash__ = None.
        if _own(cls).get(name) is None:
            setattr(cls, name, method)


def _init_later(cls: Any, frozen: bool) -> Callable[..., None]:
    count = 0

    def __init__(self: object, *args: object, **keywords: object) -> None:
        nonlocal count
        count += 1
        # Compiled also where the arguments do not fit: its TypeError says which.
        if count > _FEW or not _fill(self, _fields(cls), args, keywords):
            cls.__init__ = _compile_init(cls, frozen)
            cls.__init__(self, *args, **keywords)

    return __init__


def _fill(
    record: object,
    fields: tuple[_Field, ...],
    args: tuple[object, ...],
    keywords: dict[str, object],
) -> bool:
    """Set the fields of a new instance; return ``False`` where the arguments do not fit."""
    names = [each.name for each in fields if each.init]
    given = dict(zip(names, args, strict=False))
    if len(args) > len(names) or not given.keys().isdisjoint(keywords):
        return False
    given |= keywords
    for each in fields:
        if each.init and each.name in given:
            value = given.pop(each.name)
        elif each.factory is not _MISSING:
            value = each.factory()
        elif each.default is not _MISSING:
            value = each.default
        elif each.init:
            return False
        else:
            continue
        object.__setattr__(record, each.name, value)
    return not given


def _compile_init(cls: Any, frozen: bool) -> Callable[..., None]:
    """Compile an ``__init__`` with proper parameters: the fastest, and with the best errors."""
    parameters, body = ["self"], ["pass"]
    names: dict[str, Any] = {"_MISSING": _MISSING, "_set": object.__setattr__}
    for each in _fields(cls):
        name, default, make = each.name, f"_default_{each.name}", f"_make_{each.name}"
        names |= {default: each.default, make: each.factory}
        value = name if each.init else default
        if each.factory is not _MISSING:
            value = f"{make}() if {name} is _MISSING else {name}" if each.init else f"{make}()"
            names[default] = _MISSING
        if each.init:
            required = each.default is _MISSING and each.factory is _MISSING
            parameters.append(name if required else f"{name}={default}")
        elif value == default and each.default is _MISSING:
            continue
        body.append(_assignment(cls, name, value, names) if frozen else f"self.{name} = {value}")
    lines = "\n    ".join(body)
    code = compile(f"def __init__({', '.join(parameters)}):\n    {lines}\n", "<record>", "exec")
    exec(code, names)
    compiled = names["__init__"]
    compiled.__qualname__ = f"{cls.__qualname__}.__init__"
    return compiled


def _assignment(cls: type, name: str, value: str, names: dict[str, Any]) -> str:
    """Write the assignment to a field of a frozen instance, by its slot where it has one."""
    slot = getattr(getattr(cls, name, None), "__set__", None)
    if slot is None:
        return f"_set(self, {name!r}, {value})"
    names[f"_set_{name}"] = slot
    return f"_set_{name}(self, {value})"


# -- methods -----------------------------------------------------------------------------
def _values_getter(fields: tuple[_Field, ...]) -> Callable[[Any], tuple[Any, ...]]:
    names = [each.name for each in fields if each.compare]
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


def _make_eq(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any, object], bool]:
    def __eq__(self: Any, other: object) -> bool:
        if other.__class__ is self.__class__:
            return values(self) == values(other)
        return NotImplemented

    return __eq__


def _make_hash(values: Callable[[Any], tuple[Any, ...]]) -> Callable[[Any], int]:
    def __hash__(self: Any) -> int:
        return hash(values(self))

    return __hash__


def _repr(self: Any) -> str:
    cls = self.__class__
    shown = [each.name for each in _fields(cls) if each.repr]
    inner = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
    return f"{cls.__qualname__}({inner})"


def _refuse(self: object, name: str, *_value: object) -> NoReturn:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - slow to import

    raise FrozenInstanceError(f"cannot change field {name!r} of {type(self).__qualname__}")


class _StandardFields:
    """The descriptor of ``__dataclass_fields__``, which are made when first read."""

    def __get__(self, instance: object, owner: Any) -> dict[str, Any]:
        import dataclasses  # noqa: PLC0415 - slow to import

        def standard(each: _Field) -> Any:
            options: dict[str, Any] = {
                "init": each.init,
                "repr": each.repr,
                "compare": each.compare,
            }
            if each.factory is not _MISSING:
                return dataclasses.field(default_factory=each.factory, **options)
            if each.default is not _MISSING:
                return dataclasses.field(default=each.default, **options)
            return dataclasses.field(**options)

        spec = [(each.name, Any, standard(each)) for each in _fields(owner)]
        like: Any = dataclasses.make_dataclass(owner.__name__, spec)
        owner.__dataclass_fields__ = like.__dataclass_fields__
        return like.__dataclass_fields__


_STANDARD_FIELDS = _StandardFields()
