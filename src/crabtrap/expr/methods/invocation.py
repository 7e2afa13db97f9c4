"""One method call as a built-in method sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol, TypeVar

from crabtrap.expr import indirection
from crabtrap.expr.compare import Comparer
from crabtrap.expr.own_places import Place
from crabtrap.expr.scope import Caller, EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.typing.terms import UNKNOWN, Term
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import TextView, View
from crabtrap.records import dataclass
from crabtrap.symbols.types import Type
from crabtrap.values import Value

if TYPE_CHECKING:
    from crabtrap.expr.typing.typing_result import CallTyping

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

    def capturing(self, function: nodes.Expression) -> Evaluation:
        """An evaluator for a closure that is called later, with the variables as they are now."""
        ...

    @property
    def bound(self) -> list[dict[str, Value]]:
        """The variables of the expression, those of the innermost scope last."""
        ...

    def term(self, tree: nodes.Expression) -> Term:
        """The type of a node as the check of types found it."""
        ...

    def own_method(self, type_: Type, name: str) -> str | None:
        """The path of a method that the program's source has written."""
        ...

    def progress(self, done: int | None = None, total: int | None = None) -> None:
        """Let a long evaluation be ended, by raising what ends it, and note how far it is."""
        ...


@dataclass(frozen=True, slots=True)
class Invocation:
    """A method call: its receiver with its view, its arguments not yet evaluated.

    Attributes:
        typing: What the check of types found; ``None`` where only values decide.
        given: Arguments that are values already; ``None`` for a function among them.
        place: Where the receiver is, of a method that changes one of the expression's own.
    """

    evaluator: Evaluation
    tree: nodes.MethodCall
    value: Value
    view: View
    typing: CallTyping | None = None
    given: tuple[Value | None, ...] | None = None
    place: Place | None = None

    def become(self, value: Value) -> None:
        """Put another value where the receiver is.

        Raises:
            EvaluationError: It is not the expression's own.
        """
        if self.place is None:
            raise EvaluationError(
                f"{self.tree.name} changes its receiver, which is not the expression's own",
                self.tree.span,
            )
        self.place.write(value)

    @property
    def comparer(self) -> Comparer:
        """Compares values."""
        return self.evaluator.comparer

    @property
    def presenter(self) -> Presenter:
        """Knows what library types are."""
        return self.evaluator.presenter

    @property
    def result(self) -> Term:
        """The type of the result."""
        return UNKNOWN if self.typing is None else self.typing.result

    @property
    def owner(self) -> Term:
        """The type whose method it is."""
        return UNKNOWN if self.typing is None else self.typing.owner

    def generic(self, name: str) -> Term:
        """The type that a generic parameter of the signature stands for."""
        return UNKNOWN if self.typing is None else self.typing.generics.get(name, UNKNOWN)

    @property
    def count(self) -> int:
        """Number of arguments."""
        return len(self.tree.arguments) if self.given is None else len(self.given)

    def view_as(self, kind: type[V], name: str) -> V:
        """Return the receiver's view, which is one of ``kind``.

        Raises:
            EvaluationError: It is another one; ``name`` says what was wanted.
        """
        if isinstance(self.view, kind):
            return self.view
        raise EvaluationError(f"{self.value.type.name} is not {name}", self.tree.span)

    def argument(self, index: int = 0) -> Value:
        """Evaluate an argument."""
        if index >= self.count:
            plural = "" if index == 0 else "s"
            raise EvaluationError(
                f"{self.tree.name} takes {index + 1} argument{plural}, not {self.count}",
                self.tree.span,
            )
        if self.given is not None:
            known = self.given[index]
            if known is not None:
                return known
        return self.evaluator.value(self.tree.arguments[index])

    def integer(self, index: int = 0) -> int:
        """Evaluate an argument that is an integer."""
        return indirection.scalar(self.argument(index), self.presenter).integer()

    def size(self, index: int = 0) -> int:
        """Evaluate an argument that is a ``usize``.

        Raises:
            EvaluationError: It is negative.
        """
        number = self.integer(index)
        if number < 0:
            raise EvaluationError(f"{number} is no usize", self.tree.span)
        return number

    def truth(self, value: Value | None = None) -> bool:
        """Decode a ``bool``: the receiver, or what a closure gave."""
        found = indirection.scalar(self.value if value is None else value, self.presenter)
        truth = found.valid()
        if isinstance(truth, bool):
            return truth
        raise EvaluationError(f"expected bool, found {found.type.name}", self.tree.span)

    def text(self, index: int = 0) -> bytes:
        """Evaluate an argument that is a text or a ``char``, to UTF-8."""
        return self.text_of(self.argument(index))

    def text_of(self, value: Value) -> bytes:
        """The UTF-8 of a value that is a text or a ``char``."""
        found, view = self.comparer.look_through(value)
        if isinstance(view, TextView):
            return view.all_bytes()
        character = found.valid() if found.shape.row.encoding == "char" else None
        text = getattr(character, "text", None)
        if isinstance(text, str):
            return text.encode()
        raise EvaluationError(f"{self.tree.name} takes a str or char", self.tree.span)

    def function(self, index: int = 0) -> Callable[..., Value]:
        """Return an argument that is a closure or names a function, as a Python function."""
        if index >= self.count or index >= len(self.tree.arguments):
            self.argument(index)
            raise EvaluationError("a closure belongs here", self.tree.span)
        tree = self.tree.arguments[index]
        evaluator = self.evaluator.capturing(tree)
        return lambda *values: evaluator.apply(tree, values)

    def is_function(self, index: int = 0) -> bool:
        """Say whether an argument is a closure or names a function."""
        if index >= len(self.tree.arguments):
            return False
        tree = self.tree.arguments[index]
        return isinstance(tree, nodes.Closure) or self.evaluator.term(tree).name == "fn"

    def test(self, index: int = 0) -> Callable[..., bool]:
        """Return an argument that is a closure giving ``bool``, as a Python function."""
        function = self.function(index)
        return lambda *values: self.truth(function(*values))

    def watched(self, items: Iterator[V]) -> Iterator[V]:
        """Yield items, and let Ctrl-C stop a long walk over them."""
        for count, item in enumerate(items):
            self.evaluator.progress(count)
            yield item


Method = Callable[[Invocation], Value]


def receiver(call: Invocation) -> Value:
    """Return the receiver: the method changes nothing about how the value is read."""
    return call.value
