"""The types of names, fields, indexed places and struct literals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing import terms
from crabtrap.expr.typing.deref import deref
from crabtrap.expr.typing.obligation import Obligation
from crabtrap.expr.typing.terms import FLOATS, INTEGERS, UNKNOWN, Term, is_variable
from crabtrap.symbols.types import PRIMITIVES, Type
from crabtrap.values.unsized import is_unsized_tail

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker

_MAX_LAYERS = 32
FLOAT_CONSTANTS = frozenset(
    [
        "MAX",
        "MIN",
        "EPSILON",
        "INFINITY",
        "NEG_INFINITY",
        "NAN",
        "MIN_POSITIVE",
        "PI",
        "E",
        "TAU",
        "SQRT_2",
        "LN_2",
        "LN_10",
        "FRAC_PI_2",
        "FRAC_PI_3",
        "FRAC_PI_4",
        "FRAC_PI_6",
        "FRAC_PI_8",
        "FRAC_1_PI",
        "FRAC_2_PI",
        "FRAC_1_SQRT_2",
        "LOG2_E",
        "LOG10_E",
    ]
)
FLOAT_FORMATS: dict[str, tuple[str, int, int]] = {
    "RADIX": ("u32", 2, 2),
    "DIGITS": ("u32", 6, 15),
    "MANTISSA_DIGITS": ("u32", 24, 53),
    "MAX_EXP": ("i32", 128, 1024),
    "MIN_EXP": ("i32", -125, -1021),
    "MAX_10_EXP": ("i32", 38, 308),
    "MIN_10_EXP": ("i32", -37, -307),
}
"""Constants of floats that are integers: their type, and what they are for f32 and f64."""
INTEGER_CONSTANTS = frozenset(("MIN", "MAX", "BITS"))
DURATION_CONSTANTS = frozenset(("ZERO", "MAX"))
CHAR_CONSTANTS = frozenset(("MIN", "MAX", "REPLACEMENT_CHARACTER"))
_ORDERINGS = frozenset(("Less", "Equal", "Greater"))
MEMORY_ORDERINGS = frozenset(("Relaxed", "Acquire", "Release", "AcqRel", "SeqCst"))
"""Variants of ``std::sync::atomic::Ordering``."""


def steps(checker: Checker, term: Term, *, raw: bool = True) -> list[Term]:
    """The type, what each ``Deref`` leads to, and of an array the slice that it is.

    Raw pointers are followed where ``raw`` says so: fields and indices need no ``unsafe`` here.
    """
    found: list[Term] = []
    layer: Term | None = checker.inference.shallow(term)
    while layer is not None and len(found) < _MAX_LAYERS:
        found.append(layer)
        layer = deref(layer) if raw or layer.name not in terms.RAW_POINTERS else None
        layer = None if layer is None else checker.inference.shallow(layer)
    if found and found[-1].name == "array":
        found.append(terms.slice_of(found[-1].args[0]))
    return found


# -- names -----------------------------------------------------------------------------------
def path(checker: Checker, tree: nodes.Path) -> Term:
    """Type a path that is no function to be called.

    Raises:
        EvaluationError: Nothing has this name.
    """
    found = known_path(checker, tree)
    if found is None:
        message, hint = checker.names.missing(tree.text)
        raise EvaluationError(message, tree.span, hint=hint)
    return found


def known_path(checker: Checker, tree: nodes.Path) -> Term | None:
    """Type a path; ``None`` where nothing has this name."""
    if tree.is_name:
        name = tree.segments[0].name
        for names in reversed(checker.bound):
            if name in names:
                return names[name]
        found = checker.names.variable(name)
        if found is not None:
            return found
        if name == "None":
            return terms.option(checker.inference.fresh())
        if name in ("Some", "Ok", "Err"):
            return wrapper(checker, name)
    elif len(tree.segments) == 1 and tree.segments[0].name == "None" and not tree.owner:
        return checker.parse_type(f"Option<{', '.join(tree.segments[0].arguments)}>", tree.span)
    else:
        found = associated(checker, tree)
        if found is not None:
            return found
    return checker.names.path(tree.text)


def wrapper(checker: Checker, name: str) -> Term:
    """The function type of ``Some``, ``Ok`` or ``Err``."""
    item, other = checker.inference.fresh(), checker.inference.fresh()
    result = {
        "Some": terms.option(item),
        "Ok": Term("Result", (item, other)),
        "Err": Term("Result", (other, item)),
    }[name]
    return terms.function((item,), result)


def associated(checker: Checker, tree: nodes.Path) -> Term | None:
    """Type ``u8::MAX``, ``Ordering::Less``, ``Color::Red``."""
    last = tree.segments[-1].name
    owner = nodes.Path(tree.segments[:-1], tree.owner)
    number = next((s.name for s in owner.segments if s.name in PRIMITIVES), None)
    if number in FLOATS and last in FLOAT_CONSTANTS:
        return Term(number)
    if number in FLOATS and last in FLOAT_FORMATS:
        return Term(FLOAT_FORMATS[last][0])
    if number in INTEGERS and number is not None and last in INTEGER_CONSTANTS:
        return terms.U32 if last == "BITS" else Term(number)
    if owner.segments and owner.segments[-1].name == "Duration" and last in DURATION_CONSTANTS:
        return Term("Duration")
    if number == "char" and last in CHAR_CONSTANTS:
        return terms.CHAR
    if owner.segments and owner.segments[-1].name == "Ordering" and last in _ORDERINGS:
        return terms.ORDERING
    if owner.segments and owner.segments[-1].name == "Ordering" and last in MEMORY_ORDERINGS:
        return Term("MemoryOrdering")
    if owner.segments and owner.segments[-1].name == "Option" and last == "None":
        return terms.option(checker.inference.fresh())
    type_ = checker.names.find_type(owner.text)
    if type_ is not None and variant(type_, last) is not None:
        return checker.term_of(type_)
    return None


def variant(type_: Type, name: str) -> Type | None:
    """The payload type of a variant, the type itself for one without; ``None`` for no variant."""
    shape = type_.strip()
    if shape.kind == "enum":
        return shape if any(known == name for known, _ in shape.row.enumerators) else None
    case = shape.case(name)
    return None if case is None else case.type


# -- fields ----------------------------------------------------------------------------------
def dereferenced(checker: Checker, operand: Term, tree: nodes.Unary) -> Term:
    """The type of ``*operand``.

    Raises:
        EvaluationError: It cannot be dereferenced.
    """
    if operand == UNKNOWN:
        return UNKNOWN
    found = deref(operand)
    if found is not None:
        return found
    if operand.source is not None:
        own = checker.names.own_method(operand.source, "deref")
        if own is not None:
            callable_ = checker.names.can_call(operand.source, "deref")
            raise EvaluationError(
                f"`{operand}` has its own `Deref`: {own}",
                tree.span,
                hint="call runs it: x.deref()" if callable_ else "",
            )
        return UNKNOWN
    raise EvaluationError(f"type `{operand}` cannot be dereferenced", tree.span)


def field(checker: Checker, tree: Expression, base: Expression, name: str) -> Term:
    """Type ``base.name``.

    Raises:
        EvaluationError: No layer has such a field.
    """
    term = checker.resolved(base)
    if term.name == "$":
        raise EvaluationError("type annotations needed", base.span)
    known: list[str] = []
    private = False
    for layer in steps(checker, term):
        if layer == UNKNOWN or layer.name == "dyn":
            return UNKNOWN
        if layer.name == "tuple" and name.isdecimal():
            if int(name) < len(layer.args):
                return layer.args[int(name)]
        elif layer.source is not None:
            found = layer.source.strip().field(name)
            if found is not None:
                if is_unsized_tail(layer.source.strip(), found):
                    return UNKNOWN  # a slice or a text, which only the pointer to it tells
                return checker.term_of(found.type)
            if layer.source.strip().cases is not None:
                return UNKNOWN  # fields of the live variant: the debugger's own extension
            known += [each.name for each in layer.source.strip().fields]
        else:
            private |= _has_private_fields(layer)
    if private:
        return UNKNOWN
    hint = f"it has {', '.join(known[:12])}" if known else "it has no fields"
    raise EvaluationError(f"no field `{name}` on type `{term}`", tree.span, hint=hint)


def _has_private_fields(layer: Term) -> bool:
    """Fields of std's types, most of them private in Rust, are looked up when they are read."""
    without = (*terms.WITHOUT_FIELDS, *terms.REFERENCES, *terms.RAW_POINTERS)
    return not is_variable(layer) and layer.name not in without


