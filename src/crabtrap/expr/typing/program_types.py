"""Terms of the program's types, by what the debug information says of them."""

from __future__ import annotations

from collections.abc import Callable

from crabtrap.errors import ParseError
from crabtrap.expr.typing import terms
from crabtrap.expr.typing.terms import UNIT, UNKNOWN, Term
from crabtrap.expr.typing.type_text import (
    STD_TYPES,
    parse_term,
    primitive_or_std,
    wrapped_primitive,
)
from crabtrap.symbols.names import STD_CRATES
from crabtrap.symbols.types import PRIMITIVES, Type, parse_type_path
from crabtrap.values.unsized import ADDRESS_FIELD, pointee_name, wide_kind

_MAX_DEPTH = 24
_MAX_TERMS = 1000
"""Most types that one is made of; in damaged files, a type may be an argument of itself."""
_POINTERS = ("&mut ", "&", "*const ", "*mut ")
_ENCODINGS = {(t.row.encoding, t.size, name[0]): name for name, t in PRIMITIVES.items()}

Shown = Callable[[Type], bool]


def _nothing(_type: Type) -> bool:
    return False


class _Reading:
    """One reading of a type: what is shown by a view of its own, and how many terms are left."""

    def __init__(self, shown: Shown) -> None:
        self.shown = shown
        self.left = _MAX_TERMS


def term_of(type_: Type, shown: Shown = _nothing) -> Term:
    """Return the term of a type of the program; ``UNKNOWN`` where none says what it is.

    Args:
        type_: A type of the program, or of a value that an expression computed.
        shown: Says of a type outside std that a rule shows it as something else, a sequence
            or a text; such a type is unknown, too: its views have methods, it has none.
    """
    return _term_of(type_, 0, _Reading(shown))


def _term_of(  # noqa: C901, PLR0911, PLR0912 - one case per kind
    type_: Type, depth: int, reading: _Reading
) -> Term:
    reading.left -= 1
    if depth > _MAX_DEPTH or reading.left < 0:
        return UNKNOWN
    shape = type_.strip()
    row = shape.row
    match shape.kind:
        case "base":
            return _base(shape)
        case "unit":
            return UNIT
        case "never":
            return terms.NEVER
        case "pointer" | "reference":
            return _pointer(shape, depth, reading)
        case "array":
            if row.name == "str":
                return terms.STR
            item = UNIT if shape.target is None else _term_of(shape.target, depth + 1, reading)
            return terms.slice_of(item) if row.count is None else terms.array_of(item, row.count)
        case "enum" | "union":
            return _adt(shape, depth, reading)
        case "struct":
            wide = wide_kind(shape)
            if wide is not None:
                return _wide(shape, ADDRESS_FIELD[wide], depth, reading)
            if row.name.startswith("("):
                return terms.tuple_of(*(_term_of(f.type, depth + 1, reading) for f in shape.fields))
            return _adt(shape, depth, reading)
        case "opaque":
            return _computed(shape.row.name)
        case _:
            return UNKNOWN


def _base(shape: Type) -> Term:
    name = shape.row.name
    if name in PRIMITIVES:
        return Term(name)
    sign = {"signed": "i", "unsigned": "u", "float": "f", "bool": "b", "char": "c"}
    key = (shape.row.encoding, shape.size, sign.get(shape.row.encoding, ""))
    found = _ENCODINGS.get(key)
    return UNKNOWN if found is None else Term(found)


def _pointer(shape: Type, depth: int, reading: _Reading) -> Term:
    target = shape.target
    name = shape.row.name
    if target is not None and target.strip().kind == "function":
        return UNKNOWN
    inner = UNKNOWN if target is None else _term_of(target, depth + 1, reading)
    for prefix in _POINTERS:
        if name.startswith(prefix):
            return Term(prefix.strip(), (inner,))
    owner = parse_type_path(shape.path).last
    if owner == "Box":
        return Term("Box", (inner,))
    return Term("*mut", (inner,)) if not name else UNKNOWN


def _wide(shape: Type, data_field: str, depth: int, reading: _Reading) -> Term:
    name = pointee_name(shape)
    field = shape.field(data_field)
    target = None if field is None else field.type.strip().target
    if name == "str":
        inner = terms.STR
    elif name.startswith("["):
        inner = terms.slice_of(UNKNOWN if target is None else _term_of(target, depth + 1, reading))
    elif name.startswith("dyn "):
        inner = Term("dyn", (Term(name.removeprefix("dyn ").partition("::<")[0]),))
    else:
        return UNKNOWN
    for prefix in _POINTERS:
        if shape.row.name.startswith(prefix):
            return Term(prefix.strip(), (inner,))
    owner = parse_type_path(shape.path).last
    return Term(owner, (inner,)) if owner in STD_TYPES else UNKNOWN


def _adt(shape: Type, depth: int, reading: _Reading) -> Term:
    path = parse_type_path(shape.path)
    if shape.path.startswith("{") or "{" in path.last:
        return UNKNOWN
    args = _arguments(shape, depth, reading)
    if not shape.is_std and reading.shown(shape):
        return UNKNOWN
    if path.head.partition("::")[0] in STD_CRATES:
        return _std(path.last, args)
    return Term(path.head, args, shape)


def _arguments(shape: Type, depth: int, reading: _Reading) -> tuple[Term, ...]:
    """The generic arguments; of an enum those of its variants, which describe them."""
    described = shape
    if not shape.row.template_arguments and shape.cases is not None:
        payloads = (case.type for case in shape.cases.cases)
        described = next((each for each in payloads if each.row.template_arguments), shape)
    found: list[Term] = []
    written = parse_type_path(shape.path).arguments
    for index in range(len(described.row.template_arguments)):
        argument = described.argument(index)
        term = UNKNOWN if argument is None else _term_of(argument, depth + 1, reading)
        found.append(_unsized(written[index], term) if index < len(written) else term)
    return tuple(found) or _written_arguments(shape, depth, reading)


def _unsized(text: str, described: Term) -> Term:
    """An argument without a size, which is described by its items or not at all: ``Rc<str>``."""
    if text == "str":
        return terms.STR
    if text.startswith("dyn "):
        return Term("dyn", (Term(text.removeprefix("dyn ")),))
    if text.startswith("[") and described.name not in ("array", "slice"):
        return terms.slice_of(described)
    return described


def _written_arguments(shape: Type, depth: int, reading: _Reading) -> tuple[Term, ...]:
    """The generic arguments as the type's name has them."""

    def lookup(path: str, args: tuple[Term, ...]) -> Term | None:
        found = primitive_or_std(path, args)
        if found is not None or shape.table is None:
            return found
        text = f"{path}<{', '.join(map(str, args))}>" if args else path
        types = shape.table.find(text)
        return _term_of(types[0], depth + 1, reading) if types else None

    found: list[Term] = []
    for text in parse_type_path(shape.path).arguments:
        try:
            found.append(parse_term(text, lookup))
        except ParseError:
            found.append(UNKNOWN)
    return tuple(found)


def _std(name: str, args: tuple[Term, ...]) -> Term:
    """A type of std; one that is not known is shown by its rules alone."""
    alias = wrapped_primitive(name)
    if alias is not None:
        return alias
    count = STD_TYPES.get(name)
    if count is None or len(args) < count:
        return UNKNOWN
    return Term(name, args[:count])


def _computed(name: str) -> Term:
    """The term of what an expression computed, by the name that it was given."""
    try:
        found = parse_term(name, primitive_or_std)
        return terms.iterator(found.args[0]) if found.name == "impl Iterator" else found
    except ParseError:
        return UNKNOWN
