"""What an expression needs of its surroundings: names, and calls of functions.

The session implements these protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from crabtrap.errors import UsageError
from crabtrap.expr.syntax.nodes import Path, Span
from crabtrap.symbols.types import Type
from crabtrap.values import NOWHERE, Value, ValueContext

NOT_RUN_HINT = "call runs it"
"""The hint of an error that evaluating would have to run the program."""


Arguments = Callable[[], Sequence[Value]]
"""Evaluates the arguments of a call, when it is called."""


class Caller(Protocol):
    """Runs functions of the program for expressions that may do so.

    It evaluates the arguments only after it has found the function.
    """

    def call_path(self, path: Path, arguments: Arguments) -> Value | None:
        """Call the function that a path names; ``None`` where the program has none.

        Raises:
            CrabtrapError: There is one, but it cannot be called, or did not return.
        """
        ...

    def call_method(self, receiver: Value, name: str, arguments: Arguments) -> Value | None:
        """Call a method of the receiver's own type; ``None`` where it has none."""
        ...

    def call_value(self, function: Value, arguments: Arguments) -> Value | None:
        """Call a closure or a function pointer; ``None`` for any other value."""
        ...

    def missing(self, name: str) -> EvaluationError:
        """Say why there is no such function, or method ``Type::name``."""
        ...


class Scope(Protocol):
    """Names of one frame of one thread, or of the program where there is no frame."""

    @property
    def context(self) -> ValueContext:
        """The context of values that are found by address alone."""
        ...

    def lookup(self, name: str) -> Value | None:
        """Find the innermost local, argument or captured variable at this pc.

        A variable without a value is found, too: its location is ``Absent`` with the reason.
        """
        ...

    def lookup_path(self, path: str) -> Value | None:
        """Find a static, thread-local, constant or function by any trailing path.

        A function is a pointer to its code.  ``crate::``, ``self::`` and
        ``super::`` are relative to the frame's function.
        """
        ...

    def find_type(self, text: str) -> Type | None:
        """Find a type by any trailing path with its generic arguments; the frame's image first."""
        ...

    def register(self, name: str) -> Value | None:
        """Find a register of the frame by name: ``rip``, ``eflags``, ``xmm0``."""
        ...

    def variable(self, name: str) -> Value | None:
        """Find the convenience variable ``$name``."""
        ...

    def history(self, number: int, from_end: bool) -> Value | None:
        """Find value ``$number`` of the history; from the end, the newest one is 0."""
        ...

    def names(self) -> tuple[str, ...]:
        """The names that ``lookup`` finds, for suggestions."""
        ...

    @property
    def missing_hint(self) -> str:
        """The hint for a name that is not found and has no similar one; may be ``""``."""
        ...


class EmptyScope:
    """A scope without a program: literals and arithmetic only."""

    context = NOWHERE
    missing_hint = ""

    def lookup(self, name: str) -> Value | None:
        """Find nothing."""
        return None

    def lookup_path(self, path: str) -> Value | None:
        """Find nothing."""
        return None

    def find_type(self, text: str) -> Type | None:
        """Find nothing."""
        return None

    def register(self, name: str) -> Value | None:
        """Find nothing."""
        return None

    def variable(self, name: str) -> Value | None:
        """Find nothing."""
        return None

    def history(self, number: int, from_end: bool) -> Value | None:
        """Find nothing."""
        return None

    def names(self) -> tuple[str, ...]:
        """Know no names."""
        return ()


class EvaluationError(UsageError):
    """An expression is well formed but has no value here.

    Attributes:
        span: The part of the input that has no value, ``None`` where unknown.
        text: The whole input, ``""`` until known.
    """

    def __init__(
        self, message: str, span: Span | None = None, text: str = "", *, hint: str = ""
    ) -> None:
        super().__init__(message, hint=hint)
        self.span = span
        self.text = text


class WouldRunError(EvaluationError):
    """An expression would have to run the program, which evaluating never does."""

    def __init__(self, message: str, span: Span | None = None, *, hint: str = NOT_RUN_HINT) -> None:
        super().__init__(message, span, hint=hint)