# -- indexing --------------------------------------------------------------------------------
def index(checker: Checker, tree: Expression, base: Expression, at: Expression) -> Term:
    """Type ``base[at]``.

    Raises:
        EvaluationError: The type is not indexed, or not by that.
    """
    term = checker.resolved(base)
    position = checker.resolved(at)
    pointer: Term | None = None
    for layer in steps(checker, term):
        name = layer.name
        if name in terms.RAW_POINTERS and pointer is None:
            pointer = layer
        if layer == UNKNOWN or name == "dyn":
            _settle(checker, position)
            return UNKNOWN
        if layer.source is not None:
            own = checker.names.own_method(layer.source, "index")
            if own is not None:
                callable_ = checker.names.can_call(layer.source, "index")
                raise EvaluationError(
                    f"`{layer}` has its own `Index`: {own}",
                    tree.span,
                    hint="call runs it: x.index(i)" if callable_ else "",
                )
            _settle(checker, position)
            return UNKNOWN  # a rule may show it as a sequence
        if name in ("slice", "array"):
            return _slice_index(checker, layer.args[0], position, at)
        if name == "VecDeque":
            return _by_number(checker, layer, position, at)
        if name == "str":
            obligation = Obligation(position, "TextRange", (), at.span)
            checker.obligations.add(obligation)
            return terms.STR
        if name in ("HashMap", "BTreeMap"):
            obligation = Obligation(position, "BorrowOf", (layer.args[0],), at.span)
            checker.obligations.add(obligation)
            return layer.args[1]
        if name in ("HashSet", "BTreeSet"):
            raise EvaluationError(
                f"cannot index into a value of type `{layer}`: a set has no positions",
                tree.span,
                hint="use .contains(..) or .iter()",
            )
    if pointer is not None:
        return _beside(checker, pointer.args[0], position, at)
    raise EvaluationError(f"cannot index into a value of type `{term}`", tree.span)


