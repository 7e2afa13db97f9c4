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
_WIDTHS = {"8": 8, "16": 16, "32": 32, "64": 64, "128": 128, "size": 16}


def _from_str(solver: Settling, subject: Term, each: Obligation) -> bool:
    if is_variable(subject) and subject.name == "$":
        return False
    error = "Infallible" if subject == STRING else _PARSED.get(subject.name)
    if subject.name == "NonZero":
        error = "ParseIntError"
    if error is None:
        if subject.source is not None:
            raise EvaluationError(
                f"parsing a {subject} would run the program", each.span, hint="call runs it"
            )
        raise missing(subject, "FromStr", each.span)
    solver.same(each.args[0], Term(error), each.span)
    return True


def _from(solver: Settling, subject: Term, each: Obligation) -> bool:
    source = solver.inference.resolve(each.args[0])
    if is_variable(subject) or is_variable(source):
        return False
    if subject == source or converts(source, subject):
        return True
    if subject.name == "Option" and solver.inference.unifies(subject.args[0], source):
        return True
    if subject.name in ("Box", "Rc", "Arc", "Cell", "RefCell", "Mutex"):
        return solver.inference.unifies(subject.args[0], source) or subject.name == "Box"
    if subject.name == "Vec" and source.name in ("array", "&", "VecDeque", "BinaryHeap"):
        inner = source.args[0] if source.name == "&" else source
        if inner.name != "str" and inner.args:
            return solver.inference.unifies(subject.args[0], inner.args[0])
        return solver.inference.unifies(subject.args[0], terms.U8)
    raise EvaluationError(
        f"the trait bound `{subject}: From<{source}>` is not satisfied", each.span
    )


def _try_from(solver: Settling, subject: Term, each: Obligation) -> bool:
    source = solver.inference.resolve(each.args[0])
    if "$" in (subject.name[:1], source.name[:1]) and (is_variable(subject) or source.name == "$"):
        return False
    if is_variable(source):
        solver.inference.unifies(source, solver.inference.default(source))
        source = solver.inference.resolve(source)
    if subject == source or converts(source, subject):
        error = "Infallible"
        if source.name in INTEGERS and subject.name in INTEGERS and subject != source:
            error = "Infallible"
    elif source.name in INTEGERS and subject.name in INTEGERS:
        error = "TryFromIntError"
    elif source == terms.U32 and subject == terms.CHAR:
        error = "CharTryFromError"
    elif source == terms.CHAR and subject.name in ("u8", "u16"):
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
    if target.name in FLOATS and source.name in NUMBERS:
        exact = {"f32": 16, "f64": 32}.get(target.name, 0)
        return source.name == "f32" or _WIDTHS.get(source.name[1:], 0) <= exact
    if target.name in INTEGERS:
        return source.name == "bool" or (
            source.name == "char" and target.name in ("u32", "u64", "u128")
        )
    if target == terms.CHAR:
        return source == terms.U8
    if target == STRING:
        inner = strip_references(source)
        return inner.name in ("str", "char", "String") or source.name in ("Box", "Cow")
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
