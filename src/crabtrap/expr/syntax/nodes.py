"""The syntax tree of an expression: frozen data, compared without spans."""

from __future__ import annotations

from typing import Literal as OneOf

from crabtrap.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``[start, end)`` of the input."""

    start: int
    end: int

    def moved(self, by: int, size: int) -> Span:
        """The same characters of a text that lacks some before, and has ``size`` of them."""
        start = min(max(self.start + by, 0), size)
        return Span(start, min(max(self.end + by, start), size))


NO_SPAN = Span(0, 0)


LiteralKind = OneOf["integer", "float", "bool", "char", "byte", "text", "bytes"]
UnaryOperator = OneOf["-", "!", "*", "&", "&mut", "&raw const", "&raw mut"]
ArithmeticOperator = OneOf["+", "-", "*", "/", "%", "<<", ">>", "&", "|", "^"]
ComparisonOperator = OneOf["==", "!=", "<", "<=", ">", ">="]
BinaryOperator = ArithmeticOperator | ComparisonOperator | OneOf["&&", "||"]


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal; ``suffix`` is its written type, ``""`` where it has none."""

    kind: LiteralKind
    value: int | float | bool | str | bytes
    suffix: str = ""
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a path with its generic arguments as text."""

    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """``name``, ``a::b::<T>::c`` or ``<T as Trait>::c`` (``owner`` is what is in ``<>``)."""

    segments: tuple[Segment, ...]
    owner: str = ""
    span: Span = field(default=NO_SPAN, compare=False, repr=False)

    @property
    def text(self) -> str:
        """The path as a user would write it in a type, without turbofish."""
        parts = [f"<{self.owner}>"] if self.owner else []
        for segment in self.segments:
            arguments = f"<{', '.join(segment.arguments)}>" if segment.arguments else ""
            parts.append(segment.name + arguments)
        return "::".join(parts)

    @property
    def is_name(self) -> bool:
        """A single name that may be a local variable."""
        return len(self.segments) == 1 and not self.owner and not self.segments[0].arguments


@dataclass(frozen=True, slots=True)
class Dollar:
    """``$rip``, ``$name``: a register or a convenience variable."""

    name: str
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class History:
    """``$1`` is an absolute number; ``$`` is 0 from the end, ``$$2`` is 2."""

    number: int
    from_end: bool
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unary:
    """An operator in front of its operand."""

    operator: UnaryOperator
    operand: Expression
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two operands."""

    operator: BinaryOperator
    left: Expression
    right: Expression
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cast:
    """``operand as type``; the type as canonical text."""

    operand: Expression
    type: str
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FieldAccess:
    """``base.name``."""

    base: Expression
    name: str
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Index:
    """``base[index]``."""

    base: Expression
    index: Expression
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class RangeOf:
    """``start..end``; ends that are missing are ``None``."""

    start: Expression | None
    end: Expression | None
    inclusive: bool = False
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """``function(arguments)``: a function, a tuple struct or variant, or a closure."""

    function: Expression
    arguments: tuple[Expression, ...]
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class MethodCall:
    """``receiver.name::<generics>(arguments)``."""

    receiver: Expression
    name: str
    arguments: tuple[Expression, ...]
    generics: tuple[str, ...] = ()
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Closure:
    """``move |parameters| -> result body``.

    Attributes:
        types: The written type of each parameter, ``""`` for none; empty where none has one.
        result: The written type of the result, ``""`` for none.
        moves: It has copies of the variables that it captures.
    """

    parameters: tuple[Pattern, ...]
    body: Expression
    types: tuple[str, ...] = ()
    result: str = ""
    moves: bool = False
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class TupleOf:
    """``(a, b)``."""

    items: tuple[Expression, ...]
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """``[a, b]``."""

    items: tuple[Expression, ...]
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Repeat:
    """``[item; count]``."""

    item: Expression
    count: Expression
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class StructOf:
    """``Path { name: value, ..base }``."""

    path: Path
    fields: tuple[tuple[str, Expression], ...]
    base: Expression | None = None
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Matches:
    """``matches!(operand, pattern if guard)``, also written ``operand is pattern``."""

    operand: Expression
    pattern: Pattern
    guard: Expression | None = None
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class VecOf:
    """``vec![a, b]`` or ``vec![item; count]``."""

    items: ArrayOf | Repeat
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class FormatSpec:
    """What follows the colon in ``{:>8.2}``.

    Attributes:
        style: ``""`` for ``Display``, else ``?``, ``x``, ``X``, ``o``, ``b``, ``e``, ``E``.
        width, precision: Numbers, or the arguments that hold them.
    """

    fill: str = " "
    align: str = ""
    sign: str = ""
    alternate: bool = False
    zero: bool = False
    width: int | Expression | None = None
    precision: int | Expression | None = None
    style: str = ""


