"""Paths and calls: what a name means, and what a call of it gives."""

from __future__ import annotations

import math
from typing import Protocol

from crabtrap.errors import NotFoundError
from crabtrap.expr import about_types, computed, durations, parts
from crabtrap.expr.methods.invocation import Evaluation
from crabtrap.expr.methods.method_table import NoMethodError, call_method, evaluated, run_entry
from crabtrap.expr.scope import EvaluationError, Scope, WouldRunError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing.call_types import FREE_FUNCTIONS, STD_TUPLES
from crabtrap.expr.typing.places import DURATION_CONSTANTS, FLOAT_FORMATS, MEMORY_ORDERINGS
from crabtrap.expr.typing.typing_result import CallTyping
from crabtrap.records import dataclass
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values import NOWHERE, Bytes, Value

_FLOAT_CONSTANTS = {
    "INFINITY": math.inf,
    "NEG_INFINITY": -math.inf,
    "NAN": math.nan,
    "PI": math.pi,
    "E": math.e,
    "TAU": math.tau,
    "SQRT_2": math.sqrt(2),
    "LN_2": math.log(2),
    "LN_10": math.log(10),
    "LOG2_E": math.log2(math.e),
    "LOG10_E": math.log10(math.e),
    "FRAC_1_PI": 1 / math.pi,
    "FRAC_2_PI": 2 / math.pi,
    "FRAC_1_SQRT_2": math.sqrt(0.5),
    **{f"FRAC_PI_{n}": math.pi / n for n in (2, 3, 4, 6, 8)},
}
_LIMITS = {
    "f64": {
        "MAX": 1.7976931348623157e308,
        "MIN": -1.7976931348623157e308,
        "EPSILON": 2.0**-52,
        "MIN_POSITIVE": 2.0**-1022,
    },
    "f32": {
        "MAX": 3.4028234663852886e38,
        "MIN": -3.4028234663852886e38,
        "EPSILON": 2.0**-23,
        "MIN_POSITIVE": 2.0**-126,
    },
}
_ORDERINGS = {
    f"{prefix}Ordering::{name}": sign
    for prefix in ("", "cmp::", "std::cmp::")
    for name, sign in (("Less", -1), ("Equal", 0), ("Greater", 1))
}
_WRAPPERS = {"Some": "Option", "Ok": "Result", "Err": "Result"}
_CONST_HINT = "a const leaves no trace: the compiler puts its value wherever it is used"


class PathEvaluation(Evaluation, Protocol):
    """The part of the evaluator that paths and calls need."""

    @property
    def scope(self) -> Scope:
        """Knows what names mean."""
        ...

    @property
    def resolved(self) -> dict[str, Value]:
        """What paths were found to mean; the program does not change meanwhile."""
        ...

    def local(self, tree: nodes.Path) -> Value | None:
        """Find the variable that a path is the name of, ``None`` where it is none."""
        ...


def resolve(evaluator: PathEvaluation, path: nodes.Path) -> Value:
    """Evaluate a path: a variable, static, constant, unit variant or function.

    Raises:
        EvaluationError: Nothing has this name; close names are suggested.
    """
    found = evaluator.resolved.get(path.text)
    if found is None:
        found = _resolve(evaluator, path)
        if evaluator.caller is None:  # which runs the program
            evaluator.resolved[path.text] = found
    return found


def _resolve(evaluator: PathEvaluation, path: nodes.Path) -> Value:
    scope = evaluator.scope
    if path.text in _ORDERINGS:
        return computed.ordering(_ORDERINGS[path.text])
    *_, last = path.segments
    if len(path.segments) > 1 and last.name in MEMORY_ORDERINGS:
        return computed.record(last.name, (), type_name="Ordering", variant=True)
    if path.is_name:
        found = scope.lookup(last.name)
        if found is not None:
            return found
        if last.name == "None":
            return computed.option(None)
    elif len(path.segments) == 1 and last.name == "None":
        return computed.option(None)
    else:
        found = _associated(evaluator, path)
        if found is not None:
            return found
    found = scope.lookup_path(path.text)
    if found is not None:
        return found
    found = find_constant(evaluator, path.text)
    if found is not None:
        return found
    import difflib  # noqa: PLC0415 - slow to import

    close = tuple(difflib.get_close_matches(path.text, scope.names(), n=3))
    error = NotFoundError("variable, static or function", path.text, close)
    may_be_const = last.name.isupper() and not close
    hint = error.hint or (_CONST_HINT if may_be_const else scope.missing_hint)
    raise EvaluationError(str(error), path.span, hint=hint)


def find_constant(evaluator: PathEvaluation, name: str) -> Value | None:
    """Find the value of a unit struct, ``None`` where the name is no such type."""
    type_ = evaluator.scope.find_type(name)
    if type_ is not None and type_.strip().size == 0 and type_.strip().kind == "struct":
        return Value(type_, Bytes(b""), evaluator.scope.context)
    return None


