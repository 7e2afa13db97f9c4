"""Inference: what is known of the type variables of one expression."""

from __future__ import annotations

from crabtrap.expr.typing.terms import (
    F64,
    FLOATS,
    I32,
    INTEGERS,
    UNKNOWN,
    Term,
    is_variable,
    variable,
)


class MismatchError(Exception):
    """Two types that must be one are two; the caller words it with its span."""


class Inference:
    """Type variables, and what they were found to be."""

    def __init__(self) -> None:
        self._found: dict[str, Term] = {}
        self._count = 0

    def fresh(self, kind: str = "") -> Term:
        """Make a variable of a kind: ``""``, ``"{integer}"`` or ``"{float}"``."""
        self._count += 1
        return variable(self._count, kind)

    def shallow(self, term: Term) -> Term:
        """Resolve a term itself, its arguments as they are."""
        while term.name[0] == "$":
            found = self._found.get(term.args[0].name)
            if found is None:
                return term
            term = found
        return term

    def resolve(self, term: Term) -> Term:
        """Resolve a term with all its arguments."""
        term = self.shallow(term)
        if not term.args or is_variable(term):
            return term
        return Term(term.name, tuple(map(self.resolve, term.args)), term.source)

    def default(self, term: Term) -> Term:
        """Resolve a term; literals that are left open become ``i32`` and ``f64``."""
        term = self.shallow(term)
        match term.name:
            case "${integer}":
                return I32
            case "${float}":
                return F64
            case _ if not term.args or is_variable(term):
                return term
            case _:
                return Term(term.name, tuple(map(self.default, term.args)), term.source)

    def unify(self, left: Term, right: Term) -> None:
        """Make two terms one.

        Raises:
            MismatchError: They cannot be one; some variables in them may be bound.
        """
        left, right = self.shallow(left), self.shallow(right)
        if left == right:
            return
        if UNKNOWN in (left, right):
            self._forget(right if left == UNKNOWN else left)
        elif is_variable(left):
            self._bind(left, right)
        elif is_variable(right):
            self._bind(right, left)
        elif left.name == right.name == "Iter":
            self.unify(left.args[0], right.args[0])
        elif left.name != right.name or len(left.args) != len(right.args):
            raise MismatchError
        else:
            for a, b in zip(left.args, right.args, strict=True):
                self.unify(a, b)

    def _forget(self, term: Term) -> None:
        """Let the variables in a term be unknown, as what they are compared with is."""
        term = self.shallow(term)
        if is_variable(term):
            self._found[term.args[0].name] = UNKNOWN
            return
        for each in term.args:
            self._forget(each)

    def unifies(self, left: Term, right: Term) -> bool:
        """Unify where that is possible; else nothing is bound."""
        before = dict(self._found)
        try:
            self.unify(left, right)
        except MismatchError:
            self._found = before
            return False
        return True

    def can_unify(self, left: Term, right: Term) -> bool:
        """Whether two terms could be one; binds nothing."""
        before = dict(self._found)
        found = self.unifies(left, right)
        self._found = before
        return found

    def _bind(self, var: Term, term: Term) -> None:
        if is_variable(term) and var.name == "$":
            self._found[var.args[0].name] = term
            return
        if is_variable(term) and term.name == "$":
            self._found[term.args[0].name] = var
            return
        if var.name == "${integer}" and term.name not in INTEGERS:
            raise MismatchError
        if var.name == "${float}" and term.name not in FLOATS:
            raise MismatchError
        if self._occurs(var, term):
            raise MismatchError
        self._found[var.args[0].name] = term

    def _occurs(self, var: Term, term: Term) -> bool:
        term = self.shallow(term)
        return term == var or (
            not is_variable(term) and any(self._occurs(var, each) for each in term.args)
        )
