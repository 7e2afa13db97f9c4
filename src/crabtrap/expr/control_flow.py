"""Blocks, ``if``, ``match``, ``?`` and ``format!``."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from crabtrap.expr import computed, paths
from crabtrap.expr.patterns import Bindings, Matcher, place_to_change
from crabtrap.expr.rust_format import formatted
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.present.view import RecordView
from crabtrap.values import Value

if TYPE_CHECKING:
    from crabtrap.expr.evaluate import Evaluator

Control = nodes.Format | nodes.Block | nodes.If | nodes.Match | nodes.Try


class LeaveError(Exception):
    """``?`` or ``return`` leaves a closure, or the whole expression, with a value."""

    def __init__(self, value: Value) -> None:
        super().__init__()
        self.value = value


def evaluate(evaluator: Evaluator, tree: Control) -> Value:
    """Evaluate one of the trees that decide what else is evaluated."""
    match tree:
        case nodes.Format():
            return _format(evaluator, tree)
        case nodes.Block():
            return _block(evaluator, tree)
        case nodes.If():
            return _if(evaluator, tree)
        case nodes.Match():
            return _match(evaluator, tree)
        case nodes.Try(operand):
            return _try(evaluator, operand)
        case unknown:
            assert_never(unknown)


def match_pattern(
    evaluator: Evaluator, value: Value, pattern: nodes.Pattern, tree: nodes.Expression
) -> Bindings | None:
    """Return what a pattern binds of the value of ``tree``, ``None`` where it does not match."""
    matcher = Matcher(
        evaluator.comparer, evaluator.value, lambda name: paths.find_constant(evaluator, name)
    )
    return matcher.match(value, pattern, place_to_change(evaluator, tree, pattern))


def _format(evaluator: Evaluator, tree: nodes.Format) -> Value:
    texts: list[str] = []
    for piece in tree.pieces:
        if isinstance(piece, str):
            texts.append(piece)
            continue
        argument, spec = piece
        value = computed.settle(evaluator.value(argument))
        texts.append(formatted(value, _counted(evaluator, spec), evaluator.presenter))
    return computed.text("".join(texts))


def _counted(evaluator: Evaluator, spec: nodes.FormatSpec) -> nodes.FormatSpec:
    """The same style, with the numbers that its arguments hold."""
    return nodes.FormatSpec(
        spec.fill,
        spec.align,
        spec.sign,
        spec.alternate,
        spec.zero,
        _count(evaluator, spec.width),
        _count(evaluator, spec.precision),
        spec.style,
    )


def _count(evaluator: Evaluator, count: int | nodes.Expression | None) -> int | None:
    if count is None or isinstance(count, int):
        return count
    return evaluator.operand(count).integer()


def _block(evaluator: Evaluator, tree: nodes.Block) -> Value:
    inner = evaluator
    for statement in tree.statements:
        if isinstance(statement, nodes.Let):
            value = inner.value(statement.value)
            names = match_pattern(inner, value, statement.pattern, statement.value)
            if names is None:
                inner.value(statement.otherwise or nodes.Block((), None))
                raise EvaluationError("refutable pattern in local binding", statement.span)
            inner = inner.with_names(names)
        else:
            inner.value(statement)
    return computed.unit() if tree.result is None else inner.value(tree.result)


def _if(evaluator: Evaluator, tree: nodes.If) -> Value:
    inner = _where_all_hold(evaluator, tree.conditions)
    return _otherwise(evaluator, tree) if inner is None else inner.value(tree.then)


def _where_all_hold(
    evaluator: Evaluator, conditions: tuple[nodes.Let | nodes.Expression, ...]
) -> Evaluator | None:
    """Return an evaluator that knows the names that conditions bind, if all of them hold."""
    inner = evaluator
    for condition in conditions:
        if isinstance(condition, nodes.Let):
            value = inner.value(condition.value)
            names = match_pattern(inner, value, condition.pattern, condition.value)
            if names is None:
                return None
            inner = inner.with_names(names)
        elif not inner.truth(condition):
            return None
    return inner


def _otherwise(evaluator: Evaluator, tree: nodes.If) -> Value:
    return computed.unit() if tree.otherwise is None else evaluator.value(tree.otherwise)


def _match(evaluator: Evaluator, tree: nodes.Match) -> Value:
    value = evaluator.value(tree.operand)
    for arm in tree.arms:
        names = match_pattern(evaluator, value, arm.pattern, tree.operand)
        if names is None:
            continue
        inner = _where_all_hold(evaluator.with_names(names), arm.guards)
        if inner is not None:
            return inner.value(arm.body)
    raise EvaluationError("no arm of the match takes this value", tree.span)


def _try(evaluator: Evaluator, operand: nodes.Expression) -> Value:
    value = evaluator.value(operand)
    _, view = evaluator.comparer.look_through(value)
    if isinstance(view, RecordView) and view.name in ("Some", "Ok"):
        return view.fields[0][1]
    if isinstance(view, RecordView) and view.name in ("None", "Err"):
        raise LeaveError(value)
    raise EvaluationError(f"the ? operator cannot be applied to {value.type.name}", operand.span)