def _associated(evaluator: PathEvaluation, path: nodes.Path) -> Value | None:
    """Find ``u8::MAX``, ``f64::consts::PI``, ``Color::Red`` or ``Shape::Empty``."""
    last = path.segments[-1].name
    owner = nodes.Path(path.segments[:-1], path.owner)
    number = _number_constant(owner, last)
    if number is not None:
        return number
    if owner.segments and owner.segments[-1].name == "Duration" and last in DURATION_CONSTANTS:
        return durations.duration(0 if last == "ZERO" else durations.LONGEST)
    for type_ in _candidates(evaluator, owner.text):
        found = unit_variant(type_, last)
        if found is not None:
            return found
    return None


def _candidates(evaluator: PathEvaluation, name: str) -> tuple[Type, ...]:
    """Find the types of a name, first the one that the scope prefers."""
    nearest = evaluator.scope.find_type(name)
    if nearest is None:
        return ()
    others = nearest.table.find(name) if nearest.table is not None else ()
    return (nearest, *(other for other in others if other is not nearest))


def _number_constant(owner: nodes.Path, name: str) -> Value | None:
    primitive = next((s.name for s in owner.segments if s.name in PRIMITIVES), None)
    if primitive is None:
        return None
    type_ = PRIMITIVES[primitive]
    if type_.row.encoding == "float":
        if name in FLOAT_FORMATS:
            integer, single, double = FLOAT_FORMATS[name]
            found = single if primitive == "f32" else double
            return computed.integer(found, PRIMITIVES[integer])
        number = _LIMITS[primitive].get(name, _FLOAT_CONSTANTS.get(name))
        return None if number is None else computed.real(number, type_)
    if primitive == "char":
        found = {"MAX": 0x10FFFF, "MIN": 0, "REPLACEMENT_CHARACTER": 0xFFFD}.get(name)
        return None if found is None else computed.char(chr(found))
    if type_.row.encoding not in ("signed", "unsigned"):
        return None
    if name == "BITS":
        return computed.integer(8 * (type_.size or 0), PRIMITIVES["u32"])
    extremes = dict(zip(("MIN", "MAX"), computed.limits(type_), strict=True))
    return computed.integer(extremes[name], type_) if name in extremes else None


def unit_variant(type_: Type, name: str) -> Value | None:
    """Return a variant without fields, ``None`` where the type has none of that name."""
    shape = type_.strip()
    if shape.kind == "enum":
        size = shape.size or 1
        for known, number in shape.row.enumerators:
            if known == name:
                data = (number & ((1 << 8 * size) - 1)).to_bytes(size, "little")
                return Value(type_, Bytes(data), NOWHERE)
    case = shape.case(name)
    if case is not None and not case.type.fields:
        return computed.record_of(type_, name, (), variant=True)
    return None


def call_typed(evaluator: PathEvaluation, tree: nodes.Call, typing: CallTyping) -> Value:
    """Evaluate ``i32::max(a, b)`` or ``String::from("x")``, as the check of types resolved it."""
    has_receiver = bool(typing.entry.signature.receiver)
    rest = tree.arguments[has_receiver:]
    first = tree.arguments[0] if has_receiver else tree.function
    method = nodes.MethodCall(first, typing.entry.name, rest, (), tree.span)
    receiver = evaluator.value(first) if has_receiver else computed.unit()
    return run_entry(evaluator, method, typing, receiver, evaluated(evaluator, method, typing))


def apply_typed(
    evaluator: PathEvaluation, path: nodes.Path, typing: CallTyping, arguments: tuple[Value, ...]
) -> Value:
    """Apply a function that a path names to values: ``i32::abs`` in ``map(i32::abs)``."""
    has_receiver = bool(typing.entry.signature.receiver)
    method = nodes.MethodCall(path, typing.entry.name, (), (), path.span)
    receiver = arguments[0] if has_receiver else computed.unit()
    return run_entry(evaluator, method, typing, receiver, arguments[has_receiver:])


def call(
    evaluator: PathEvaluation, function: Expression, arguments: tuple[Expression, ...]
) -> Value:
    """Evaluate ``function(arguments)``.

    Raises:
        EvaluationError: It would run the program, and there is no ``Caller``.
    """
    if isinstance(function, nodes.Closure):
        return evaluator.apply(function, tuple(evaluator.value(part) for part in arguments))
    found = _run(evaluator, function, arguments)
    if found is not None:
        return found
    if isinstance(function, nodes.Path):
        if function.segments[-1].name in FREE_FUNCTIONS:
            return about_types.evaluate(evaluator, function, arguments)
        if function.segments[-1].name in ("borrow", "load") or len(function.segments) > 1:
            found = _as_method(evaluator, function, arguments)
            if found is not None:
                return found
    values = tuple(evaluator.value(argument) for argument in arguments)
    return apply_named(evaluator, function, values)


