"""Types as terms: a constructor with arguments, or an inference variable.

A term that is not known (a type of a crate that a rule shows, the result of a function of
the program) is ``UNKNOWN``: it fits everything, and its methods are found by its view.
"""

from __future__ import annotations

from collections.abc import Callable

from crabtrap.records import dataclass, field
from crabtrap.symbols.types import Type


@dataclass(frozen=True, slots=True)
class Term:
    """A type: ``Vec<i32>`` is ``Term("Vec", (Term("i32"),))``.

    Attributes:
        name: A primitive, the short name of a type of std, the path of a type of the program,
            or one of ``& &mut *const *mut tuple slice array fn Iter ?``.
        args: Generic arguments; of ``fn`` the parameters and then the result; of ``array``
            the item and the length; of ``Iter`` the item and its abilities.
        source: What the debug information says, of types of the program.
    """

    name: str
    args: tuple[Term, ...] = ()
    source: Type | None = field(default=None, compare=False, repr=False)

    def __str__(self) -> str:
        return shown(self)


def variable(number: int, kind: str = "") -> Term:
    """An inference variable; ``kind`` is ``"{integer}"``, ``"{float}"`` or ``""``."""
    return Term("$" + kind, (Term(str(number)),))


def is_variable(term: Term) -> bool:
    """Whether a term is an inference variable of any kind."""
    return term.name[0] == "$"


BOOL, CHAR, STR = Term("bool"), Term("char"), Term("str")
USIZE, U8, U32, I32, F64 = Term("usize"), Term("u8"), Term("u32"), Term("i32"), Term("f64")
UNIT, NEVER, UNKNOWN, STRING = Term("tuple"), Term("!"), Term("?"), Term("String")
ORDERING = Term("Ordering")

SIGNED = frozenset(("i8", "i16", "i32", "i64", "i128", "isize"))
UNSIGNED = frozenset(("u8", "u16", "u32", "u64", "u128", "usize"))
INTEGERS = SIGNED | UNSIGNED | {"${integer}"}
FLOATS = frozenset(("f32", "f64", "${float}"))
NUMBERS = INTEGERS | FLOATS
SCALARS = NUMBERS | {"bool", "char"}
WITHOUT_FIELDS = SCALARS | {"str", "!", "tuple", "array", "slice", "fn", "Iter"}
"""Types that have no fields, or only numbered ones."""
REFERENCES = ("&", "&mut")
RAW_POINTERS = ("*const", "*mut")


def reference(term: Term, mutable: bool = False) -> Term:
    """``&term`` or ``&mut term``."""
    return Term("&mut" if mutable else "&", (term,))


def tuple_of(*items: Term) -> Term:
    """``(items,)``."""
    return Term("tuple", items)


def slice_of(item: Term) -> Term:
    """``[item]``."""
    return Term("slice", (item,))


def array_of(item: Term, length: int | None) -> Term:
    """``[item; length]``; a length that is not known is ``None``."""
    return Term("array", (item, Term("?" if length is None else str(length))))


def function(parameters: tuple[Term, ...], result: Term) -> Term:
    """A function, function pointer or closure."""
    return Term("fn", (*parameters, result))


def option(item: Term) -> Term:
    """``Option<item>``."""
    return Term("Option", (item,))


def iterator(item: Term, abilities: str = "de") -> Term:
    """An iterator, and what it can.

    Abilities are ``d``ouble-ended, ``e``xact in size, ``p``eekable, ``s``hown as a text, and
    to be walked over ``o``nce: no ``Clone``.
    """
    return Term("Iter", (item, Term(abilities or "-")))


def strip_references(term: Term) -> Term:
    """The type behind all references."""
    while term.name in REFERENCES:
        term = term.args[0]
    return term


def shown(term: Term) -> str:
    """The type as rustc writes it in its messages, without paths of modules."""
    return _written(term, lambda path: path.rpartition("::")[2] or path)


def shown_apart(left: Term, right: Term) -> tuple[str, str]:
    """Two different types, with their paths where they look the same without."""
    short = shown(left), shown(right)
    if short[0] != short[1]:
        return short
    return _written(left, str), _written(right, str)


def _written(term: Term, named: Callable[[str], str]) -> str:  # noqa: PLR0911 - one case per notation
    def write(each: Term) -> str:
        return _written(each, named)

    name, args = term.name, term.args
    match name:
        case "&" | "&mut":
            return f"&{'mut ' if name[1:] else ''}{write(args[0])}"
        case "*const" | "*mut":
            return f"{name} {write(args[0])}"
        case "tuple":
            return f"({', '.join(map(write, args))}{',' if len(args) == 1 else ''})"
        case "slice":
            return f"[{write(args[0])}]"
        case "array":
            return f"[{write(args[0])}; {args[1].name if args[1].name.isdecimal() else '_'}]"
        case "fn":
            result = "" if args[-1] == UNIT else f" -> {write(args[-1])}"
            return f"fn({', '.join(map(write, args[:-1]))}){result}"
        case "Iter":
            return f"impl Iterator<Item = {write(args[0])}>"
        case "?" | "$":
            return "_"
        case "${integer}" | "${float}":
            return name[1:]
        case "dyn":
            return f"dyn {args[0].name}"
        case _:
            return f"{named(name)}<{', '.join(map(write, args))}>" if args else named(name)
