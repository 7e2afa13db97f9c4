"""What names mean where an expression is evaluated; implemented by the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from crabtrap.errors import UsageError
from crabtrap.expr.syntax.nodes import Path, Span
from crabtrap.symbols.types import Type
from crabtrap.values import NOWHERE, Value, ValueContext

NOT_RUN_HINT = "call runs it; fields and the methods of std types need not"
"""What to try where the program would have to run."""


Arguments = Callable[[], Sequence[Value]]
"""Evaluates the arguments of a call."""


class Caller(Protocol):
    """Runs functions of the program for expressions that may do so.

    Arguments are evaluated once it is certain that they are for the program.
    """

    def call_path(self, path: Path, arguments: Arguments) -> Value | None:
        """Call the function a path means; ``None`` where the program has none such.

        Raises:
            CrabtrapError: There is one, but it cannot be called, or did not return.
        """
        ...

    def call_method(self, receiver: Value, name: str, arguments: Arguments) -> Value | None:
        """Call a method of the receiver's own type; ``None`` where it has none such."""
        ...

    def call_value(self, function: Value, arguments: Arguments) -> Value | None:
        """Call a closure or a function pointer; ``None`` for any other value."""
        ...

    def missing(self, name: str) -> EvaluationError:
        """Why a function or method is not there, ``Type::name`` for the latter."""
        ...


class Scope(Protocol):
    """Names of one frame of one thread, or of the program where there is no frame."""

    @property
    def context(self) -> ValueContext:
        """For values found by address alone."""
        ...

    def lookup(self, name: str) -> Value | None:
        """The innermost local, argument or captured variable called ``name`` at this pc.

        A variable without a value is found too, its place ``Absent`` with the reason.
        """
        ...

    def lookup_path(self, path: str) -> Value | None:
        """A static, thread-local, constant or function by any trailing path.

        A function is a pointer value to its code.  ``crate::``, ``self::`` and
        ``super::`` are relative to the frame's function.
        """
        ...

    def find_type(self, text: str) -> Type | None:
        """A type by any trailing path, generics textual; the frame's image first."""
        ...

    def register(self, name: str) -> Value | None:
        """A register of the frame by name: ``rip``, ``eflags``, ``xmm0``."""
        ...

    def variable(self, name: str) -> Value | None:
        """The convenience variable ``$name``."""
        ...

    def history(self, number: int, from_end: bool) -> Value | None:
        """Value ``$number``; or counted from the newest, which is 0."""
        ...

    def names(self) -> tuple[str, ...]:
        """Names ``lookup`` knows, for suggestions."""
        ...

    @property
    def missing_hint(self) -> str:
        """What to try where a name is not found and none is like it; may be ``""``."""
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
        """Know none."""
        return ()


class EvaluationError(UsageError):
    """An expression is well formed but has no value here.

    Attributes:
        span: The part of the input that is to blame, ``None`` where unknown.
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