def _beside(checker: Checker, item: Term, position: Term, at: Expression) -> Term:
    """Type ``p[3]`` or ``p[1..4]`` of a raw pointer, whose items may be before it, too."""
    if position == UNKNOWN:
        return UNKNOWN
    is_range = position.name.startswith("Range")
    for each in position.args if is_range else (position,):
        if is_variable(each):
            checker.inference.unifies(each, Term("isize"))
        checker.obligations.add(Obligation(each, "Integer", (), at.span))
    return terms.slice_of(item) if is_range else item


def _settle(checker: Checker, term: Term) -> None:
    if is_variable(term):
        checker.inference.unifies(term, UNKNOWN)


def _slice_index(checker: Checker, item: Term, position: Term, at: Expression) -> Term:
    if position == UNKNOWN:
        return UNKNOWN
    result = checker.inference.fresh()
    checker.obligations.add(Obligation(position, "SliceIndex", (item, result), at.span))
    return result


def _by_number(checker: Checker, layer: Term, position: Term, at: Expression) -> Term:
    if not checker.inference.unifies(position, terms.USIZE):
        raise checker.mismatch(terms.USIZE, position, at.span)
    return layer.args[0]


# -- struct literals -------------------------------------------------------------------------
def struct(checker: Checker, tree: nodes.StructOf) -> Term:
    """Type ``Point { x: 1, y: 2 }`` and ``Point { x: 1, ..base }``.

    Raises:
        EvaluationError: There is no such struct, or its fields are others.
    """
    owner, shape = find_struct(checker, tree.path, {name for name, _ in tree.fields})
    known = {each.name: each.type for each in shape.fields}
    for name, value in tree.fields:
        if name not in known:
            raise EvaluationError(
                f"struct `{tree.path.text}` has no field named `{name}`", tree.span
            )
        checker.coerce(value, checker.term_of(known[name]))
    if tree.base is not None:
        checker.coerce(tree.base, owner)
        return owner
    missing = [f"`{name}`" for name in known if name not in {each for each, _ in tree.fields}]
    if missing:
        raise EvaluationError(
            f"missing field{'s' * (len(missing) > 1)} {', '.join(missing)} in initializer of "
            f"`{tree.path.text}`",
            tree.span,
        )
    return owner


def find_struct(checker: Checker, tree: nodes.Path, names: set[str]) -> tuple[Term, Type]:
    """Find the struct or variant that a path names; of several, one with these fields.

    Raises:
        EvaluationError: There is none.
    """
    found = candidates(checker, tree)
    fitting = [each for each in found if {f.name for f in each[1].fields} == names]
    if not found:
        raise EvaluationError(
            f"cannot find struct, variant or union type `{tree.text}` in this program", tree.span
        )
    return (fitting or found)[0]


def candidates(checker: Checker, tree: nodes.Path) -> list[tuple[Term, Type]]:
    """The structs and variants that a path names, with the types they are of."""
    found: list[tuple[Term, Type]] = []
    if len(tree.segments) > 1:
        owner = nodes.Path(tree.segments[:-1], tree.owner).text
        for type_ in _all_types(checker, owner):
            payload = variant(type_, tree.segments[-1].name)
            if payload is not None:
                found.append((checker.term_of(type_), payload.strip()))
    for type_ in _all_types(checker, tree.text):
        if type_.strip().kind == "struct" and type_.strip().cases is None:
            found.append((checker.term_of(type_), type_.strip()))
    return found


def _all_types(checker: Checker, name: str) -> tuple[Type, ...]:
    nearest = checker.names.find_type(name)
    if nearest is None:
        return ()
    others = nearest.table.find(name) if nearest.table is not None else ()
    return (nearest, *(other for other in others if other is not nearest))
