"""The types of functions that a path names: ``i32::abs``, ``Some``, ``String::from``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.methods.std_methods import std_methods
from crabtrap.expr.methods.table import Entry
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing import places, terms
from crabtrap.expr.typing.application import (
    PendingCall,
    abilities_of,
    oblige,
    parameter_of,
    result_of,
)
from crabtrap.expr.typing.method_lookup import (
    fits,
    owner_pattern,
)
from crabtrap.expr.typing.terms import (
    REFERENCES,
    UNKNOWN,
    Term,
    is_variable,
    strip_references,
)
from crabtrap.expr.typing.type_text import primitive_or_std
from crabtrap.symbols.names import STD_CRATES
from crabtrap.symbols.types import PRIMITIVES

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker


_TRAITS = frozenset(
    [
        "Ord",
        "PartialOrd",
        "PartialEq",
        "Clone",
        "ToString",
        "Iterator",
        "IntoIterator",
        "From",
        "Into",
        "Default",
        "ToOwned",
        "Borrow",
        "AsRef",
        "Deref",
        "cmp",
        "ptr",
    ]
)


def named_function(checker: Checker, tree: Expression, wanted: Term) -> None:
    """Type ``i32::abs``, ``Some`` or a name where a function is expected."""
    known = named(checker, tree, wanted)
    if known is not None:
        if not checker.inference.unifies(known, wanted):
            raise checker.mismatch(wanted, known, tree.span)
        return
    found = checker.resolved(tree, wanted)
    if found not in (UNKNOWN, wanted) and not checker.inference.unifies(found, wanted):
        raise EvaluationError(
            f"expected a closure, found `{checker.inference.resolve(found)}`", tree.span
        )


def named(checker: Checker, tree: Expression, wanted: Term | None) -> Term | None:
    """The type of a built-in function that a path names, ``None`` for any other tree."""
    if not isinstance(tree, nodes.Path):
        return None
    if tree.is_name and checker.names.variable(tree.segments[0].name) is not None:
        return None
    found = function_of(checker, tree, wanted)
    if found is not None:
        checker.nodes[id(tree)] = tree, found
    return found


def function_of(checker: Checker, tree: nodes.Path, wanted: Term | None) -> Term | None:
    """The function type of a path; ``None`` where it names no built-in function."""
    name = tree.segments[-1].name
    if tree.is_name:
        return places.wrapper(checker, name) if name in ("Some", "Ok", "Err") else None
    free = free_function(checker, tree)
    if free is not None:
        entry, owner = free, terms.UNIT
    else:
        named_owner = owner_of(checker, tree)
        hint = None if wanted is None or len(wanted.args) < 2 else wanted.args[0]
        found = None if named_owner is None else associated(checker, named_owner, name, hint)
        if found is None:
            return None
        entry, owner = found
    generics: dict[str, Term] = {"Self": owner}
    checker.inference.unifies(owner_pattern(checker, entry.signature.owner, generics), owner)
    parameters = tuple(parameter_of(checker, each, generics) for each in entry.signature.parameters)
    for declared, parameter in zip(entry.signature.parameters, parameters, strict=True):
        if declared.name.startswith("impl "):
            trait = declared.name.removeprefix("impl ")
            oblige(checker, parameter, trait, declared.args, generics, tree.span, opened=True)
    result = result_of(checker, entry.signature.result, generics, abilities_of(owner))
    checker.calls[id(tree)] = PendingCall(entry, owner, generics, parameters, result)
    return terms.function((*receiver_type(entry, owner), *parameters), result)


def free_function(checker: Checker, tree: nodes.Path) -> Entry | None:
    """The function of a module of std that a path names; one of the program's comes first."""
    if len(tree.segments) < 2 or tree.owner:
        return None
    entry = std_methods().of_module(tree.segments[-2].name, tree.segments[-1].name)
    of_std = tree.segments[0].name in STD_CRATES
    if entry is None or (not of_std and checker.names.path(tree.text) is not None):
        return None
    return entry


def receiver_type(entry: Entry, owner: Term) -> tuple[Term, ...]:
    """The type of ``self``, or nothing for an associated function."""
    match entry.signature.receiver:
        case "":
            return ()
        case "self":
            return (owner,)
        case receiver:
            return (terms.reference(owner, receiver.startswith("&mut")),)


def owner_of(checker: Checker, tree: nodes.Path) -> Term | None:
    """The type or trait whose function a path names; a trait is a variable."""
    if tree.owner:
        text = tree.owner.partition(" as ")[0]
        return checker.parse_type(text, tree.span)
    if len(tree.segments) < 2:
        return None
    last = tree.segments[-2]
    if last.name in PRIMITIVES or last.name == "str":
        return Term(last.name)
    if last.name in _TRAITS:
        return checker.inference.fresh()
    text = f"{last.name}<{', '.join(last.arguments)}>" if last.arguments else last.name
    if primitive_or_std(last.name, ()) is None:
        return None
    return checker.parse_type(text, tree.span)


def associated(
    checker: Checker, owner: Term, name: str, hint: Term | None
) -> tuple[Entry, Term] | None:
    """Find ``Owner::name``; of a trait's, by the first argument's type."""
    everywhere = std_methods().of_every_type(name)
    if owner.name == "$" and hint is not None:
        found = checker.inference.resolve(hint)
        if everywhere and not is_variable(strip_references(found)):
            return everywhere[0], _self_of(everywhere[0], found)
        found = strip_references(found)
        owner = owner if is_variable(found) else found
    if owner.name == "$":
        return (everywhere[0], owner) if everywhere else None
    for layer in places.steps(checker, owner)[:2]:
        for entry in std_methods().find(layer, name):
            if fits(checker, entry, layer):
                return entry, layer
    for entry in everywhere:
        return entry, owner
    return None


def _self_of(entry: Entry, first: Term) -> Term:
    """``Self`` of a trait's function, by the type of its first argument."""
    borrowed = entry.signature.receiver.startswith("&")
    return first.args[0] if borrowed and first.name in REFERENCES else first
