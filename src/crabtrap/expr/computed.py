"""Values that expressions compute: numbers, texts, options, tuples, sequences."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax.nodes import Span
from crabtrap.expr.typing.terms import FLOATS, INTEGERS, Term, shown
from crabtrap.present import synthetic
from crabtrap.present.view import (
    Items,
    LazyItems,
    ListedItems,
    LiteralView,
    PointerView,
    RangeView,
    RecordView,
    SequenceView,
    TextView,
)
from crabtrap.records import dataclass
from crabtrap.symbols.types import (
    PRIMITIVES,
    UNIT,
    SyntheticRow,
    Type,
    pointer_type,
    synthetic_type,
)
from crabtrap.values import NOWHERE, Bytes, Memory, Synthetic, Value, decode

INTEGER = Type(SyntheticRow("base", "{integer}", 40, "signed"))
"""The undecided type of an integer literal; wide enough for all that it may become."""

_WIDEST = 40
"""Bytes of the widest integer; a damaged type may claim any number."""

FLOAT = Type(SyntheticRow("base", "{float}", 8, "float"))
"""The undecided type of a float literal."""

STRING_SLICE = synthetic_type("opaque", "&str")

of_view = synthetic.of_view
char = synthetic.char


@dataclass(frozen=True, slots=True)
class ReverseView(RecordView):
    """A ``Reverse`` of std, whose order is that of its content reversed."""


def type_name(value: Value) -> str:
    """Return the name of a value's type; of a literal, that of its default type."""
    return settle(value).type.name


def limits(type_: Type) -> tuple[int, int]:
    """Return the least and the greatest number of an integer type."""
    shape = type_.strip()
    bits = 8 * min(shape.size or 0, _WIDEST)
    if bits and shape.row.encoding == "signed":
        return -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    return 0, (1 << bits) - 1


def fits(number: int, type_: Type) -> bool:
    """Say whether an integer type can hold a number."""
    least, greatest = limits(type_)
    return least <= number <= greatest


def wrap(number: int, type_: Type) -> int:
    """Cut a number to an integer type's width, in two's complement."""
    least, greatest = limits(type_)
    return (number - least) % (greatest - least + 1) + least


def clamp(number: int, type_: Type) -> int:
    """Return the number of an integer type that is nearest to ``number``."""
    least, greatest = limits(type_)
    return min(max(number, least), greatest)


def integer(number: int, type_: Type = INTEGER) -> Value:
    """A number of an integer type.

    Raises:
        EvaluationError: It does not fit.
    """
    shape = type_.strip()
    if not fits(number, shape):
        raise EvaluationError(f"{number} is out of range for {type_.name}")
    return synthetic.number(number, type_)


def usize(number: int) -> Value:
    """A ``usize``."""
    return integer(number, PRIMITIVES["usize"])


def settle(value: Value) -> Value:
    """Give a literal of undecided type Rust's default, or the smallest type that holds it."""
    if value.type is INTEGER:
        number = value.integer()
        for name in ("i32", "i64", "i128", "u128"):
            if fits(number, PRIMITIVES[name]):
                return integer(number, PRIMITIVES[name])
    if value.type is FLOAT:
        return Value(PRIMITIVES["f64"], value.location, NOWHERE)
    return value


def named(value: Value, term: Term) -> Value:
    """Give a computed value the name of the type that the check of types found."""
    content = value.location.content if isinstance(value.location, Synthetic) else None
    if content is None or term.name in ("?", "$") or value.type.table is not None:
        return value
    name = shown(term)
    if name == value.type.name:
        return value
    return Value(synthetic_type("opaque", name), value.location, value.context)


def boolean(truth: bool) -> Value:
    """A ``bool``."""
    return Value(PRIMITIVES["bool"], Bytes(bytes([truth])), NOWHERE)


