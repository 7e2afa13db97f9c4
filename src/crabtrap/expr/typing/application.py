"""What a signature makes of its generics: parameters, obligations and results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.methods.table import Entry
from crabtrap.expr.syntax.nodes import Span
from crabtrap.expr.typing import terms
from crabtrap.expr.typing.deref import item_of
from crabtrap.expr.typing.method_lookup import (
    instantiate,
)
from crabtrap.expr.typing.obligation import Obligation
from crabtrap.expr.typing.signature import ITERATORS
from crabtrap.expr.typing.terms import (
    Term,
)
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call whose types may still have variables in them."""

    entry: Entry
    owner: Term
    generics: dict[str, Term]
    parameters: tuple[Term, ...]
    result: Term


def parameter_of(checker: Checker, term: Term, generics: dict[str, Term]) -> Term:
    """The type of a parameter; of ``impl Trait`` a variable."""
    if term.name.startswith("impl "):
        return checker.inference.fresh()
    return instantiate(checker, term, generics)


def oblige(
    checker: Checker,
    term: Term,
    trait: str,
    args: tuple[Term, ...],
    generics: dict[str, Term],
    span: Span,
    *,
    opened: bool = False,
) -> None:
    """Ask for a trait of a type that a signature names."""
    subject = term if opened else instantiate(checker, term, generics)
    parts = tuple(instantiate(checker, each, generics) for each in args)
    checker.obligations.add(Obligation(subject, trait, parts, span))


def result_of(checker: Checker, term: Term, generics: dict[str, Term], abilities: str) -> Term:
    """The type of a result; an iterator can what its name says."""
    if term.name in ITERATORS:
        item = instantiate(checker, term.args[0], generics)
        found = _abilities(term.name, abilities).strip("-")
        once = "o" in abilities or term.name == "Once" or item.name == "&mut"
        return terms.iterator(item, found.replace("o", "") + "o" * once)
    return instantiate(checker, term, generics)


def abilities_of(owner: Term) -> str:
    """What the iterator that a type is, or becomes, can."""
    found = item_of(owner)
    return "-" if found is None else found[1]


def _abilities(name: str, have: str) -> str:  # noqa: PLR0911 - one case per name
    match name:
        case "Ends":
            return "d"
        case "Exact":
            return "de"
        case "Length":
            return "e"
        case "Shown":
            return "des"
        case "Escaped":
            return "s"
        case "Searched":
            return "d"
        case "Like" | "Zipped":
            return have.replace("p", "").replace("s", "") or "-"
        case "Walk":
            return have
        case "Peekable":
            return have.strip("-") + "p"
        case "Thin":
            return "d" if "d" in have else "-"
        case "Counted":
            return "de" if "d" in have and "e" in have else "e" if "e" in have else "-"
        case _:
            return "-"


def zipped(checker: Checker, result: Term, owner: Term, other: Term) -> Term:
    """The iterator that ``zip`` gives: it can what both can."""
    found = item_of(checker.inference.resolve(other))
    theirs = "de" if found is None else found[1]
    mine = owner.args[1].name
    both = "".join(each for each in mine if each in theirs and each in "de")
    once = "o" * ("o" in mine or "o" in theirs)
    return terms.iterator(result.args[0], (both if both in ("de", "e") else "") + once)
