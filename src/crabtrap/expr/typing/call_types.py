"""The types of calls: which method a name means, and what its signature makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.methods.std_methods import std_methods
from crabtrap.expr.methods.table import FAMILIES, Entry
from crabtrap.expr.scope import EvaluationError, WouldRunError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression, Span
from crabtrap.expr.typing import places, terms
from crabtrap.expr.typing.deref import item_of
from crabtrap.expr.typing.inference import MismatchError
from crabtrap.expr.typing.method_lookup import (
    find_method,
    fits,
    instantiate,
    method_names,
    owner_pattern,
)
from crabtrap.expr.typing.obligations import Obligation
from crabtrap.expr.typing.signature import ITERATORS, Signature
from crabtrap.expr.typing.terms import (
    NUMBERS,
    REFERENCES,
    UNKNOWN,
    Term,
    is_variable,
    strip_references,
)
from crabtrap.expr.typing.type_text import primitive_or_std
from crabtrap.records import dataclass
from crabtrap.symbols.types import PRIMITIVES

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker

_OPERATOR_TRAITS = {"cmp": "cmp", "max": "cmp", "min": "cmp", "clamp": "cmp", "ne": "eq"}
FREE_FUNCTIONS = frozenset(("size_of", "align_of", "size_of_val"))
"""Functions of std that are no methods: how large a type is."""


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call whose types may still have variables in them."""

    entry: Entry
    owner: Term
    generics: dict[str, Term]
    parameters: tuple[Term, ...]
    result: Term


# -- methods ---------------------------------------------------------------------------------
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
            return _unknown(checker, tree)
        found = find_method(checker, layer, tree.name)
        if found is not None and found[0].refused and checker.names.calls:
            return _unknown(checker, tree)  # the program may have it
        if found is not None:
            return _apply(checker, tree, *found, expected)
        if layer.source is not None and not checker.names.calls:
            _refuse_own(checker, layer, tree)
            if checker.names.is_shown(layer.source):
                return _unknown(checker, tree)
    if checker.names.calls:
        return _unknown(checker, tree)
    raise _no_method(checker, receiver, tree)


def _unknown(checker: Checker, tree: nodes.MethodCall | nodes.Call) -> Term:
    """Type the arguments of a call that only the values decide."""
    for argument in tree.arguments:
        hint = None
        if isinstance(argument, nodes.Closure):
            unknown = (UNKNOWN,) * len(argument.parameters)
            hint = terms.function(unknown, checker.inference.fresh())
        checker.inference.unifies(checker.infer(argument, hint), UNKNOWN)
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
    generics: dict[str, Term] = {"Self": owner}
    checker.inference.unifies(owner_pattern(checker, signature.owner, generics), owner)
    _turbofish(checker, tree, signature, generics)
    return _finish(checker, tree, tree.arguments, entry, owner, generics, expected)


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


def _turbofish(
    checker: Checker, tree: nodes.MethodCall, signature: Signature, generics: dict[str, Term]
) -> None:
    if not tree.generics:
        return
    if len(tree.generics) != len(signature.generics):
        want, have = len(signature.generics), len(tree.generics)
        raise EvaluationError(
            f"method takes {want} generic argument{'' if want == 1 else 's'} but {have} "
            f"generic argument{'' if have == 1 else 's'} were supplied",
            tree.span,
        )
    for name, text in zip(signature.generics, tree.generics, strict=True):
        generics[name] = checker.parse_type(text, tree.span)


