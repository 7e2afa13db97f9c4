"""What types deref to, and what is walked over in them."""

from __future__ import annotations

from crabtrap.expr.typing import terms
from crabtrap.expr.typing.terms import RAW_POINTERS, REFERENCES, UNKNOWN, Term

_POINTERS = frozenset(
    [
        "Box",
        "Rc",
        "Arc",
        "Cow",
        "ManuallyDrop",
        "Ref",
        "RefMut",
        "MutexGuard",
        "RwLockReadGuard",
        "RwLockWriteGuard",
    ]
)
_CONTENTS = {
    "String": terms.STR,
    "PathBuf": Term("Path"),
    "OsString": Term("OsStr"),
    "CString": Term("CStr"),
}
_REVERSED = frozenset(("Vec", "slice", "array", "VecDeque", "LinkedList", "BinaryHeap", "BTreeSet"))
_SEQUENCES = _REVERSED | {"HashSet", "Option", "Result"}
_MAPS = {"HashMap": "e", "BTreeMap": "de"}
_RANGES = frozenset(("Range", "RangeInclusive", "RangeFrom"))
_EXACT_RANGES = frozenset(("u8", "i8", "u16", "i16"))
_EXACT = _EXACT_RANGES | {"u32", "i32", "usize", "isize", "${integer}"}


def deref(term: Term) -> Term | None:
    """What ``*value`` has as its type; ``None`` where the type has no ``Deref``.

    Raw pointers are followed too: a debugger needs no ``unsafe``.
    """
    if term.name in (*REFERENCES, *RAW_POINTERS):
        return term.args[0]
    if term.name in _POINTERS:
        return term.args[0]
    if term.name == "Pin":
        return deref(term.args[0])
    if term.name == "Vec":
        return terms.slice_of(term.args[0])
    return _CONTENTS.get(term.name)


def is_handle(term: Term) -> bool:
    """Whether a value leads to another place, as references, guards and shared pointers do."""
    return term.name in (*REFERENCES, *RAW_POINTERS, *_POINTERS, "Pin", "dyn") or term == UNKNOWN


def item_of(term: Term) -> tuple[Term, str] | None:
    """The items of what can be iterated over, and the iterator's abilities.

    Args:
        term: With its outer constructors resolved.
    """
    name = term.name
    if term == UNKNOWN:
        return UNKNOWN, "de"
    if name == "Iter":
        return term.args[0], term.args[1].name
    if name in _RANGES:
        return term.args[0], _abilities_of_range(name, term.args[0].name)
    if name in REFERENCES:
        return _borrowed(term)
    if name in ("slice", "str"):
        return None
    if name in _SEQUENCES:
        return term.args[0], "e" if name == "HashSet" else "de"
    if name in _MAPS:
        return terms.tuple_of(*term.args), _MAPS[name]
    return None


def _abilities_of_range(name: str, item: str) -> str:
    if name == "RangeFrom":
        return "-"
    exact = _EXACT if name == "Range" else _EXACT_RANGES
    return "de" if item in exact else "d"


def _borrowed(term: Term) -> tuple[Term, str] | None:
    inner = term.args[0]
    mutable = term.name == "&mut"
    if inner.name == "Iter" or inner.name in _RANGES:
        return item_of(inner) if mutable else None
    if inner.name in _MAPS:
        key, value = inner.args
        entry = terms.tuple_of(terms.reference(key), terms.reference(value, mutable))
        return entry, _MAPS[inner.name] + "o" * mutable
    if inner.name in _SEQUENCES:
        abilities = "e" if inner.name == "HashSet" else "de"
        return terms.reference(inner.args[0], mutable), abilities + "o" * mutable
    return None
