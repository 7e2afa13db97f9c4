"""The types of the names of a scope, for the check of types."""

from __future__ import annotations

from typing import Protocol

from crabtrap.errors import NotFoundError
from crabtrap.expr.scope import Caller, Scope
from crabtrap.expr.typing.program_types import term_of
from crabtrap.expr.typing.terms import Term
from crabtrap.present.rules.rule import RuleBook
from crabtrap.symbols.types import Type
from crabtrap.values import Value

_CONST_HINT = "a const leaves no trace: the compiler puts its value wherever it is used"


class ProgramMethods(Protocol):
    """The functions of the program that are methods of its types."""

    def find(self, type_: Type, name: str) -> str | None:
        """The path of a method that the program's source has written, not derived."""
        ...

    def can_call(self, type_: Type, name: str) -> bool:
        """Whether ``call`` can run a method that the program has."""
        ...


class NoMethods:
    """Knows of no function."""

    def find(self, type_: Type, name: str) -> str | None:
        """Find nothing."""
        del type_, name
        return None

    def can_call(self, type_: Type, name: str) -> bool:
        """Call nothing."""
        del type_, name
        return False


class ScopeNames:
    """A scope as the check of types sees it."""

    def __init__(
        self, scope: Scope, book: RuleBook, methods: ProgramMethods, caller: Caller | None
    ) -> None:
        self._scope = scope
        self._book = book
        self._methods = methods
        self._caller = caller

    def variable(self, name: str) -> Term | None:
        """The type of a local, argument or captured variable."""
        return self._term(self._scope.lookup(name))

    def path(self, text: str) -> Term | None:
        """The type of a static, constant or function, or of a unit struct."""
        found = self._scope.lookup_path(text)
        if found is not None:
            return term_of(found.type, self.is_shown)
        type_ = self._scope.find_type(text)
        if type_ is not None and type_.strip().size == 0 and type_.strip().kind == "struct":
            return term_of(type_, self.is_shown)
        return None

    def dollar(self, name: str) -> Term | None:
        """The type of a register or convenience variable."""
        found = self._scope.variable(name)
        return self._term(self._scope.register(name) if found is None else found)

    def history(self, number: int, from_end: bool) -> Term | None:
        """The type of a value of the history."""
        return self._term(self._scope.history(number, from_end))

    def find_type(self, text: str) -> Type | None:
        """A type of the program by any trailing path."""
        return self._scope.find_type(text)

    def own_method(self, type_: Type, name: str) -> str | None:
        """The path of a function of the program that is this method of a type of it."""
        return self._methods.find(type_, name)

    def can_call(self, type_: Type, name: str) -> bool:
        """Whether ``call`` can run a method that the program has."""
        return self._methods.can_call(type_, name)

    def is_shown(self, type_: Type) -> bool:
        """Whether a rule says what a type of the program is."""
        return bool(self._book.matches(type_.strip()))

    def missing(self, path: str) -> tuple[str, str]:
        """The message and the hint for a name that nothing has."""
        import difflib  # noqa: PLC0415 - slow to import

        close = tuple(difflib.get_close_matches(path, self._scope.names(), n=3))
        error = NotFoundError("variable, static or function", path, close)
        may_be_const = path.rpartition("::")[2].isupper() and not close
        hint = error.hint or (_CONST_HINT if may_be_const else self._scope.missing_hint)
        return str(error), hint

    @property
    def calls(self) -> bool:
        """Whether functions of the program may be run."""
        return self._caller is not None

    def _term(self, value: Value | None) -> Term | None:
        return None if value is None else term_of(value.type, self.is_shown)