def _finish(
    checker: Checker,
    tree: nodes.MethodCall | nodes.Call,
    arguments: tuple[Expression, ...],
    entry: Entry,
    owner: Term,
    generics: dict[str, Term],
    expected: Term | None,
) -> Term:
    signature = entry.signature
    if len(arguments) != len(signature.parameters):
        want, have = len(signature.parameters), len(arguments)
        raise EvaluationError(
            f"this method takes {want} argument{'' if want == 1 else 's'} but {have} "
            f"argument{' was' if have == 1 else 's were'} supplied",
            tree.span,
        )
    result = _result(checker, signature.result, generics, _abilities_of(owner))
    if expected is not None and result.name not in terms.SCALARS:
        _expect(checker, result, expected)
    for bound in signature.bounds:
        if bound.term == Term("%Self") and not bound.args:
            continue
        _oblige(checker, bound.term, bound.trait, bound.args, generics, tree.span)
    parameters = tuple(_parameter(checker, each, generics) for each in signature.parameters)
    order = sorted(range(len(arguments)), key=lambda at: _is_function(arguments[at]))
    for at in order:
        _argument(checker, arguments[at], signature.parameters[at], parameters[at], generics)
    if result.name == "Iter" and signature.result.name == "Zipped":
        result = _zipped(checker, result, owner, parameters[0])
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


def _parameter(checker: Checker, term: Term, generics: dict[str, Term]) -> Term:
    if term.name.startswith("impl "):
        return checker.inference.fresh()
    return instantiate(checker, term, generics)


def _argument(
    checker: Checker, tree: Expression, declared: Term, term: Term, generics: dict[str, Term]
) -> None:
    if declared.name.startswith("impl "):
        trait = declared.name.removeprefix("impl ")
        hint = None
        if trait in ("Pattern", "CharPattern") and isinstance(tree, nodes.Closure):
            hint = terms.function((terms.CHAR,), terms.BOOL)
        found = _named(checker, tree, hint) or checker.resolved(tree, hint)
        checker.inference.unifies(term, found)
        _oblige(checker, term, trait, declared.args, generics, tree.span, opened=True)
        return
    if term.name == "fn" and not isinstance(tree, nodes.Closure):
        _named_function(checker, tree, term)
        return
    checker.coerce(tree, term)


def _oblige(
    checker: Checker,
    term: Term,
    trait: str,
    args: tuple[Term, ...],
    generics: dict[str, Term],
    span: Span,
    *,
    opened: bool = False,
) -> None:
    subject = term if opened else instantiate(checker, term, generics)
    parts = tuple(instantiate(checker, each, generics) for each in args)
    checker.obligations.add(Obligation(subject, trait, parts, span))


def _result(checker: Checker, term: Term, generics: dict[str, Term], abilities: str) -> Term:
    if term.name in ITERATORS:
        item = instantiate(checker, term.args[0], generics)
        return terms.iterator(item, _abilities(term.name, abilities))
    return instantiate(checker, term, generics)


def _abilities_of(owner: Term) -> str:
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


def _zipped(checker: Checker, result: Term, owner: Term, other: Term) -> Term:
    found = item_of(checker.inference.resolve(other))
    theirs = "de" if found is None else found[1]
    both = "".join(each for each in owner.args[1].name if each in theirs)
    return terms.iterator(result.args[0], both if both in ("de", "e") else "-")


# -- functions as arguments --------------------------------------------------------------------
def _named_function(checker: Checker, tree: Expression, wanted: Term) -> None:
    """Type ``i32::abs``, ``Some`` or a name where a function is expected."""
    named = _named(checker, tree, wanted)
    if named is not None:
        if not checker.inference.unifies(named, wanted):
            raise checker.mismatch(wanted, named, tree.span)
        return
    found = checker.resolved(tree, wanted)
    if found not in (UNKNOWN, wanted) and not checker.inference.unifies(found, wanted):
        raise EvaluationError(
            f"expected a closure, found `{checker.inference.resolve(found)}`", tree.span
        )


