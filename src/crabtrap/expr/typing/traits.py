"""Which types have which traits of std, as far as expressions ask."""

from __future__ import annotations

from crabtrap.expr.typing import terms
from crabtrap.expr.typing.terms import INTEGERS, NUMBERS, REFERENCES, UNKNOWN, Term, is_variable
from crabtrap.symbols.types import Type

_LISTS = frozenset(("Vec", "slice", "array", "VecDeque", "LinkedList", "tuple", "Option", "Result"))
_POINTERS = frozenset(("Box", "Rc", "Arc", "Cow", "Reverse", "Wrapping", "Saturating"))
_PLAIN = frozenset(
    [
        "String",
        "str",
        "Ordering",
        "Duration",
        "Instant",
        "PathBuf",
        "Path",
        "OsString",
        "OsStr",
        "CString",
        "CStr",
        "NonZero",
        "!",
    ]
)
_COPIED = frozenset(
    ("&", "Discriminant", "*const", "*mut", "fn", "Ordering", "Duration", "Instant", "NonZero")
)
_NEVER_CLONED = frozenset(("&mut", "Mutex", "RwLock", "MutexGuard", "Ref", "RefMut", "Atomic"))
_CLONED_ALONE = frozenset(("&", "*const", "*mut", "fn", "Rc", "Arc", "Weak", "Cow", "PhantomData"))
"""Types that are cloned whatever they lead to."""
_SHOWN = frozenset(
    [
        "String",
        "str",
        "NonZero",
        "ParseIntError",
        "ParseFloatError",
        "ParseBoolError",
        "ParseCharError",
        "TryFromIntError",
        "CharTryFromError",
    ]
)
_COMPARED = frozenset(("PartialEq", "Eq", "PartialOrd", "Ord", "Hash"))
_ORDERED = frozenset(("PartialOrd", "Ord"))
_ALL = frozenset(("Debug", "Sized", "Fn", "FnMut", "FnOnce", "ToOwned", "Borrow", "AsRef"))


def implements(term: Term, trait: str) -> bool:
    """Whether a resolved type has a trait; of types of the program, whether it may."""
    if term == UNKNOWN or trait in _ALL or (is_variable(term) and term.name != "${float}"):
        return True
    if term.name == "${float}":
        term = Term("f64")  # what f64 has, every float has
    if term.source is not None:
        if trait in ("Display", "ToString"):
            return False  # it cannot be derived, and one of its own would run
        return trait not in _TOTAL or not _holds_float(term.source)
    if trait in _COMPARED:
        return _is_compared(term, trait)
    match trait:
        case "Copy":
            return _is_copy(term)
        case "Clone":
            return _is_cloned(term)
        case "Display" | "ToString":
            return _is_displayed(term)
        case "Default":
            has_empty = term.name == "&" and term.args[0].name in ("str", "slice")
            return has_empty or term.name not in (
                *REFERENCES,
                "fn",
                "Ordering",
                "Iter",
                "slice",
                "str",
            )
        case "Iterator":
            return term.name == "Iter"
        case _:
            return True


_TOTAL = frozenset(("Eq", "Ord", "Hash"))
_MAX_DEPTH = 12


def _holds_float(type_: Type, depth: int = 0) -> bool:
    """Whether a float is a part of a type, which then has no total order."""
    shape = type_.strip()
    if shape.row.encoding == "float":
        return True
    if depth > _MAX_DEPTH or shape.kind not in ("struct", "array"):
        return False
    inner = [field.type for field in shape.fields]
    if shape.cases is not None:
        inner += [case.type for case in shape.cases.cases]
    return any(_holds_float(each, depth + 1) for each in inner)


def _is_compared(term: Term, trait: str) -> bool:
    name = term.name
    if name in NUMBERS:
        return trait.startswith("Partial") or name in INTEGERS
    if name in ("bool", "char") or name in _PLAIN:
        return True
    if name == "&mut":
        return _is_compared(term.args[0], trait)
    if name in ("&", *_POINTERS):
        return implements(term.args[0], trait)
    if name == "array":
        return implements(term.args[0], trait)
    if name in _LISTS or name in ("BTreeMap", "BTreeSet"):
        return all(implements(each, trait) for each in term.args)
    if name in ("HashMap", "HashSet", "Range", "RangeInclusive", "RangeFrom"):
        return trait not in (*_ORDERED, "Hash") and all(implements(e, trait) for e in term.args)
    if name in ("Discriminant", "FpCategory"):
        return trait not in _ORDERED
    if name in ("RefCell", "Cell"):
        return trait != "Hash" and implements(term.args[0], trait)
    return name in ("*const", "*mut") or (name in terms.SCALARS)


def _is_cloned(term: Term) -> bool:
    if term.name == "Iter":
        return "o" not in term.args[1].name
    if term.name in _NEVER_CLONED or term.name in ("slice", "str", "dyn"):
        return False
    inner = term.args[:1] if term.name == "array" else term.args
    return term.name in _CLONED_ALONE or all(implements(each, "Clone") for each in inner)


def _is_copy(term: Term) -> bool:
    if term.name in terms.SCALARS or term.name in _COPIED:
        return True
    if term.name in ("tuple", "Option", "Result", "Reverse", "Wrapping"):
        return all(implements(each, "Copy") for each in term.args)
    return term.name == "array" and implements(term.args[0], "Copy")


def _is_displayed(term: Term) -> bool:
    if term.name in (*REFERENCES, "Box", "Rc", "Arc", "Cow"):
        return implements(term.args[0], "Display")
    return term.name in terms.SCALARS or term.name in _SHOWN
