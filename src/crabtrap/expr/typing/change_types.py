"""The types of assignments, and which variables a closure or a method may change.

Only what an expression has made itself changes: variables of its ``let``, of its closures and
patterns.  What belongs to the program stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.methods.table import Entry
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing import operator_types
from crabtrap.expr.typing.deref import is_handle
from crabtrap.expr.typing.terms import REFERENCES, UNIT, Term
from crabtrap.records import dataclass, field

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker

_IN_ORDER = frozenset(
    [
        "for_each",
        "try_for_each",
        "fold",
        "rfold",
        "try_fold",
        "reduce",
        "any",
        "all",
        "find",
        "find_map",
        "position",
        "partition",
        "retain",
        "then",
    ]
)
"""Methods that call a closure at once, in order, and as often as Rust says."""

_CALLED_AT_ONCE = frozenset(("Option", "Result", "array"))
"""Types whose methods call what they are given before they return, `inspect` alone does not."""


@dataclass(frozen=True, slots=True)
class ClosureFrame:
    """A closure that is being typed.

    Attributes:
        depth: Scopes around it.
        changed: Names of variables around it that it changes.
    """

    depth: int
    changed: set[str] = field(default_factory=set[str])


def assignment(checker: Checker, tree: nodes.Assign) -> Term:
    """Type ``target = value`` or ``target += value``.

    Raises:
        EvaluationError: The target is the program's, or the value has another type.
    """
    checker.infer(tree.target)
    if not may_change(checker, tree.target):
        raise EvaluationError(
            "an expression changes nothing of the program",
            tree.span,
            hint="`set` does; a variable of your own is made by `let mut x = ..;` in a block",
        )
    if not isinstance(
        tree.target, nodes.Path | nodes.FieldAccess | nodes.Index
    ) and not _is_dereference(tree.target):
        raise EvaluationError("invalid left-hand side of assignment", tree.target.span)
    if tree.operator is None:
        checker.coerce(tree.value, checker.nodes[id(tree.target)][1])
        return UNIT
    combined = nodes.Binary(tree.operator, tree.target, tree.value, tree.span)
    found = operator_types.binary(checker, combined, None)
    target = checker.inference.shallow(checker.nodes[id(tree.target)][1])
    if target.name in REFERENCES or not checker.inference.unifies(found, target):
        raise EvaluationError(
            f"binary assignment operation `{tree.operator}=` cannot be applied to type "
            f"`{checker.inference.resolve(target)}`",
            tree.span,
            hint="take the reference off: `*x`" if target.name in REFERENCES else "",
        )
    return UNIT


def _is_dereference(tree: Expression) -> bool:
    return isinstance(tree, nodes.Unary) and tree.operator == "*"


def may_change(checker: Checker, tree: Expression) -> bool:
    """Whether a place is the expression's own, and take note of the closures that change it."""
    root = _root(checker, tree)
    if not isinstance(root, nodes.Path):
        return not isinstance(root, nodes.Dollar | nodes.History)
    if not root.is_name:
        return False
    name = root.segments[0].name
    for depth in range(len(checker.bound) - 1, -1, -1):
        if name in checker.bound[depth]:
            checker.changes = True
            for frame in checker.closures:
                if depth < frame.depth:
                    frame.changed.add(name)
            return True
    return False


def _root(checker: Checker, tree: Expression) -> Expression:
    """What a place is a part of; what a method gives by value is no part of its receiver."""
    while True:
        match tree:
            case nodes.FieldAccess(base) | nodes.Index(base):
                tree = base
            case nodes.Unary("*" | "&mut" | "&", operand):
                tree = operand
            case nodes.MethodCall(receiver):
                given = checker.inference.shallow(checker.nodes[id(tree)][1])
                if not is_handle(given) and given.source is None:
                    return tree
                tree = receiver
            case _:
                return tree


def is_of_program(checker: Checker, tree: nodes.MethodCall, entry: Entry) -> bool:
    """Whether a method would change the program, so that only the program can run it."""
    return entry.changes and not may_change(checker, tree.receiver)


def check_receiver(checker: Checker, tree: nodes.MethodCall, entry: Entry) -> None:
    """Check that a method changes nothing but what is the expression's own.

    Raises:
        EvaluationError: It would change the program.
    """
    if entry.signature.receiver != "&mut self" or may_change(checker, tree.receiver):
        return
    if entry.changes:
        receiver = checker.inference.resolve(checker.nodes[id(tree.receiver)][1])
        raise EvaluationError(
            f"`{tree.name}` changes its receiver, a `{receiver}` of the program, and an "
            "expression changes nothing of the program",
            tree.span,
            hint=f"a copy may change: {{ let mut x = ...clone(); x.{tree.name}(..); x }}",
        )


def check_closure(checker: Checker, tree: Expression, entry: Entry | None, owner: Term) -> None:
    """Check that a closure that changes variables around it is called at once and in order.

    Args:
        checker: Knows what each closure changes.
        tree: An argument of a method.
        entry: The method; ``None`` where only the values tell which it is.
        owner: The type whose method it is.

    Raises:
        EvaluationError: When and how often it is called is not what Rust says.
    """
    changed = checker.changed_by.get(id(tree), frozenset())
    if not isinstance(tree, nodes.Closure) or not changed:
        return
    name = "" if entry is None else entry.name
    names = ", ".join(f"`{each}`" for each in sorted(changed))
    if tree.moves:
        raise EvaluationError(
            f"a `move` closure changes copies of its own of {names}", tree.span, hint="leave `move`"
        )
    if name in _IN_ORDER or (owner.name in _CALLED_AT_ONCE and name != "inspect"):
        return
    raise EvaluationError(
        f"a closure that changes {names} has to be called at once and in order"
        + (f", which `{name}` does not" if name else ""),
        tree.span,
        hint="for_each and fold do",
    )
