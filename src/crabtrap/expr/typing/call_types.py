"""The types of calls that are no methods: functions, variants, tuple structs, closures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.scope import EvaluationError, WouldRunError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing import places, terms
from crabtrap.expr.typing.function_types import (
    associated,
    free_function,
    owner_of,
    receiver_type,
)
from crabtrap.expr.typing.inference import MismatchError
from crabtrap.expr.typing.method_lookup import (
    owner_pattern,
)
from crabtrap.expr.typing.method_types import finish, turbofish, unknown
from crabtrap.expr.typing.terms import (
    UNKNOWN,
    Term,
)
from crabtrap.symbols.names import STD_CRATES

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker


STD_TUPLES = frozenset(("Reverse", "Wrapping", "Saturating"))
"""Tuple structs of std, around one value of any type."""
_OF_TYPES = frozenset(("size_of", "align_of", "type_name"))
_OF_VALUES = frozenset(("size_of_val", "align_of_val", "type_name_of_val"))
FREE_FUNCTIONS = _OF_TYPES | _OF_VALUES
"""Functions of std about a type, their turbofish or what their argument refers to."""


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
    if name in FREE_FUNCTIONS and _is_of_std(checker, function):
        return _of_type(checker, tree, function, arguments)
    if function.is_name:
        if any(name in names for names in checker.bound):
            return _call_value(checker, tree, function, arguments)
        if checker.names.variable(name) is not None:
            return unknown(checker, tree)
        if name in ("Some", "Ok", "Err"):
            return _wrap(checker, name, tree, arguments, expected)
    elif name in ("Some", "Ok", "Err") and _is_wrapper(function):
        written = _written(checker, function)
        return _wrap(checker, name, tree, arguments, expected, written)
    if name in STD_TUPLES and not _is_of_program(checker, function):
        return _std_tuple(checker, name, tree, arguments)
    found = _constructor(checker, tree, function, arguments)
    if found is not None:
        return found
    if not function.is_name and not checker.names.calls:
        found = _path_call(checker, tree, function, arguments, expected)
        if found is not None:
            return found
    if checker.names.calls:
        return unknown(checker, tree)
    if checker.names.path(function.text) is None:
        message, hint = checker.names.missing(function.text)
        if hint or not function.is_name:
            raise EvaluationError(message, function.span, hint=hint)
    raise WouldRunError(f"a call of `{function.text}` would run the program", tree.span)


def _is_of_std(checker: Checker, path: nodes.Path) -> bool:
    """Whether a path is one of std's functions, not one of the program's of that name."""
    return path.segments[0].name in STD_CRATES or checker.names.path(path.text) is None


def _of_type(
    checker: Checker, tree: nodes.Call, function: nodes.Path, arguments: tuple[Expression, ...]
) -> Term:
    """Type ``size_of::<T>()`` and ``size_of_val(&x)``, and note which type they are about.

    Raises:
        EvaluationError: There is not one such type.
    """
    last = function.segments[-1]
    given = (len(last.arguments), len(arguments))
    if given != ((1, 0) if last.name in _OF_TYPES else (0, 1)):
        example = f"{last.name}::<T>()" if last.name in _OF_TYPES else f"{last.name}(&x)"
        raise EvaluationError("this function takes other arguments", tree.span, hint=example)
    if last.arguments:
        about = checker.parse_type(last.arguments[0], tree.span)
    else:
        about = checker.resolved(arguments[0])
        if about.name in terms.REFERENCES:
            about = about.args[0]
        elif about != UNKNOWN:
            wanted = terms.reference(Term("_"))
            raise checker.mismatch(wanted, about, arguments[0].span)
    checker.nodes[id(function)] = function, about
    return terms.reference(terms.STR) if last.name.startswith("type_name") else terms.USIZE


def _is_of_program(checker: Checker, path: nodes.Path) -> bool:
    """Whether a type of the program outside std has this path."""
    type_ = checker.names.find_type(path.text)
    return type_ is not None and not type_.strip().is_std


def _std_tuple(
    checker: Checker, name: str, tree: nodes.Call, arguments: tuple[Expression, ...]
) -> Term:
    """Type ``Reverse(x)`` and ``Wrapping(x)``."""
    if len(arguments) != 1:
        raise EvaluationError(
            f"this struct takes 1 argument but {len(arguments)} were supplied", tree.span
        )
    return Term(name, (checker.infer(arguments[0]),))


def _is_wrapper(path: nodes.Path) -> bool:
    """Whether a path that ends like a variant of ``Option`` or ``Result`` is one."""
    return len(path.segments) == 1 or path.segments[-2].name in ("Option", "Result")


def _written(checker: Checker, path: nodes.Path) -> Term | None:
    """The type that a turbofish gives: of ``Ok::<u8, String>``, ``Option::<u8>::Some``."""
    *_, last = path.segments
    arguments = next((each.arguments for each in path.segments[-2:] if each.arguments), ())
    if not arguments:
        return None
    owner = "Option" if last.name == "Some" else "Result"
    return checker.parse_type(f"{owner}<{', '.join(arguments)}>", path.span)


def _call_value(
    checker: Checker, tree: nodes.Call, function: Expression, arguments: tuple[Expression, ...]
) -> Term:
    term = checker.resolved(function)
    if term.name != "fn":
        if term == UNKNOWN or checker.names.calls:
            return unknown(checker, tree)
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
    written: Term | None = None,
) -> Term:
    function = places.wrapper(checker, name)
    if len(arguments) != 1:
        raise EvaluationError(
            f"this enum variant takes 1 argument but {len(arguments)} were supplied", tree.span
        )
    if written is not None:
        checker.coerce(arguments[0], written.args[name == "Err"])
        return written
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
    free = free_function(checker, function)
    if free is not None:
        generics: dict[str, Term] = {"Self": terms.UNIT}
        turbofish(checker, function.segments[-1].arguments, free.signature, generics, tree.span)
        return finish(checker, tree, arguments, free, terms.UNIT, generics, expected)
    owner = owner_of(checker, function)
    if owner is None:
        return None
    name = function.segments[-1].name
    hint = checker.resolved(arguments[0]) if arguments and owner.name == "$" else None
    found = associated(checker, owner, name, hint)
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
    receivers = receiver_type(entry, owner)
    for argument, wanted in zip(arguments[: len(receivers)], receivers, strict=False):
        checker.coerce(argument, wanted)
    if len(arguments) < len(receivers):
        raise EvaluationError("this function takes 1 argument but 0 were supplied", tree.span)
    rest = arguments[len(receivers) :]
    turbofish(checker, function.segments[-1].arguments, entry.signature, generics, tree.span)
    return finish(checker, tree, rest, entry, owner, generics, expected)
