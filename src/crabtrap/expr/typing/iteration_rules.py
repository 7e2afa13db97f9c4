"""What is walked over, and what is built of the items."""

from __future__ import annotations

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax.nodes import Span
from crabtrap.expr.typing import terms
from crabtrap.expr.typing.deref import item_of
from crabtrap.expr.typing.obligation import Obligation, Rule, Settling, missing
from crabtrap.expr.typing.terms import (
    NUMBERS,
    STRING,
    Term,
    is_variable,
    strip_references,
)

_LISTS = frozenset(("Vec", "VecDeque", "LinkedList", "BinaryHeap", "HashSet", "BTreeSet"))
_KEYED = {
    "HashMap": "Hash",
    "HashSet": "Hash",
    "BTreeMap": "Ord",
    "BTreeSet": "Ord",
    "BinaryHeap": "Ord",
}


def _into_iterator(solver: Settling, subject: Term, each: Obligation) -> bool:
    if is_variable(subject):
        return False
    found = item_of(subject)
    if found is None:
        raise EvaluationError(f"`{subject}` is not an iterator", each.span)
    solver.same(each.args[0], found[0], each.span)
    return True


def _from_iterator(  # noqa: C901 - one case per collection
    solver: Settling, subject: Term, each: Obligation
) -> bool:
    item = solver.inference.resolve(each.args[0])
    if is_variable(subject):
        return False
    name = subject.name
    if name == "Cow":
        subject = Term("String")
        name = "String"
    if name in _LISTS:
        _built(solver, subject.args[0], item, subject, each)
        _bounds_of_keys(solver, subject, each)
    elif name in ("HashMap", "BTreeMap"):
        _built(solver, terms.tuple_of(*subject.args), item, subject, each)
        _bounds_of_keys(solver, subject, each)
    elif name == "String":
        if is_variable(item):
            return False
        if strip_references(item).name not in ("char", "str", "String", "Box", "Cow"):
            raise _not_built(subject, item, each.span)
    elif name in ("Option", "Result"):
        return _collected_inside(solver, subject, item, each)
    elif name in ("Box", "Rc", "Arc") and subject.args[0].name in ("slice", "str"):
        if subject.args[0].name == "slice":
            _built(solver, subject.args[0].args[0], item, subject, each)
    elif subject == terms.UNIT:
        _built(solver, terms.UNIT, item, subject, each)
    elif subject.source is None:
        raise _not_built(subject, item, each.span)
    return True


def _bounds_of_keys(solver: Settling, subject: Term, each: Obligation) -> None:
    trait = _KEYED.get(subject.name)
    if trait is not None:
        solver.add(Obligation(subject.args[0], trait, (), each.span))


def _collected_inside(solver: Settling, subject: Term, item: Term, each: Obligation) -> bool:
    if is_variable(item):
        return False
    if item.name != subject.name:
        raise _not_built(subject, item, each.span)
    if subject.name == "Result":
        solver.same(subject.args[1], item.args[1], each.span)
    solver.add(Obligation(subject.args[0], each.trait, (item.args[0],), each.span))
    return True


def _built(solver: Settling, wanted: Term, item: Term, subject: Term, each: Obligation) -> None:
    if not solver.inference.unifies(wanted, item):
        raise _not_built(subject, item, each.span)


def _not_built(subject: Term, item: Term, span: Span) -> EvaluationError:
    return EvaluationError(
        f"a value of type `{subject}` cannot be built from an iterator over elements of type "
        f"`{item}`",
        span,
    )


def _sum(solver: Settling, subject: Term, each: Obligation) -> bool:
    item = solver.inference.resolve(each.args[0])
    if is_variable(subject) and subject.name == "$":
        return False
    if subject.name in ("Option", "Result"):
        return _collected_inside(solver, subject, item, each)
    inner = item.args[0] if item.name == "&" else item
    summed = subject.name in NUMBERS or subject.name in ("Duration", "Wrapping")
    if not summed or not solver.inference.unifies(subject, inner):
        verb = "sum" if each.trait == "Sum" else "multiply"
        raise EvaluationError(
            f"cannot make a value of type `{subject}` by {verb[:3]}ming an iterator over "
            f"elements of type `{item}`"
            if verb == "sum"
            else f"cannot make a value of type `{subject}` by multiplying all elements of "
            f"type `{item}` from an iterator",
            each.span,
        )
    return True