def _named(checker: Checker, tree: Expression, wanted: Term | None) -> Term | None:
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
    owner = _owner(checker, tree)
    if owner is None:
        return None
    hint = None if wanted is None or len(wanted.args) < 2 else wanted.args[0]
    found = _associated(checker, owner, name, hint)
    if found is None:
        return None
    entry, owner = found
    generics: dict[str, Term] = {"Self": owner}
    checker.inference.unifies(owner_pattern(checker, entry.signature.owner, generics), owner)
    parameters = tuple(_parameter(checker, each, generics) for each in entry.signature.parameters)
    for declared, parameter in zip(entry.signature.parameters, parameters, strict=True):
        if declared.name.startswith("impl "):
            trait = declared.name.removeprefix("impl ")
            _oblige(checker, parameter, trait, declared.args, generics, tree.span, opened=True)
    result = _result(checker, entry.signature.result, generics, _abilities_of(owner))
    checker.calls[id(tree)] = PendingCall(entry, owner, generics, parameters, result)
    return terms.function((*_receiver_type(entry, owner), *parameters), result)


def _receiver_type(entry: Entry, owner: Term) -> tuple[Term, ...]:
    match entry.signature.receiver:
        case "":
            return ()
        case "self":
            return (owner,)
        case receiver:
            return (terms.reference(owner, receiver.startswith("&mut")),)


def _owner(checker: Checker, tree: nodes.Path) -> Term | None:
    """The type or trait whose function a path names; a trait is a variable."""
    if tree.owner:
        text = tree.owner.partition(" as ")[0]
        return checker.parse_type(text, tree.span)
    last = tree.segments[-2]
    if last.name in PRIMITIVES or last.name == "str":
        return Term(last.name)
    if last.name in _TRAITS:
        return checker.inference.fresh()
    text = f"{last.name}<{', '.join(last.arguments)}>" if last.arguments else last.name
    if primitive_or_std(last.name, ()) is None:
        return None
    return checker.parse_type(text, tree.span)


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


def _associated(
    checker: Checker, owner: Term, name: str, hint: Term | None
) -> tuple[Entry, Term] | None:
    """Find ``Owner::name``; of a trait's, by the first argument's type."""
    if owner.name == "$" and hint is not None:
        found = strip_references(checker.inference.resolve(hint))
        if not is_variable(found):
            owner = found
    everywhere = std_methods().of_every_type(name)
    if owner.name == "$":
        return (everywhere[0], owner) if everywhere else None
    for layer in places.steps(checker, owner)[:2]:
        for entry in std_methods().find(layer, name):
            if fits(checker, entry, layer):
                return entry, layer
    for entry in everywhere:
        return entry, owner
    return None


# -- calls -----------------------------------------------------------------------------------
def call(  # noqa: C901, PLR0912 - one case per kind of function
    checker: Checker,
    tree: nodes.Call,
    function: Expression,
    arguments: tuple[Expression, ...],
    expected: Term | None,
) -> Term:
    """Type ``function(arguments)``.

    Raises:
        EvaluationError: It is nothing that can be called, or the arguments do not fit.
    """
    if not isinstance(function, nodes.Path):
        return _call_value(checker, tree, function, arguments)
    name = function.segments[-1].name
    if name in FREE_FUNCTIONS:
        for argument in arguments:
            checker.infer(argument)
        return terms.USIZE
    if function.is_name:
        if any(name in names for names in checker.bound):
            return _call_value(checker, tree, function, arguments)
        if checker.names.variable(name) is not None:
            return _unknown(checker, tree)
        if name in ("Some", "Ok", "Err"):
            return _wrap(checker, name, tree, arguments, expected)
    elif name in ("Some", "Ok", "Err") and function.segments[-2].name in ("Option", "Result"):
        return _wrap(checker, name, tree, arguments, expected)
    found = _constructor(checker, tree, function, arguments)
    if found is not None:
        return found
    if not function.is_name and not checker.names.calls:
        found = _path_call(checker, tree, function, arguments, expected)
        if found is not None:
            return found
    if checker.names.calls:
        return _unknown(checker, tree)
    if checker.names.path(function.text) is None:
        message, hint = checker.names.missing(function.text)
        if hint or not function.is_name:
            raise EvaluationError(message, function.span, hint=hint)
    raise WouldRunError(f"a call of `{function.text}` would run the program", tree.span)


