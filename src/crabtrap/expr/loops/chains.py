"""Chains of iterator methods as chains of the core: the outermost one, and those in closures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.loops import bases, comparing, ends
from crabtrap.expr.loops.bodies import Bodies
from crabtrap.expr.loops.loop_code import (
    NO_TYPE,
    CannotLoopError,
    Code,
    Emit,
    Fold,
    Stage,
)
from crabtrap.expr.loops.pipeline import Numbers, Pipeline
from crabtrap.expr.loops.shapes import Shape, kept
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.expr.evaluate import Evaluator

_OF_SLICES = ("contains", "is_sorted")
"""Methods of slices that are chains in themselves."""
_SAME_ITEMS = frozenset(("skip", "copied", "cloned", "by_ref", "fuse", "peekable", "inspect"))
"""Adaptors that leave items where they are, to be found by their numbers."""
_DROPPING = frozenset(("filter", "filter_map", "flatten", "skip_while"))
"""Adaptors that may look at many items to find one."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A chain that the core can run.

    Attributes:
        start: What it goes over.
        numbers: Those of its items that it goes over.
        result: What comes of it; of a chain without an end, one item.
        is_lazy: It has no end: its items are wanted.
        length: How many items there will be, ``None`` where that is not known.
    """

    code: Code
    start: bases.Start
    numbers: Numbers
    result: Shape
    is_lazy: bool
    length: int | None
    tree: nodes.MethodCall


def is_chain(evaluator: Evaluator, tree: nodes.MethodCall) -> bool:
    """Whether a call is one of an iterator's methods, or of a slice's that walk over it."""
    typed = evaluator.typing.calls.get(id(tree))
    if typed is None:
        return False
    owner = typed.entry.owner_name
    return owner == "Iter" or (owner in ("slice", "VecDeque") and tree.name in _OF_SLICES)


def _steps(
    evaluator: Evaluator, tree: nodes.MethodCall
) -> tuple[Expression, list[nodes.MethodCall]]:
    """What a chain begins with, and its methods in order."""
    steps: list[nodes.MethodCall] = []
    at: Expression = tree
    while isinstance(at, nodes.MethodCall):
        typed = evaluator.typing.calls.get(id(at))
        if typed is None or typed.entry.owner_name != "Iter":
            break
        steps.insert(0, at)
        at = at.receiver
    return at, steps


def outer_chain(evaluator: Evaluator, tree: nodes.MethodCall, fewest: int) -> Loop:
    """The outermost chain of an expression, over at least ``fewest`` items.

    Raises:
        CannotLoopError: A loop does not do it, or it is not worth it.
    """
    beginning, steps = _steps(evaluator, tree)
    if steps and all(each.name in _SAME_ITEMS for each in steps):
        raise CannotLoopError  # there is nothing to compute
    if not steps:
        beginning = tree.receiver
    start = bases.find_start(evaluator, beginning)
    is_lazy = evaluator.term(tree).name == "Iter"
    if start.numbers.count < fewest:
        raise CannotLoopError
    if is_lazy and start.tree is not None and not any(each.name in _DROPPING for each in steps):
        raise CannotLoopError  # all of a tree would be read for the few items that are shown
    code = Code()
    bodies = Bodies(evaluator, code)
    pipeline = Pipeline(bodies, bases.base_of(code, start))
    if not steps:
        end, result = _of_slice(pipeline, tree)
        return _loop(pipeline, start, (end, result), tree, is_lazy=False)
    for each in steps[:-1]:
        pipeline.adapt(each)
    if is_lazy:
        pipeline.adapt(tree)
        found = ends.emitted(pipeline)
    else:
        found = ends.end_of(pipeline, tree, evaluator.term(tree).name)
    return _loop(pipeline, start, found, tree, is_lazy=is_lazy)


def _loop(
    pipeline: Pipeline,
    start: bases.Start,
    found: ends.End,
    tree: nodes.MethodCall,
    *,
    is_lazy: bool,
) -> Loop:
    end, result = found
    code, numbers = pipeline.code, pipeline.numbers
    if numbers is None:
        raise CannotLoopError
    code.chains[0] = (pipeline.position, code.block, end)
    return Loop(code, start, numbers, result, is_lazy, pipeline.length, tree)


def _of_slice(pipeline: Pipeline, tree: nodes.MethodCall) -> ends.End:
    if tree.name == "is_sorted":
        return ends.end_of(pipeline, tree, "bool")
    bodies = pipeline.bodies
    wanted = bodies.value(tree.arguments[0])
    return _contains(pipeline, wanted, tree)


def _contains(pipeline: Pipeline, wanted: Shape, tree: nodes.MethodCall | None) -> ends.End:
    test = comparing.compared(pipeline.bodies, "eq", pipeline.item, wanted, tree)
    pipeline.only_if(test.node)
    return ends.found(pipeline)


# -- inside closures ---------------------------------------------------------------------------
def inner_chain(bodies: Bodies, tree: nodes.MethodCall) -> Shape:
    """A chain in a closure, which must have an end."""
    beginning, steps = _steps(bodies.evaluator, tree)
    if bodies.evaluator.term(tree).name == "Iter":
        raise CannotLoopError
    base = bases.inner_base(bodies, beginning)
    with bodies.code.branch() as stages:
        pipeline = Pipeline(bodies, base)
        for each in steps[:-1]:
            pipeline.adapt(each)
        end, result = ends.end_of(pipeline, tree, bodies.evaluator.term(tree).name)
    _run(pipeline, stages, end)
    return kept(bodies.code, result)


def contains(bodies: Bodies, shape: Shape, wanted: Shape) -> Shape:
    """``contains`` of a slice in a closure."""
    with bodies.code.branch() as stages:
        pipeline = Pipeline(bodies, bases.inner_items(bodies, shape))
        end, result = _contains(pipeline, wanted, None)
    _run(pipeline, stages, end)
    return kept(bodies.code, result)


def _run(pipeline: Pipeline, stages: list[Stage], end: Emit | Fold) -> None:
    """Run an inner chain at this place of the program."""
    code, numbers = pipeline.code, pipeline.numbers
    code.chains.append((pipeline.position, stages, end))
    number = len(code.chains) - 1
    for register, first in pipeline.state:
        code.block.append(("let", register, code.constant(first)))
    if numbers is None:
        count, step = pipeline.count, -1 if pipeline.is_reversed else 1
        last = code.sum(count, code.constant(-1))
        start = last if pipeline.is_reversed else code.constant(0)
    else:
        start, count = code.constant(numbers.start), code.constant(numbers.count)
        step = numbers.step
    code.put(code.add("chain", NO_TYPE, number, start, count, step))
