"""What the arguments of methods may be: patterns, keys, positions, ranges."""

from __future__ import annotations

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.typing import terms
from crabtrap.expr.typing.deref import deref
from crabtrap.expr.typing.obligation import Obligation, Rule, Settling, missing
from crabtrap.expr.typing.terms import (
    INTEGERS,
    Term,
    is_variable,
    strip_references,
)

_RANGES = frozenset(("Range", "RangeInclusive", "RangeFrom", "RangeTo", "RangeToInclusive"))


def _pattern(solver: Settling, subject: Term, each: Obligation) -> bool:
    """What ``str`` searches for: a char, a text, chars in an array, or a test."""
    if is_variable(subject):
        return False
    inner = strip_references(subject)
    borrowed = subject.name == "&"
    if subject.name in ("char", "fn") or (borrowed and inner.name in ("str", "String")):
        return True
    if subject.name == "array" or (borrowed and inner.name in ("slice", "array")):
        solver.same(inner.args[0], terms.CHAR, each.span)
        return True
    raise missing(subject, "Pattern", each.span)


def _char_pattern(solver: Settling, subject: Term, each: Obligation) -> bool:
    """What is searched for from both ends at once: no text."""
    if strip_references(subject).name in ("str", "String"):
        raise missing(subject, "DoubleEndedSearcher", each.span)
    return _pattern(solver, subject, each)


def _slice_pattern(solver: Settling, subject: Term, each: Obligation) -> bool:
    """What ``strip_prefix`` of a slice takes: a reference to an array or slice."""
    if is_variable(subject):
        return False
    inner = subject.args[0] if subject.name == "&" else subject
    if subject.name != "&" or inner.name not in ("slice", "array"):
        raise EvaluationError(
            f"the trait bound `{inner}: SlicePattern` is not satisfied", each.span
        )
    solver.same(inner.args[0], each.args[0], each.span)
    return True


def _borrowed_as(solver: Settling, subject: Term, each: Obligation) -> bool:
    """The key of a look-up: ``&Q`` where ``K: Borrow<Q>``."""
    if is_variable(subject):
        return False
    key = solver.inference.resolve(each.args[0])
    if subject.name != "&":
        raise EvaluationError(f"mismatched types: expected `&_`, found `{subject}`", each.span)
    inner = subject.args[0]
    if solver.inference.unifies(inner, key):
        return True
    content = deref(key)
    if content is not None and key.name != "&" and solver.inference.unifies(inner, content):
        return True
    if key.name == "&" and solver.inference.unifies(inner, key.args[0]):
        return True
    raise EvaluationError(f"mismatched types: expected `&{key}`, found `{subject}`", each.span)


def _slice_index(solver: Settling, subject: Term, each: Obligation) -> bool:
    item, result = each.args
    if is_variable(subject):
        if subject.name == "$":
            return False
        solver.inference.unifies(subject, terms.USIZE)
        subject = terms.USIZE
    if subject == terms.USIZE:
        solver.same(result, item, each.span)
        return True
    if subject.name == "RangeFull" or (subject.name in _RANGES):
        for arg in subject.args:
            solver.same(arg, terms.USIZE, each.span)
        solver.same(result, terms.slice_of(item), each.span)
        return True
    raise EvaluationError(
        f"the type `[{solver.inference.resolve(item)}]` cannot be indexed by `{subject}`",
        each.span,
    )


def _text_range(solver: Settling, subject: Term, each: Obligation) -> bool:
    if is_variable(subject):
        return False
    if subject.name not in _RANGES and subject.name != "RangeFull":
        raise EvaluationError(f"the type `str` cannot be indexed by `{subject}`", each.span)
    for arg in subject.args:
        solver.same(arg, terms.USIZE, each.span)
    return True


def _ranges_over(solver: Settling, subject: Term, each: Obligation) -> bool:
    """``RangeBounds<T>``."""
    if is_variable(subject):
        return False
    if subject.name not in _RANGES and subject.name != "RangeFull":
        raise missing(subject, "RangeBounds", each.span)
    for arg in subject.args:
        key = solver.inference.resolve(each.args[0])
        content = deref(key)
        if not solver.inference.unifies(arg, key) and not (
            content is not None and solver.inference.unifies(arg, content)
        ):
            raise EvaluationError(
                f"mismatched types: expected `{key}`, found `{solver.inference.resolve(arg)}`",
                each.span,
            )
    return True


def _equals(solver: Settling, subject: Term, each: Obligation) -> bool:
    other = solver.inference.resolve(each.args[0])
    if is_variable(subject) and subject.name == "$":
        return False
    if not solver.comparable(subject, other):
        raise EvaluationError(f"can't compare `{subject}` with `{other}`", each.span)
    return True


def _integer(solver: Settling, subject: Term, each: Obligation) -> bool:
    if subject.name == "$":
        return False
    if subject.name not in INTEGERS:
        raise EvaluationError(
            f"mismatched types: expected an integer, found `{subject}`", each.span
        )
    return True


RULES: dict[str, Rule] = {
    "Pattern": _pattern,
    "CharPattern": _char_pattern,
    "SlicePattern": _slice_pattern,
    "BorrowOf": _borrowed_as,
    "SliceIndex": _slice_index,
    "TextRange": _text_range,
    "RangeBounds": _ranges_over,
    "Equals": _equals,
    "Integer": _integer,
}