def real(number: float, type_: Type = FLOAT) -> Value:
    """A float, rounded to its type."""
    code = "<f" if type_.strip().size == 4 else "<d"
    try:
        data = struct.pack(code, number)
    except OverflowError:
        data = struct.pack(code, float("inf") if number > 0 else float("-inf"))
    return Value(type_, Bytes(data), NOWHERE)


def with_sign(value: Value, negative: bool) -> Value:
    """A float with this sign; its other bits stay as they are, those of a NaN, too."""
    data = bytearray(value.read_bytes())
    data[-1] = data[-1] & 0x7F | negative << 7
    return Value(value.type, Bytes(bytes(data)), NOWHERE)


def is_negative(value: Value) -> bool:
    """Whether the sign of a float is set, be it ``-0.0`` or a NaN."""
    return value.read_bytes()[-1] >> 7 == 1


def unit() -> Value:
    """``()``."""
    return Value(UNIT, Bytes(b""), NOWHERE)


def text(content: str | bytes) -> Value:
    """A text."""
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    return of_view(STRING_SLICE, TextView("str", len(data), lambda a, b: data[a:b]))


def byte_string(content: bytes) -> Value:
    """A byte string: a sequence of ``u8``."""
    return listed([integer(byte, PRIMITIVES["u8"]) for byte in content], "u8")


def listed(values: Sequence[Value], item_name: str = "", *, name: str = "") -> Value:
    """An array of these values, or another list whose type has the name ``name``."""
    item = item_name or (type_name(values[0]) if values else "_")
    type_ = synthetic_type("opaque", name or f"[{item}; {len(values)}]")
    return of_view(type_, SequenceView(ListedItems(tuple(values))))


def sequence(items: Items, name: str) -> Value:
    """A sequence of lazy items; ``name`` is its type's."""
    return of_view(synthetic_type("opaque", name), SequenceView(items))


def ordering(sign: int) -> Value:
    """``Less``, ``Equal`` or ``Greater``."""
    name = "Less" if sign < 0 else "Greater" if sign else "Equal"
    return record(name, (), type_name="Ordering", variant=True)


def ordering_of(value: Value) -> int:
    """Decode an ``Ordering``, of the program or computed, to -1, 0 or 1.

    Raises:
        EvaluationError: The value is something else.
    """
    content = value.location.content if isinstance(value.location, Synthetic) else None
    if isinstance(content, PointerView):
        return ordering_of(content.target())
    if isinstance(content, RecordView) and content.name in _ORDERINGS:
        return _ORDERINGS[content.name]
    if value.is_pointer:
        return ordering_of(value.deref())
    if value.shape.kind == "enum":
        value.valid()  # raises where no variant has its number
        name = decode.enumerator_name(value.shape, value.read_bytes())
        if name in _ORDERINGS:
            return _ORDERINGS[name]
    raise EvaluationError(f"expected Ordering, found {value.type.name}")


_ORDERINGS = {"Less": -1, "Equal": 0, "Greater": 1}


def default_of(term: Term, span: Span | None = None) -> Value:
    """``Default::default()`` of a type of std.

    Raises:
        EvaluationError: Only the program knows the default.
    """
    match term.name:
        case name if name in FLOATS:
            return real(0.0, PRIMITIVES[name])
        case name if name in INTEGERS:
            return integer(0, PRIMITIVES[name])
        case "bool":
            return boolean(False)
        case "Duration":
            return of_view(synthetic_type("opaque", "Duration"), LiteralView("0ns", (0, 0)))
        case "char":
            return char("\0")
        case "String" | "&" if term.name == "String" or term.args[0].name == "str":
            return text("")
        case "&" | "Vec" | "VecDeque" | "LinkedList" if (
            term.name != "&" or term.args[0].name == "slice"
        ):
            return listed((), name=shown(term))
        case "Option":
            return option(None)
        case "tuple":
            return tuple_of([default_of(each, span) for each in term.args])
        case "HashSet" | "BTreeSet":
            return of_view(
                synthetic_type("opaque", shown(term)), SequenceView(ListedItems(()), is_set=True)
            )
        case _:
            raise EvaluationError(f"the default of a {term} would run the program", span)


