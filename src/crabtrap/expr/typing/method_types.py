"""The types of method calls: which method a name means, and what its signature makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.methods.table import FAMILIES, Entry
from crabtrap.expr.scope import EvaluationError, WouldRunError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression, Span
from crabtrap.expr.typing import change_types, places, terms
from crabtrap.expr.typing.application import (
    PendingCall,
    abilities_of,
    oblige,
    parameter_of,
    result_of,
    zipped,
)
from crabtrap.expr.typing.function_types import (
    named,
    named_function,
)
from crabtrap.expr.typing.method_lookup import (
    find_method,
    method_names,
    owner_pattern,
)
from crabtrap.expr.typing.signature import Signature
from crabtrap.expr.typing.terms import (
    NUMBERS,
    REFERENCES,
    UNKNOWN,
    Term,
    is_variable,
    strip_references,
)

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker


_OPERATOR_TRAITS = {"cmp": "cmp", "max": "cmp", "min": "cmp", "clamp": "cmp", "ne": "eq"}


def method_call(checker: Checker, tree: nodes.MethodCall, expected: Term | None) -> Term:
    """Type ``receiver.name(arguments)``.

    Raises:
        EvaluationError: There is no such method, or its arguments do not fit.
    """
    receiver = checker.resolved(tree.receiver)
    if receiver.name == "$":
        raise EvaluationError("type annotations needed", tree.receiver.span)
    for layer in places.steps(checker, receiver, raw=False):
        if layer == UNKNOWN or layer.name == "dyn":
            return unknown(checker, tree)
        found = find_method(checker, layer, tree.name)
        if found is not None:
            if checker.names.calls and change_types.is_of_program(checker, tree, found[0]):
                return unknown(checker, tree)
            return _apply(checker, tree, *found, expected)
        if layer.source is not None and not checker.names.calls:
            _refuse_own(checker, layer, tree)
            if checker.names.is_shown(layer.source):
                return unknown(checker, tree)
    if checker.names.calls:
        return unknown(checker, tree)
    raise _no_method(checker, receiver, tree)


def unknown(checker: Checker, tree: nodes.MethodCall | nodes.Call) -> Term:
    """Type the arguments of a call that only the values decide."""
    for argument in tree.arguments:
        hint = None
        if isinstance(argument, nodes.Closure):
            unknown = (UNKNOWN,) * len(argument.parameters)
            hint = terms.function(unknown, checker.inference.fresh())
        checker.inference.unifies(checker.infer(argument, hint), UNKNOWN)
        change_types.check_closure(checker, argument, None, UNKNOWN)
    return UNKNOWN


def _refuse_own(checker: Checker, layer: Term, tree: nodes.MethodCall) -> None:
    """Refuse a method that the program has for its own type.

    Raises:
        WouldRunError: It has.
    """
    assert layer.source is not None  # so says the caller
    own = checker.names.own_method(layer.source, tree.name)
    if own is not None:
        raise WouldRunError(
            f"`{tree.name}` of `{layer}` would run the program's own {own}", tree.span
        )


def _apply(
    checker: Checker, tree: nodes.MethodCall, entry: Entry, owner: Term, expected: Term | None
) -> Term:
    """Type the arguments of a method, and give its result."""
    signature = entry.signature
    if is_variable(owner) and entry.header in FAMILIES:
        kind = owner.name[1:]
        example = "1_i32" if kind == "{integer}" else "1.0_f64"
        raise EvaluationError(
            f"can't call method `{tree.name}` on ambiguous numeric type `{kind}`",
            tree.span,
            hint=f"give it a type: {example}",
        )
    if owner.source is not None or strip_references(owner).source is not None:
        refuse_own_trait(checker, owner, tree)
    change_types.check_receiver(checker, tree, entry)
    generics: dict[str, Term] = {"Self": owner}
    checker.inference.unifies(owner_pattern(checker, signature.owner, generics), owner)
    turbofish(checker, tree.generics, signature, generics, tree.span)
    return finish(checker, tree, tree.arguments, entry, owner, generics, expected)


def refuse_own_trait(checker: Checker, owner: Term, tree: nodes.MethodCall) -> None:
    """Refuse what would run a function of the program: its own, or a hand-written trait's.

    Raises:
        EvaluationError: The program has a function that this call means.
    """
    inner = strip_references(owner)
    assert inner.source is not None  # so says the caller
    trait = _OPERATOR_TRAITS.get(tree.name, tree.name)
    own = checker.names.own_method(inner.source, trait)
    if own is not None and not checker.names.calls:
        raise WouldRunError(
            f"`{tree.name}` of `{inner}` would run the program's own {own}", tree.span
        )


def turbofish(
    checker: Checker,
    written: tuple[str, ...],
    signature: Signature,
    generics: dict[str, Term],
    span: Span,
) -> None:
    """Give the generic parameters of a signature the arguments that are written.

    Raises:
        EvaluationError: There are more or less of them, or one is no type.
    """
    if not written:
        return
    if len(written) != len(signature.generics):
        want, have = len(signature.generics), len(written)
        raise EvaluationError(
            f"method takes {want} generic argument{'' if want == 1 else 's'} but {have} "
            f"generic argument{'' if have == 1 else 's'} were supplied",
            span,
        )
    for name, text in zip(signature.generics, written, strict=True):
        generics[name] = Term(text) if text.isdecimal() else checker.parse_type(text, span)


def finish(
    checker: Checker,
    tree: nodes.MethodCall | nodes.Call,
    arguments: tuple[Expression, ...],
    entry: Entry,
    owner: Term,
    generics: dict[str, Term],
    expected: Term | None,
) -> Term:
    """Type the arguments of a method whose owner is known, and give its result."""
    signature = entry.signature
    if len(arguments) != len(signature.parameters):
        want, have = len(signature.parameters), len(arguments)
        raise EvaluationError(
            f"this method takes {want} argument{'' if want == 1 else 's'} but {have} "
            f"argument{' was' if have == 1 else 's were'} supplied",
            tree.span,
        )
    result = result_of(checker, signature.result, generics, abilities_of(owner))
    if expected is not None and result.name not in terms.SCALARS:
        _expect(checker, result, expected)
    for bound in signature.bounds:
        if bound.term == Term("%Self") and not bound.args:
            continue
        subject = Term("%Self") if bound.term == signature.owner else bound.term
        oblige(checker, subject, bound.trait, bound.args, generics, tree.span)
    parameters = tuple(parameter_of(checker, each, generics) for each in signature.parameters)
    order = sorted(range(len(arguments)), key=lambda at: _is_function(arguments[at]))
    for at in order:
        _argument(checker, arguments[at], signature.parameters[at], parameters[at], generics)
        change_types.check_closure(checker, arguments[at], entry, owner)
    if result.name == "Iter" and signature.result.name == "Zipped":
        result = zipped(checker, result, owner, parameters[0])
    if signature.result.name == "Searched":
        pattern = strip_references(checker.inference.resolve(parameters[0]))
        if pattern.name in ("str", "String"):
            result = terms.iterator(result.args[0], "-")
    checker.calls[id(tree)] = PendingCall(entry, owner, generics, parameters, result)
    checker.obligations.settle()
    return result


def _expect(checker: Checker, result: Term, expected: Term) -> None:
    """Let the expected type decide open generics of a result: ``collect``, ``parse``, ``into``."""
    wanted = checker.inference.resolve(expected)
    if checker.inference.shallow(result).name == "$" and wanted.name not in (
        "$",
        "fn",
        *REFERENCES,
    ):
        checker.inference.unifies(result, wanted)


def _is_function(tree: Expression) -> bool:
    return isinstance(tree, nodes.Closure)


def _argument(
    checker: Checker, tree: Expression, declared: Term, term: Term, generics: dict[str, Term]
) -> None:
    if declared.name.startswith("impl "):
        trait = declared.name.removeprefix("impl ")
        hint = None
        if trait in ("Pattern", "CharPattern") and isinstance(tree, nodes.Closure):
            hint = terms.function((terms.CHAR,), terms.BOOL)
        found = named(checker, tree, hint) or checker.resolved(tree, hint)
        checker.inference.unifies(term, found)
        oblige(checker, term, trait, declared.args, generics, tree.span, opened=True)
        return
    if term.name == "fn" and not isinstance(tree, nodes.Closure):
        named_function(checker, tree, term)
        return
    checker.coerce(tree, term)


def _no_method(checker: Checker, receiver: Term, tree: nodes.MethodCall) -> EvaluationError:
    import difflib  # noqa: PLC0415 - slow to import

    receiver = checker.inference.resolve(receiver)
    known = method_names(checker, receiver)
    close = difflib.get_close_matches(tree.name, known, n=3)
    hint = f"did you mean {', '.join(f'`{each}`' for each in close)}?" if close else ""
    if receiver.name in NUMBERS and is_variable(receiver):
        receiver = checker.inference.default(receiver)
    return EvaluationError(
        f"no method named `{tree.name}` found for type `{receiver}` that works without running "
        "the program",
        tree.span,
        hint=hint,
    )
