"""The syntax tree of an expression: frozen data, compared without spans."""

from __future__ import annotations

from typing import Literal as OneOf
from typing import assert_never

from crabtrap.records import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``[start, end)`` of the input."""

    start: int
    end: int


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
    """``|parameters| body``; ``types`` has the written type of each, ``""`` for none."""

    parameters: tuple[Pattern, ...]
    body: Expression
    types: tuple[str, ...] = ()
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
    """``let pattern: type = value``: a statement, or a condition of ``if``."""

    pattern: Pattern
    value: Expression
    type: str = ""
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
    """``pattern if guard => body``."""

    pattern: Pattern
    guard: Expression | None
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
    """``target = value`` or ``target += value`` (``operator`` is then ``"+"``)."""

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


@dataclass(frozen=True, slots=True)
class Bind:
    """``name`` or ``name @ pattern``; a lone name that is a unit variant matches that."""

    name: str
    inner: Pattern | None = None


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


def unparse(tree: Expression) -> str:  # noqa: C901, PLR0911, PLR0912 - one case per class
    """Write a tree as text that parses to the same tree.

    Example:
        >>> unparse(Binary("+", Literal("integer", 1), Literal("integer", 2, "u8")))
        '1 + 2u8'
    """
    match tree:
        case Literal():
            return _literal(tree)
        case Path():
            return _path(tree)
        case Dollar(name):
            return f"${name}"
        case History(number, from_end):
            return f"$${number}" if from_end else f"${number}"
        case Unary(operator, operand):
            return f"{operator}{' ' if operator[1:] else ''}{_group(operand)}"
        case Binary(operator, left, right):
            return f"{_group(left)} {operator} {_group(right)}"
        case Cast(operand, type_):
            return f"{_group(operand)} as {type_}"
        case FieldAccess(base, name):
            number = isinstance(base, Literal) and base.kind in ("integer", "float")
            return f"({unparse(base)}).{name}" if number else f"{_group(base)}.{name}"
        case Index(base, index):
            return f"{_group(base)}[{unparse(index)}]"
        case RangeOf(start, end, inclusive):
            ends = ("" if part is None else _group(part) for part in (start, end))
            return ("..=" if inclusive else "..").join(ends)
        case Call(function, arguments):
            head = (
                f"({unparse(function)})" if isinstance(function, FieldAccess) else _group(function)
            )
            return f"{head}({_list(arguments)})"
        case MethodCall(receiver, name, arguments, generics):
            turbofish = f"::<{', '.join(generics)}>" if generics else ""
            return f"{_group(receiver)}.{name}{turbofish}({_list(arguments)})"
        case Closure():
            return _closure(tree)
        case TupleOf(items):
            return f"({_list(items)}{',' if len(items) == 1 else ''})"
        case ArrayOf(items):
            return f"[{_list(items)}]"
        case Repeat(item, count):
            return f"[{unparse(item)}; {unparse(count)}]"
        case StructOf(path, fields, base):
            inside = [f"{name}: {unparse(value)}" for name, value in fields]
            inside += [] if base is None else [f"..{unparse(base)}"]
            return f"{_path(path)} {{ {', '.join(inside)} }}"
        case Matches(operand, pattern, guard):
            condition = "" if guard is None else f" if {unparse(guard)}"
            return f"matches!({unparse(operand)}, {unparse_pattern(pattern)}{condition})"
        case VecOf(items):
            return f"vec!{unparse(items)}"
        case Format():
            return _format(tree)
        case Block():
            return _block(tree)
        case If(conditions, then, otherwise):
            tests = " && ".join(_condition(each) for each in conditions)
            rest = "" if otherwise is None else f" else {unparse(otherwise)}"
            return f"if {tests} {unparse(then)}{rest}"
        case Match(operand, arms):
            return f"match {_group(operand)} {{ {', '.join(map(_arm, arms))} }}"
        case Try(operand):
            return f"{_group(operand)}?"
        case Return(value):
            return "return" if value is None else f"return {unparse(value)}"
        case Assign(target, value, operator):
            return f"{_group(target)} {operator or ''}= {unparse(value)}"
        case unknown:
            assert_never(unknown)


def _closure(tree: Closure) -> str:
    types = tree.types or ("",) * len(tree.parameters)
    parameters = [
        _parameter(pattern) + (f": {type_}" if type_ else "")
        for pattern, type_ in zip(tree.parameters, types, strict=True)
    ]
    return f"|{', '.join(parameters)}| {unparse(tree.body)}"


def _block(tree: Block) -> str:
    parts = [f"{_statement(each)};" for each in tree.statements]
    parts += [] if tree.result is None else [unparse(tree.result)]
    return f"{{ {' '.join(parts)} }}" if parts else "{ }"


def _statement(tree: Let | Expression) -> str:
    if not isinstance(tree, Let):
        return unparse(tree)
    type_ = f": {tree.type}" if tree.type else ""
    return f"let {unparse_pattern(tree.pattern)}{type_} = {unparse(tree.value)}"


def _condition(tree: Let | Expression) -> str:
    if isinstance(tree, Let):
        return f"let {unparse_pattern(tree.pattern)} = {_group(tree.value)}"
    return _group(tree)


def _arm(arm: Arm) -> str:
    guard = "" if arm.guard is None else f" if {unparse(arm.guard)}"
    return f"{unparse_pattern(arm.pattern)}{guard} => {unparse(arm.body)}"


def _format(tree: Format) -> str:
    template, arguments = "", ""
    for piece in tree.pieces:
        if isinstance(piece, str):
            template += "".join(c * 2 if c in "{}" else _quoted(c) for c in piece)
            continue
        argument, spec = piece
        arguments += f", {unparse(argument)}"
        width, precision = _count(spec.width), _count(spec.precision)
        shape = f"{spec.fill if spec.align else ''}{spec.align}{spec.sign}"
        shape += "#" * spec.alternate + "0" * spec.zero + width
        shape += f".{precision}" if precision else ""
        shape += spec.style
        template += f"{{:{shape}}}" if shape else "{}"
    return f'format!("{template}"{arguments})'


def _count(count: int | Expression | None) -> str:
    if count is None:
        return ""
    return str(count) if isinstance(count, int) else f"{unparse(count)}$"


def _list(items: tuple[Expression, ...]) -> str:
    return ", ".join(map(unparse, items))


def _group(tree: Expression) -> str:
    """An operand: in parentheses unless it is an atom."""
    atoms = (Path, Dollar, History, FieldAccess, Index, MethodCall, TupleOf, ArrayOf, Matches)
    if isinstance(tree, atoms) or (isinstance(tree, Literal) and not _is_negative(tree)):
        return unparse(tree)
    return f"({unparse(tree)})"


def _is_negative(tree: Literal) -> bool:
    return isinstance(tree.value, int | float) and tree.value < 0


def _path(path: Path) -> str:
    parts = [f"<{path.owner}>"] if path.owner else []
    for segment in path.segments:
        generics = f"::<{', '.join(segment.arguments)}>" if segment.arguments else ""
        parts.append(segment.name + generics)
    return "::".join(parts)


def _literal(tree: Literal) -> str:
    value = tree.value
    match tree.kind:
        case "bool":
            return "true" if value else "false"
        case "char":
            return f"'{_quoted(str(value))}'"
        case "text":
            return f'"{_quoted(str(value))}"'
        case "byte":
            assert isinstance(value, int)  # as the parser promises
            return f"b'\\x{value:02x}'"
        case "bytes":
            assert isinstance(value, bytes)  # as the parser promises
            return 'b"' + "".join(f"\\x{byte:02x}" for byte in value) + '"'
        case "float":
            text = repr(value)
            return (text if any(mark in text for mark in ".e") else f"{text}.0") + tree.suffix
        case "integer":
            return f"{value}{tree.suffix}"


def _quoted(text: str) -> str:
    return "".join(
        char if char.isalnum() and char.isascii() else f"\\u{{{ord(char):x}}}" for char in text
    )


def unparse_pattern(pattern: Pattern) -> str:
    """Write a pattern as text that parses to the same pattern."""
    match pattern:
        case Wildcard():
            return "_"
        case Rest():
            return ".."
        case Bind(name, inner):
            return name if inner is None else f"{name} @ {_grouped_pattern(inner)}"
        case Equals(value):
            return unparse(value)
        case Between(start, end, inclusive):
            ends = ("" if part is None else unparse(part) for part in (start, end))
            return ("..=" if inclusive else "..").join(ends)
        case Constructor(path, items):
            head = "" if path is None else _path(path)
            return head if items is None else f"{head}({_items(items, path is None)})"
        case Fields(path, fields, rest):
            parts = [f"{name}: {unparse_pattern(inner)}" for name, inner in fields]
            return f"{_path(path)} {{ {', '.join(parts + ['..'] * rest)} }}"
        case SliceOf(items):
            return f"[{_items(items, False)}]"
        case Reference(inner):
            return f"&{_grouped_pattern(inner)}"
        case Either(options):
            return " | ".join(map(_grouped_pattern, options))
        case unknown:
            assert_never(unknown)


def _parameter(pattern: Pattern) -> str:
    text = unparse_pattern(pattern)
    return f"({text})" if isinstance(pattern, Either) else text


def _grouped_pattern(pattern: Pattern) -> str:
    text = unparse_pattern(pattern)
    return f"({text})" if isinstance(pattern, Either | Between | Bind) else text


def _items(items: tuple[Pattern, ...], is_tuple: bool) -> str:
    text = ", ".join(map(unparse_pattern, items))
    return f"{text}," if is_tuple and len(items) == 1 else text