def lazily(begin: Callable[[], Iterator[Value]], name: str = "impl Iterator") -> Value:
    """An iterator."""
    return sequence(LazyItems(begin), name)


def record(
    name: str, fields: Sequence[tuple[str, Value]], *, type_name: str = "", variant: bool = False
) -> Value:
    """A struct, tuple struct or enum variant; tuples have fields ``0``, ``1``, ..."""
    return record_of(synthetic_type("opaque", type_name or name), name, fields, variant=variant)


def record_of(
    type_: Type, name: str, fields: Sequence[tuple[str, Value]], *, variant: bool
) -> Value:
    """A struct or variant of a type, which may be one of the program."""
    is_tuple = bool(fields) and all(field.isdecimal() for field, _ in fields)
    return of_view(type_, RecordView(name, tuple(fields), is_tuple, variant))


def std_tuple(name: str, value: Value) -> Value:
    """``Reverse(value)`` and the like."""
    view = ReverseView if name == "Reverse" else RecordView
    type_ = synthetic_type("opaque", f"{name}<{type_name(value)}>")
    return of_view(type_, view(name, (("0", value),), is_tuple=True))


def tuple_of(values: Sequence[Value]) -> Value:
    """A tuple."""
    if not values:
        return unit()
    return synthetic.tuple_of(values, [type_name(value) for value in values])


def option(value: Value | None) -> Value:
    """``Some(value)`` or ``None``."""
    if value is None:
        return record("None", (), type_name="Option<_>", variant=True)
    return record("Some", [("0", value)], type_name=f"Option<{type_name(value)}>", variant=True)


def ok(value: Value) -> Value:
    """``Ok(value)``."""
    return record("Ok", [("0", value)], type_name=f"Result<{type_name(value)}, _>", variant=True)


def err(value: Value, type_name_: str) -> Value:
    """``Err(value)``."""
    name = type_name_ or f"Result<_, {type_name(value)}>"
    return record("Err", [("0", value)], type_name=name, variant=True)


def range_of(start: Value | None, end: Value | None, inclusive: bool) -> Value:
    """A range."""
    ends = [type_name(value) for value in (start, end) if value is not None]
    name = "RangeInclusive" if inclusive else "Range"
    return of_view(
        synthetic_type("opaque", f"{name}<{ends[0] if ends else ''}>"),
        RangeView(start, end, inclusive),
    )


def reference(value: Value) -> Value:
    """``&value``: a pointer value where ``value`` is in memory, else a view of it."""
    if (
        isinstance(value.location, Memory)
        and value.metadata is None
        and value.type.size is not None
    ):
        type_ = pointer_type(value.type)
        data = value.location.address.to_bytes(8, "little")
        if value.shape.kind != "array" or value.type.table is not None:
            return Value(type_, Bytes(data), value.context)
    view = PointerView("&", value.address, lambda: value)
    return of_view(synthetic_type("opaque", f"&{value.type.qualified_name}"), view)


def raw_pointer(value: Value, prefix: str) -> Value:
    """``&raw const value``, or ``&raw mut`` by its prefix ``"*mut "``.

    Raises:
        EvaluationError: The value is not in memory.
    """
    if not isinstance(value.location, Memory):
        reason = value.absent or "it is not in memory"
        raise EvaluationError(f"there is no address to take: {reason}")
    if value.metadata is not None or value.type.size is None:
        view = PointerView("", value.address, lambda: value)
        return of_view(synthetic_type("opaque", f"{prefix}{value.type.qualified_name}"), view)
    type_ = pointer_type(value.type, prefix)
    return Value(type_, Bytes(value.location.address.to_bytes(8, "little")), value.context)
