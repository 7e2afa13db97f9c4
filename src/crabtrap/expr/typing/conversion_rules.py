"""Which types are made of which: ``From``, ``TryFrom``, ``FromStr``, ``Deref``."""

from __future__ import annotations

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.typing import terms
from crabtrap.expr.typing.deref import deref
from crabtrap.expr.typing.obligation import Obligation, Rule, Settling, missing
from crabtrap.expr.typing.terms import (
    FLOATS,
    INTEGERS,
    NUMBERS,
    REFERENCES,
    STRING,
    Term,
    is_variable,
    strip_references,
)

_PARSED = {
    **dict.fromkeys(INTEGERS, "ParseIntError"),
    **dict.fromkeys(FLOATS, "ParseFloatError"),
    "bool": "ParseBoolError",
    "char": "ParseCharError",
}
_AROUND = frozenset(
    ["Option", "Box", "Rc", "Arc", "Cow", "Cell", "RefCell", "Mutex", "RwLock", "OnceCell"]
)
"""Types that are made of what is to be in them."""
_BUILT_OF_ARRAYS = frozenset(
    ["Vec", "VecDeque", "LinkedList", "BinaryHeap", "HashMap", "BTreeMap", "HashSet", "BTreeSet"]
)
_WIDTHS = {"8": 8, "16": 16, "32": 32, "64": 64, "128": 128, "size": 16}


def _from_str(solver: Settling, subject: Term, each: Obligation) -> bool:
    if is_variable(subject) and subject.name == "$":
        return False
    error = "Infallible" if subject == STRING else _PARSED.get(subject.name)
    if subject.name == "NonZero":
        error = "ParseIntError"
    if error is None:
        if subject.source is not None:
            raise EvaluationError(f"parsing a {subject} would run the program", each.span)
        raise missing(subject, "FromStr", each.span)
    solver.same(each.args[0], Term(error), each.span)
    return True


def _from(solver: Settling, subject: Term, each: Obligation) -> bool:
    source = solver.inference.resolve(each.args[0])
    if subject == terms.CHAR and source.name == "${integer}":
        return solver.inference.unifies(source, terms.U8)  # the one integer that a char is made of
    if source.name == "${float}" and subject.name in (*INTEGERS, "bool", "char"):
        raise EvaluationError(
            f"the trait bound `{subject}: From<{source}>` is not satisfied", each.span
        )
    if is_variable(subject) or is_variable(source):
        return False
    if subject == source or converts(source, subject):
        return True
    if not _is_made_of(solver, subject, source, each):
        raise EvaluationError(
            f"the trait bound `{subject}: From<{source}>` is not satisfied", each.span
        )
    return True


def _is_made_of(solver: Settling, subject: Term, source: Term, each: Obligation) -> bool:
    """Whether a container is made of a type: of what is to be in it, or of another container."""
    unifies = solver.inference.unifies
    if subject.name in _AROUND:
        inner = subject.args[0]
        if inner.name == "dyn":
            return True  # which types a trait object is made of only the program knows
        if inner.name in ("str", "slice"):
            return _is_made_of_unsized(solver, inner, source)
        return unifies(inner, source)
    if source.name == "array" and subject.name in _BUILT_OF_ARRAYS:
        solver.add(Obligation(subject, "FromIterator", (source.args[0],), each.span))
        return True
    if subject.name == "Vec":
        return _is_vector_of(solver, subject.args[0], source)
    if subject.name in ("VecDeque", "BinaryHeap"):
        return source.name == "Vec" and unifies(subject.args[0], source.args[0])
    return False


def _is_made_of_unsized(solver: Settling, inner: Term, source: Term) -> bool:
    """``Box<str>`` and ``Rc<[T]>``."""
    if inner == terms.STR:
        return source == STRING or source == terms.reference(terms.STR) or source.name == "Cow"
    return _is_vector_of(solver, inner.args[0], source)


def _is_vector_of(solver: Settling, item: Term, source: Term) -> bool:
    if source.name == "&":
        source = source.args[0]
        if source == terms.STR:
            return solver.inference.unifies(item, terms.U8)
        if source.name not in ("slice", "array"):
            return False
    elif source == STRING:
        return solver.inference.unifies(item, terms.U8)
    elif source.name in ("Box", "Cow") and source.args[0].name == "slice":
        source = source.args[0]
    if source.name not in ("array", "slice", "Vec", "VecDeque", "BinaryHeap"):
        return False
    return solver.inference.unifies(item, source.args[0])


def _try_from(solver: Settling, subject: Term, each: Obligation) -> bool:
    source = solver.inference.resolve(each.args[0])
    if "$" in (subject.name[:1], source.name[:1]) and (is_variable(subject) or source.name == "$"):
        return False
    if is_variable(source):
        solver.inference.unifies(source, solver.inference.default(source))
        source = solver.inference.resolve(source)
    if subject == source or converts(source, subject):
        error = "Infallible"
    elif source.name in INTEGERS and subject.name in INTEGERS:
        error = "TryFromIntError"
    elif source == terms.U32 and subject == terms.CHAR:
        error = "CharTryFromError"
    elif source == terms.CHAR and subject.name in ("u8", "u16", "usize"):
        error = "TryFromCharError"
    else:
        raise missing(subject, f"TryFrom<{source}>", each.span)
    solver.same(each.args[1], Term(error), each.span)
    return True


def _deref(solver: Settling, subject: Term, each: Obligation) -> bool:
    if is_variable(subject):
        return False
    found = deref(subject)
    if found is None or (subject.name == "&" and each.trait == "AsRefTo"):
        found = strip_references(subject) if each.trait == "AsRefTo" else found
    if found is None:
        raise missing(subject, "Deref", each.span)
    solver.same(each.args[0], found, each.span)
    return True


def converts(source: Term, target: Term) -> bool:
    """Whether ``target: From<source>`` for types other than containers."""
    if source.name in INTEGERS and target.name in INTEGERS:
        return _widens(source.name, target.name)
    if target.name in FLOATS and source == terms.BOOL:
        return True
    if target.name in FLOATS and source.name in NUMBERS:
        exact = {"f32": 16, "f64": 32}.get(target.name, 0)
        if source.name in FLOATS or "size" in source.name:
            return source.name == "f32"
        return _WIDTHS.get(source.name[1:], 0) <= exact
    if target.name in INTEGERS:
        return source.name == "bool" or (
            source.name == "char" and target.name in ("u32", "u64", "u128")
        )
    if target == terms.CHAR:
        return source == terms.U8
    if target == STRING:
        inner = source.args[0] if source.name in (*REFERENCES, "Box", "Cow") else source
        return inner in (terms.STR, STRING) or source == terms.CHAR
    if target.name in ("PathBuf", "OsString"):
        return strip_references(source).name in ("str", "String", "Path", "OsStr", "PathBuf")
    return False


def _widens(source: str, target: str) -> bool:
    have, want = _WIDTHS.get(source[1:], 0), _WIDTHS.get(target[1:], 0)
    if source == target:
        return True
    if "size" in source or ("size" in target and source not in ("u8", "u16", "i16", "i8")):
        return False
    if source[0] == target[0]:
        return have < want or ("size" in target and have <= want)
    return source[0] == "u" and have < want


RULES: dict[str, Rule] = {
    "FromStr": _from_str,
    "From": _from,
    "TryFrom": _try_from,
    "Deref": _deref,
    "AsRefTo": _deref,
}