def _run(
    evaluator: PathEvaluation, function: Expression, arguments: tuple[Expression, ...]
) -> Value | None:
    """Call a function of the program; ``None`` where it has none or may not be run."""
    caller = evaluator.caller
    if caller is None:
        return None

    def evaluated() -> list[Value]:
        return [evaluator.value(part) for part in arguments]

    if isinstance(function, nodes.Path):
        if function.text in _WRAPPERS:
            return None
        local = evaluator.local(function)
        if local is None:
            return caller.call_path(function, evaluated)
    else:
        local = evaluator.value(function)
    return caller.call_value(local, evaluated)


def _as_method(
    evaluator: PathEvaluation, function: nodes.Path, arguments: tuple[Expression, ...]
) -> Value | None:
    """Evaluate ``Rc::strong_count(&x)`` as ``x.strong_count()``, where that is built in."""
    if not arguments or function.segments[-1].name in ("new", "from"):
        return None
    tree = nodes.MethodCall(
        arguments[0], function.segments[-1].name, arguments[1:], (), function.span
    )
    try:
        return call_method(evaluator, tree)
    except NoMethodError:
        return None


def apply_named(
    evaluator: PathEvaluation, function: Expression, arguments: tuple[Value, ...]
) -> Value:
    """Apply a variant, a tuple struct or a conversion to values.

    Raises:
        WouldRunError: The function is none of these and would run the program.
    """
    if isinstance(function, nodes.Path):
        name = function.segments[-1].name
        numbered = [(str(i), value) for i, value in enumerate(arguments)]
        if name in _WRAPPERS and len(arguments) == 1:
            inner = computed.type_name(numbered[0][1])
            return computed.record(
                name, numbered, type_name=f"{_WRAPPERS[name]}<{inner}>", variant=True
            )
        if name in ("new", "from") and len(arguments) == 1:
            owner = function.segments[-2].name if len(function.segments) > 1 else ""
            if owner in ("Box", "Rc", "Arc", "String", "PathBuf", "OsString", "Vec"):
                return arguments[0]
        if name in STD_TUPLES and len(arguments) == 1:
            return computed.std_tuple(name, arguments[0])
        made = _variant_or_struct(evaluator, function, {name for name, _ in numbered})
        if made is not None and len(made.shape.fields) == len(arguments):
            return computed.record_of(made.owner, name, numbered, variant=made.is_variant)
    if evaluator.caller is not None and isinstance(function, nodes.Path):
        error = evaluator.caller.missing(function.text)
        raise WouldRunError(str(error), function.span, hint=error.hint)
    raise WouldRunError("a call would run the program", function.span)


@dataclass(frozen=True, slots=True)
class _Made:
    """What a literal makes.

    Attributes:
        owner: The struct, or the enum of the variant.
        shape: What has the fields.
    """

    owner: Type
    shape: Type
    is_variant: bool


def _variant_or_struct(
    evaluator: PathEvaluation, path: nodes.Path, names: set[str]
) -> _Made | None:
    """Find the struct or variant that a path names; of several, one with these fields."""
    found: list[_Made] = []
    if len(path.segments) > 1:
        for owner in _candidates(evaluator, nodes.Path(path.segments[:-1], path.owner).text):
            case = owner.strip().case(path.segments[-1].name)
            if case is not None:
                found.append(_Made(owner, case.type, True))
    for type_ in _candidates(evaluator, path.text):
        if type_.strip().kind == "struct":
            found.append(_Made(type_, type_.strip(), False))
    fitting = [each for each in found if {field.name for field in each.shape.fields} == names]
    return next(iter(fitting or found), None)


def struct_literal(
    evaluator: PathEvaluation,
    path: nodes.Path,
    fields: list[tuple[str, Value]],
    base: Value | None = None,
) -> Value:
    """Evaluate ``Point { x: 1, ..base }``; its fields are checked where the type is described.

    They are in the order of their declaration, as ``Debug`` writes them.

    Raises:
        EvaluationError: A field is missing or unknown.
    """
    found = _variant_or_struct(evaluator, path, {name for name, _ in fields})
    if found is not None:
        known = [field.name for field in found.shape.fields]
        if base is not None:
            have = {name for name, _ in fields}
            rest = (name for name in known if name not in have)
            fields = fields + [
                (name, parts.field(base, name, evaluator.presenter)) for name in rest
            ]
        have = [name for name, _ in fields]
        unknown = [name for name in have if name not in known]
        missing = [name for name in known if name not in have]
        if unknown or missing:
            problem = f"has no field {unknown[0]}" if unknown else f"also needs {missing[0]}"
            raise EvaluationError(f"{path.text} {problem}", path.span)
        fields = sorted(fields, key=lambda field: known.index(field[0]))
    elif base is not None:
        raise EvaluationError(f"what fields {path.text} has is not known", path.span)
    name = path.segments[-1].name
    if found is None:
        return computed.record(name, fields, type_name=path.text)
    return computed.record_of(found.owner, name, fields, variant=found.is_variant)