@dataclass(frozen=True, slots=True)
class Format:
    """``format!("text {}", argument)``: texts, and arguments with how to write them."""

    pieces: tuple[str | tuple[Expression, FormatSpec], ...]
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Let:
    """``let pattern: type = value else { .. }``: a statement, or a condition of ``if``."""

    pattern: Pattern
    value: Expression
    type: str = ""
    otherwise: Block | None = None
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Block:
    """``{ statements; result }``; without a result its value is ``()``."""

    statements: tuple[Let | Expression, ...]
    result: Expression | None
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class If:
    """``if conditions { then } else { otherwise }``, the conditions joined by ``&&``."""

    conditions: tuple[Let | Expression, ...]
    then: Block
    otherwise: Expression | None
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Arm:
    """``pattern if guards => body``, the guards joined by ``&&``."""

    pattern: Pattern
    guards: tuple[Let | Expression, ...]
    body: Expression


@dataclass(frozen=True, slots=True)
class Match:
    """``match operand { arms }``."""

    operand: Expression
    arms: tuple[Arm, ...]
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Try:
    """``operand?``: leaves the closure, or the whole expression, with ``None`` or ``Err``."""

    operand: Expression
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Return:
    """``return value`` out of a closure."""

    value: Expression | None
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Assign:
    """``target = value`` or ``target += value`` (``operator`` is then ``"+"``); it is ``()``."""

    target: Expression
    value: Expression
    operator: ArithmeticOperator | None = None
    span: Span = field(default=NO_SPAN, compare=False, repr=False)


Expression = (
    Literal
    | Path
    | Dollar
    | History
    | Unary
    | Binary
    | Cast
    | FieldAccess
    | Index
    | RangeOf
    | Call
    | MethodCall
    | Closure
    | TupleOf
    | ArrayOf
    | Repeat
    | StructOf
    | Matches
    | VecOf
    | Format
    | Block
    | If
    | Match
    | Try
    | Return
    | Assign
)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """``_``."""


@dataclass(frozen=True, slots=True)
class Rest:
    """``..`` inside a tuple or slice pattern."""


BindingMode = OneOf["", "ref", "ref mut"]


@dataclass(frozen=True, slots=True)
class Bind:
    """``name`` or ``name @ pattern``; a lone name that is a unit variant matches that.

    Attributes:
        mode: Written before the name: ``ref`` or ``ref mut`` bind a reference.
    """

    name: str
    inner: Pattern | None = None
    mode: BindingMode = ""


@dataclass(frozen=True, slots=True)
class Equals:
    """A literal, or a negated one."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Between:
    """``1..=5``, ``..'z'``."""

    start: Expression | None
    end: Expression | None
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Constructor:
    """``Some(p)``, ``(p, q)``, ``Color::Red``: ``items`` is ``None`` without parentheses."""

    path: Path | None
    items: tuple[Pattern, ...] | None


@dataclass(frozen=True, slots=True)
class Fields:
    """``Rect { w, h: 2, .. }``."""

    path: Path
    fields: tuple[tuple[str, Pattern], ...]
    rest: bool


@dataclass(frozen=True, slots=True)
class SliceOf:
    """``[first, .., last]``."""

    items: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """``&pattern``."""

    inner: Pattern


@dataclass(frozen=True, slots=True)
class Either:
    """``a | b``."""

    options: tuple[Pattern, ...]


Pattern = (
    Wildcard | Rest | Bind | Equals | Between | Constructor | Fields | SliceOf | Reference | Either
)