def _try(solver: Settling, subject: Term, each: Obligation) -> bool:
    if is_variable(subject):
        return False
    if subject.name not in ("Option", "Result"):
        raise missing(subject, "Try", each.span)
    solver.same(subject.args[0], each.args[0], each.span)
    return True


def _joined(solver: Settling, subject: Term, each: Obligation) -> bool:
    """``[S]::join`` and ``concat``: texts become a ``String``, lists a ``Vec``."""
    *separator, result = each.args
    if subject.name == "$" or any(is_variable(solver.inference.shallow(s)) for s in separator):
        return False
    inner = strip_references(subject)
    if inner.name in ("str", "String"):
        solver.same(result, STRING, each.span)
        wanted = [terms.reference(terms.STR)]
    elif inner.name in ("Vec", "slice", "array"):
        item = inner.args[0]
        solver.same(result, Term("Vec", (item,)), each.span)
        wanted = [terms.reference(item), terms.reference(terms.slice_of(item))]
    else:
        raise EvaluationError(
            f"the method `{each.trait.lower()}` exists for slice `[{subject}]`, but its trait "
            "bounds were not satisfied",
            each.span,
        )
    for found in separator:
        _check_separator(solver, found, wanted, subject, each)
    return True


def _check_separator(
    solver: Settling, found: Term, wanted: list[Term], subject: Term, each: Obligation
) -> None:
    found = solver.inference.resolve(found)
    if not any(solver.inference.unifies(found, one) for one in wanted):
        raise missing(terms.slice_of(subject), f"Join<{found}>", each.span)


def _extended(solver: Settling, subject: Term, each: Obligation) -> bool:
    """What ``partition`` and ``unzip`` fill: of the items, or of what they refer to."""
    item = solver.inference.resolve(each.args[0])
    if is_variable(subject) or is_variable(item):
        return False
    own = subject.args[-1] if len(subject.args) == 1 else terms.tuple_of(*subject.args)
    if item.name == "&" and subject.name in _LISTS and own != item and not is_variable(own):
        solver.add(Obligation(item.args[0], "Copy", (), each.span))
        item = item.args[0]
    return _from_iterator(solver, subject, Obligation(subject, each.trait, (item,), each.span))


def _extending(solver: Settling, subject: Term, each: Obligation) -> bool:
    """What ``extend`` takes: items, or references to items that are copied."""
    found = item_of(subject)
    if is_variable(subject) or (found is not None and is_variable(found[0])):
        return False
    if found is None:
        raise EvaluationError(f"`{subject}` is not an iterator", each.span)
    item = found[0]
    if not solver.inference.unifies(each.args[0], item):
        solver.same(each.args[0], strip_references(item), each.span)
        solver.add(Obligation(strip_references(item), "Copy", (), each.span))
    return True


def _extending_text(solver: Settling, subject: Term, each: Obligation) -> bool:
    """What ``extend`` of a ``String`` takes: what a ``String`` is collected from."""
    found = item_of(subject)
    if is_variable(subject):
        return False
    if found is None:
        raise EvaluationError(f"`{subject}` is not an iterator", each.span)
    solver.add(Obligation(STRING, "FromIterator", (found[0],), each.span))
    return True


RULES: dict[str, Rule] = {
    "Extended": _extended,
    "Extending": _extending,
    "ExtendingText": _extending_text,
    "IntoIterator": _into_iterator,
    "FromIterator": _from_iterator,
    "Sum": _sum,
    "Product": _sum,
    "Try": _try,
    "Join": _joined,
    "Concat": _joined,
}
