"""The types of blocks, ``if``, ``match``, ``?``, ``format!`` and closures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression, Span
from crabtrap.expr.typing import (
    operator_types,
    pattern_types,
    terms,
)
from crabtrap.expr.typing.change_types import ClosureFrame
from crabtrap.expr.typing.terms import (
    BOOL,
    NEVER,
    UNIT,
    UNKNOWN,
    Term,
    is_variable,
)

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker


def matches(
    checker: Checker, operand: Expression, pattern: nodes.Pattern, guard: Expression | None
) -> Term:
    """Type ``matches!(operand, pattern if guard)``."""
    names = pattern_types.check(checker, pattern, checker.resolved(operand), operand.span)
    if guard is not None:
        checker.bound.append(names)
        checker.condition(guard)
        checker.bound.pop()
    return BOOL


def format_text(checker: Checker, tree: nodes.Format) -> Term:
    """Type ``format!(..)``: every argument can be written in its style."""
    for piece in tree.pieces:
        if isinstance(piece, str):
            continue
        argument, spec = piece
        operator_types.check_format(checker, argument, spec)
    return terms.STRING


def block(checker: Checker, tree: nodes.Block, expected: Term | None) -> Term:
    """Type ``{ statements; result }``; its names end with it."""
    depth = len(checker.bound)
    diverges = False
    for statement in tree.statements:
        if isinstance(statement, nodes.Let):
            checker.bound.append(let(checker, statement))
        else:
            diverges |= checker.inference.shallow(checker.infer(statement)) == NEVER
    result = UNIT if tree.result is None else checker.infer(tree.result, expected)
    del checker.bound[depth:]
    return NEVER if diverges and tree.result is None else result


def let(checker: Checker, tree: nodes.Let) -> dict[str, Term]:
    """Type a ``let``, and return the names that it binds."""
    if tree.type:
        term = checker.parse_type(tree.type, tree.span)
        checker.coerce(tree.value, term)
    else:
        term = checker.resolved(tree.value)
    names = pattern_types.check(checker, tree.pattern, term, tree.span)
    if tree.otherwise is not None:
        found = checker.inference.shallow(checker.infer(tree.otherwise))
        if found != NEVER:
            raise EvaluationError(
                f"`else` clause of `let...else` does not diverge: expected `!`, found `{found}`",
                tree.otherwise.span,
            )
    return names


def if_(checker: Checker, tree: nodes.If, expected: Term | None) -> Term:
    """Type ``if``.

    Raises:
        EvaluationError: Its branches have two types.
    """
    depth = len(checker.bound)
    _conditions(checker, tree.conditions)
    then = checker.infer(tree.then, expected)
    del checker.bound[depth:]
    if tree.otherwise is None:
        if not checker.coerces(then, UNIT):
            raise EvaluationError(
                f"`if` may be missing an `else` clause: expected "
                f"`{checker.inference.resolve(then)}`, found `()`",
                tree.span,
            )
        return UNIT
    return joined(checker, then, checker.infer(tree.otherwise, expected or then), tree.otherwise)


def _conditions(checker: Checker, conditions: tuple[nodes.Let | Expression, ...]) -> None:
    """Type conditions, and bind the names of each ``let`` for what follows."""
    for condition in conditions:
        if isinstance(condition, nodes.Let):
            checker.bound.append(let(checker, condition))
        else:
            checker.condition(condition)


def joined(checker: Checker, first: Term, second: Term, tree: Expression) -> Term:
    """The type of what is one or the other."""
    if checker.inference.shallow(first) == NEVER:
        return second
    if not checker.coerces(second, first):
        if checker.coerces(first, second):
            return second
        raise checker.mismatch(first, second, tree.span)
    return first


def match_(checker: Checker, tree: nodes.Match, expected: Term | None) -> Term:
    """Type ``match``.

    Raises:
        EvaluationError: Its arms have several types, or miss values.
    """
    operand = checker.resolved(tree.operand)
    result: Term = NEVER
    for arm in tree.arms:
        names = pattern_types.check(checker, arm.pattern, operand, tree.operand.span)
        depth = len(checker.bound)
        checker.bound.append(names)
        _conditions(checker, arm.guards)
        body = checker.infer(arm.body, expected)
        del checker.bound[depth:]
        result = joined(checker, result, body, arm.body)
    if not pattern_types.exhaustive(checker, operand, tree.arms):
        raise EvaluationError("non-exhaustive patterns", tree.span, hint="add `_ => ..`")
    return result


def try_(checker: Checker, operand: Expression, span: Span) -> Term:
    """Type ``operand?``.

    Raises:
        EvaluationError: It is no option or result, or the closure gives another.
    """
    found = checker.resolved(operand)
    if found == UNKNOWN:
        return UNKNOWN
    if found.name not in ("Option", "Result"):
        raise EvaluationError(f"the `?` operator cannot be applied to type `{found}`", span)
    if checker.results:
        result = checker.results[-1]
        rest = checker.inference.fresh()
        wanted = terms.option(rest)
        if found.name == "Result":
            wanted = Term("Result", (rest, checker.inference.fresh()))
        if not checker.inference.unifies(result, wanted):
            raise EvaluationError(
                f"the `?` operator in a closure that returns `{checker.inference.resolve(result)}`",
                span,
            )
        if found.name == "Result":
            source = checker.inference.resolve(found.args[1])
            if is_variable(checker.inference.shallow(wanted.args[1])):
                checker.inference.unifies(wanted.args[1], source)
    return found.args[0]


def return_(checker: Checker, value: Expression | None, span: Span) -> Term:
    """Type ``return value``.

    Raises:
        EvaluationError: There is no closure to leave, or it gives another type.
    """
    if not checker.results:
        raise EvaluationError("return statement outside of a closure", span)
    if value is None:
        checker.inference.unifies(checker.results[-1], UNIT)
    else:
        checker.coerce(value, checker.results[-1])
    return NEVER


def closure(checker: Checker, tree: nodes.Closure, expected: Term | None) -> Term:
    """Type a closure in a place that takes one.

    Raises:
        EvaluationError: It takes or gives something else than the place does.
    """
    wanted = None if expected is None else checker.inference.shallow(expected)
    known = wanted is not None and wanted.name == "fn"
    if known and wanted is not None and len(wanted.args) - 1 != len(tree.parameters):
        want, have = len(wanted.args) - 1, len(tree.parameters)
        raise EvaluationError(
            f"closure is expected to take {want} argument{'' if want == 1 else 's'}, "
            f"but it takes {have}",
            tree.span,
        )
    parameters: list[Term] = []
    names: dict[str, Term] = {}
    for at, pattern in enumerate(tree.parameters):
        written = tree.types[at] if tree.types else ""
        term = checker.parse_type(written, tree.span) if written else checker.inference.fresh()
        if known and wanted is not None and not checker.inference.unifies(wanted.args[at], term):
            raise EvaluationError(
                f"type mismatch in closure arguments: expected "
                f"`{checker.inference.resolve(wanted.args[at])}`, found "
                f"`{checker.inference.resolve(term)}`",
                tree.span,
            )
        bound = pattern_types.check(checker, pattern, term, tree.span)
        for name in sorted(names.keys() & bound.keys()):
            raise EvaluationError(
                f"identifier `{name}` is bound more than once in this parameter list", tree.span
            )
        names |= bound
        parameters.append(term)
    result = _result(checker, tree, wanted if known else None)
    frame = ClosureFrame(len(checker.bound))
    checker.closures.append(frame)
    checker.results.append(result)
    body = checker.within(names, tree.body, result)
    checker.results.pop()
    checker.closures.pop()
    checker.changed_by[id(tree)] = frozenset(frame.changed)
    if not checker.coerces(body, result):
        raise checker.mismatch(result, body, tree.body.span)
    return terms.function(tuple(parameters), result)


def _result(checker: Checker, tree: nodes.Closure, wanted: Term | None) -> Term:
    """What a closure has to give: what is written, and what its place takes."""
    result = checker.inference.fresh() if wanted is None else wanted.args[-1]
    if tree.result:
        written = checker.parse_type(tree.result, tree.span)
        if not checker.inference.unifies(result, written):
            raise checker.mismatch(result, written, tree.span)
    return result
