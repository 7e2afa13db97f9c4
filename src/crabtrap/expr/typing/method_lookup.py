"""Looking up methods on a type: by auto-deref, inherent ones before those of traits.

The rules are those of the Rust reference, "Method-call expressions".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crabtrap.expr.methods.std_methods import std_methods
from crabtrap.expr.methods.table import FAMILIES, Entry
from crabtrap.expr.typing import places, terms
from crabtrap.expr.typing.deref import deref, item_of
from crabtrap.expr.typing.terms import INTEGERS, REFERENCES, UNKNOWN, Term, is_variable
from crabtrap.expr.typing.traits import implements

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker


def method_names(checker: Checker, receiver: Term) -> tuple[str, ...]:
    """The names of all methods that can be called on a type, those of its own first.

    What the program has written itself would run, and is not among them.
    """
    names: dict[str, None] = {}
    steps = places.steps(checker, receiver, raw=False)
    for layer in steps:
        for candidate in as_iterators(layer):
            names |= dict.fromkeys(std_methods().names_of(candidate))
    names |= dict.fromkeys(std_methods().names_of_every_type())
    return tuple(name for name in names if any(_works(checker, each, name) for each in steps))


def _works(checker: Checker, layer: Term, name: str) -> bool:
    if layer == UNKNOWN or layer.name == "dyn":
        return False
    found = find_method(checker, layer, name)
    if found is None or found[0].changes:
        return False
    source = terms.strip_references(layer).source
    return source is None or checker.names.own_method(source, name) is None


def find_method(checker: Checker, layer: Term, name: str) -> tuple[Entry, Term] | None:
    """Find the method of one step of auto-deref: by value first, then by reference."""
    by_value = _matching(checker, layer, name, ("self",))
    if by_value is None and layer.name in REFERENCES:
        inner = checker.inference.shallow(layer.args[0])
        borrowed = ("&mut self",) if layer.name == "&mut" else ("&self", "&mut self")
        by_value = _matching(checker, inner, name, borrowed)
    if by_value is None:
        by_value = _matching(checker, layer, name, ("&self", "&mut self"))
    if by_value is None:
        by_value = _matching(checker, terms.reference(layer), name, ("self",))
    return by_value


def _matching(
    checker: Checker, owner: Term, name: str, receivers: tuple[str, ...]
) -> tuple[Entry, Term] | None:
    """Find a method whose owner is this type, an inherent one before those of traits."""
    table = std_methods()
    for candidate in as_iterators(owner):
        for entry in table.find(candidate, name):
            if entry.signature.receiver in receivers and fits(checker, entry, candidate):
                return entry, candidate
    for entry in table.of_every_type(name):
        signature = entry.signature
        if signature.receiver not in receivers:
            continue
        own = [bound.trait for bound in signature.bounds if bound.term == Term("%Self")]
        resolved = checker.inference.resolve(owner)
        if not all(_has(resolved, trait) for trait in own):
            continue
        return entry, owner
    return None


_REFERRED = frozenset(("String", "str", "Vec", "slice", "array", "Box", "Rc", "Arc", "Path"))


def _has(term: Term, trait: str) -> bool:
    if trait == "IntoIterator":
        return item_of(term) is not None and term != UNKNOWN
    if trait == "Deref":
        return deref(term) is not None
    if trait == "AsRefTo":
        return term.name in _REFERRED
    if is_variable(term) and trait in ("Ord", "Eq", "Hash"):
        return term.name != "${float}"
    return implements(term, trait)


def as_iterators(owner: Term) -> Iterator[Term]:
    """The type, and of a range also the iterator that it is."""
    yield owner
    if owner.name in ("Range", "RangeInclusive", "RangeFrom"):
        found = item_of(owner)
        if found is not None and (found[0].name in INTEGERS or found[0].name in ("char", "$", "?")):
            yield terms.iterator(*found)
    if owner.name == "&mut" and owner.args[0].name == "Iter":
        yield owner.args[0]


def fits(checker: Checker, entry: Entry, owner: Term) -> bool:
    """Whether a method found by its owner's outer constructor is one of this very type."""
    if entry.header in FAMILIES:
        return True
    pattern = entry.signature.owner
    needed = _ABILITY.get(pattern.name, "")
    if not all(each in owner.args[1].name for each in needed):
        return False
    if not checker.inference.can_unify(owner_pattern(checker, pattern, {}), owner):
        return False
    return all(
        item_of(checker.inference.resolve(owner.args[0])) is not None
        or is_variable(checker.inference.shallow(owner.args[0]))
        for bound in entry.signature.bounds
        if bound.trait == "IntoIterator" and bound.term == pattern.args[0]
    )


_ABILITY = {"Ends": "d", "Length": "e", "Exact": "de", "Peekable": "p", "Shown": "s"}


def owner_pattern(checker: Checker, owner: Term, generics: dict[str, Term]) -> Term:
    """The owner of a signature with variables for its parameters."""
    found = instantiate(checker, owner, generics)
    return Term("Iter", found.args) if owner.name in _ABILITY else found


def instantiate(checker: Checker, term: Term, generics: dict[str, Term]) -> Term:
    """Replace the parameters of a signature by variables."""
    if term.name[0] == "%":
        name = term.name[1:]
        if name not in generics:
            generics[name] = checker.inference.fresh()
        return generics[name]
    return Term(term.name, tuple(instantiate(checker, each, generics) for each in term.args))
