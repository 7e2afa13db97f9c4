"""What the checker asks of its surroundings: the types that names have."""

from __future__ import annotations

from typing import Protocol

from crabtrap.expr.typing.terms import Term
from crabtrap.symbols.types import Type


class Names(Protocol):
    """The types of the names at one place of the program."""

    def variable(self, name: str) -> Term | None:
        """The type of a local, argument or captured variable."""
        ...

    def path(self, text: str) -> Term | None:
        """The type of a static, constant or function."""
        ...

    def dollar(self, name: str) -> Term | None:
        """The type of a register or convenience variable."""
        ...

    def history(self, number: int, from_end: bool) -> Term | None:
        """The type of a value of the history."""
        ...

    def find_type(self, text: str) -> Type | None:
        """A type of the program by any trailing path."""
        ...

    def own_method(self, type_: Type, name: str) -> str | None:
        """The path of a function of the program that is this method of a type of it."""
        ...

    def can_call(self, type_: Type, name: str) -> bool:
        """Whether ``call`` can run a method that the program has."""
        ...

    def is_shown(self, type_: Type) -> bool:
        """Whether a rule says what a type of the program is: a sequence, a map, a text."""
        ...

    def missing(self, path: str) -> tuple[str, str]:
        """The message and the hint for a name that nothing has."""
        ...

    @property
    def calls(self) -> bool:
        """Whether functions of the program may be run."""
        ...
