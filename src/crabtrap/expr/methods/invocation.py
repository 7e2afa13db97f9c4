"""One method call as a built-in method sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from crabtrap.expr import indirection
from crabtrap.expr.compare import Comparer
from crabtrap.expr.scope import Caller, EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import TextView, View
from crabtrap.records import dataclass
from crabtrap.values import Value

V = TypeVar("V")


class Evaluation(Protocol):
    """The part of the evaluator that method calls need."""

    @property
    def presenter(self) -> Presenter:
        """Gives values their views."""
        ...

    @property
    def comparer(self) -> Comparer:
        """Compares values."""
        ...

    @property
    def caller(self) -> Caller | None:
        """Runs functions of the program; ``None`` where the expression may run nothing."""
        ...

    def value(self, tree: nodes.Expression) -> Value:
        """Evaluate an argument."""
        ...

    def apply(self, function: nodes.Expression, arguments: tuple[Value, ...]) -> Value:
        """Call an argument that is a closure or names a function."""
        ...


@dataclass(frozen=True, slots=True)
class Invocation:
    """A method call: its receiver with its view, its arguments not yet evaluated."""

    evaluator: Evaluation
    tree: nodes.MethodCall
    value: Value
    view: View

    @property
    def comparer(self) -> Comparer:
        """Compares values."""
        return self.evaluator.comparer

    @property
    def presenter(self) -> Presenter:
        """Knows what library types are."""
        return self.evaluator.presenter

    def view_as(self, kind: type[V], name: str) -> V:
        """Return the receiver's view, which is one of ``kind``.

        Raises:
            EvaluationError: It is another one; ``name`` says what was wanted.
        """
        if isinstance(self.view, kind):
            return self.view
        raise EvaluationError(f"{self.value.type.name} is not {name}", self.tree.span)

    def expect(self, count: int) -> None:
        """Check the number of arguments.

        Raises:
            EvaluationError: There are more or fewer.
        """
        have = len(self.tree.arguments)
        if have != count:
            plural = "" if count == 1 else "s"
            raise EvaluationError(
                f"{self.tree.name} takes {count} argument{plural}, not {have}", self.tree.span
            )

    def argument(self, index: int = 0) -> Value:
        """Evaluate an argument."""
        self.expect_at_least(index + 1)
        return self.evaluator.value(self.tree.arguments[index])

    def expect_at_least(self, count: int) -> None:
        """Check that there are at least so many arguments."""
        if len(self.tree.arguments) < count:
            self.expect(count)

    def integer(self, index: int = 0) -> int:
        """Evaluate an argument that is an integer."""
        return indirection.scalar(self.argument(index), self.presenter).integer()

    def text(self, index: int = 0) -> bytes:
        """Evaluate an argument that is a text or a ``char``, to UTF-8."""
        found, view = self.comparer.look_through(self.argument(index))
        if isinstance(view, TextView):
            return view.all_bytes()
        character = found.decoded() if found.shape.row.encoding == "char" else None
        text = getattr(character, "text", None)
        if isinstance(text, str):
            return text.encode()
        raise EvaluationError(f"{self.tree.name} takes a str or char", self.tree.span)

    def function(self, index: int = 0) -> Callable[..., Value]:
        """Return an argument that is a closure or names a function, as a Python function."""
        self.expect_at_least(index + 1)
        tree = self.tree.arguments[index]
        return lambda *values: self.evaluator.apply(tree, values)

    def is_closure(self, index: int = 0) -> bool:
        """Say whether an argument is a closure."""
        arguments = self.tree.arguments
        return len(arguments) > index and isinstance(arguments[index], nodes.Closure)

    def test(self, index: int = 0) -> Callable[..., bool]:
        """Return an argument that is a closure giving ``bool``, as a Python function."""
        function = self.function(index)

        def test(*values: Value) -> bool:
            found = indirection.scalar(function(*values), self.presenter).decoded()
            if isinstance(found, bool):
                return found
            raise EvaluationError("the closure must give a bool", self.tree.span)

        return test


Method = Callable[[Invocation], Value]


def receiver(call: Invocation) -> Value:
    """Return the receiver: the method changes nothing about how the value is read."""
    call.expect(0)
    return call.value