def _call_value(
    checker: Checker, tree: nodes.Call, function: Expression, arguments: tuple[Expression, ...]
) -> Term:
    term = checker.resolved(function)
    if term.name != "fn":
        if term == UNKNOWN or checker.names.calls:
            return _unknown(checker, tree)
        raise EvaluationError(f"expected function, found `{term}`", function.span)
    if len(term.args) - 1 != len(arguments):
        want, have = len(term.args) - 1, len(arguments)
        raise EvaluationError(
            f"this function takes {want} argument{'' if want == 1 else 's'} but {have} "
            f"argument{' was' if have == 1 else 's were'} supplied",
            tree.span,
        )
    for argument, parameter in zip(arguments, term.args[:-1], strict=True):
        checker.coerce(argument, parameter)
    return term.args[-1]


def _wrap(
    checker: Checker,
    name: str,
    tree: nodes.Call,
    arguments: tuple[Expression, ...],
    expected: Term | None,
) -> Term:
    function = places.wrapper(checker, name)
    if len(arguments) != 1:
        raise EvaluationError(
            f"this enum variant takes 1 argument but {len(arguments)} were supplied", tree.span
        )
    result = function.args[-1]
    wanted = None if expected is None else checker.inference.shallow(expected)
    if (
        wanted is not None
        and wanted.name == result.name
        and checker.inference.can_unify(result, wanted)
    ):
        index = 1 if name == "Err" else 0
        hint = wanted.args[index]
        found = checker.infer(arguments[0], hint)
        if checker.coerces(found, hint):
            return wanted
    found = checker.infer(arguments[0])
    try:
        checker.inference.unify(function.args[0], found)
    except MismatchError as error:
        raise checker.mismatch(function.args[0], found, arguments[0].span) from error
    return result


def _constructor(
    checker: Checker, tree: nodes.Call, function: nodes.Path, arguments: tuple[Expression, ...]
) -> Term | None:
    """Type a tuple struct or variant of the program; ``None`` where it is none."""
    if not function.segments[-1].name[:1].isupper():
        return None
    found = [
        (owner, shape)
        for owner, shape in places.candidates(checker, function)
        if shape.is_tuple or not shape.fields
    ]
    if not found:
        return None
    fitting = [each for each in found if len(each[1].fields) == len(arguments)]
    if not fitting:
        want, have = len(found[0][1].fields), len(arguments)
        raise EvaluationError(
            f"this struct takes {want} argument{'' if want == 1 else 's'} but {have} "
            f"argument{' was' if have == 1 else 's were'} supplied",
            tree.span,
        )
    owner, shape = fitting[0]
    for argument, each in zip(arguments, shape.fields, strict=True):
        checker.coerce(argument, checker.term_of(each.type))
    return owner


def _path_call(
    checker: Checker,
    tree: nodes.Call,
    function: nodes.Path,
    arguments: tuple[Expression, ...],
    expected: Term | None,
) -> Term | None:
    """Type ``i32::max(a, b)``, ``String::from("x")``; ``None`` where it is no built-in."""
    owner = _owner(checker, function)
    if owner is None:
        return None
    name = function.segments[-1].name
    hint = checker.resolved(arguments[0]) if arguments and owner.name == "$" else None
    found = _associated(checker, owner, name, hint)
    if found is None:
        own = checker.names.path(function.text)
        if own is not None:
            return None
        raise EvaluationError(
            f"no function or associated item named `{name}` found for type `{owner}`",
            tree.span,
        )
    entry, owner = found
    generics: dict[str, Term] = {"Self": owner}
    checker.inference.unifies(owner_pattern(checker, entry.signature.owner, generics), owner)
    receivers = _receiver_type(entry, owner)
    for argument, wanted in zip(arguments[: len(receivers)], receivers, strict=False):
        checker.coerce(argument, wanted)
    if len(arguments) < len(receivers):
        raise EvaluationError("this function takes 1 argument but 0 were supplied", tree.span)
    rest = arguments[len(receivers) :]
    return _finish(checker, tree, rest, entry, owner, generics, expected)


# -- errors ----------------------------------------------------------------------------------
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
