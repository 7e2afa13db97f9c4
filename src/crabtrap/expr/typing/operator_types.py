"""The types of operators and casts, by the traits that Rust's types have for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.typing import terms
from crabtrap.expr.typing.deref import deref
from crabtrap.expr.typing.terms import (
    BOOL,
    FLOATS,
    INTEGERS,
    NUMBERS,
    RAW_POINTERS,
    REFERENCES,
    STRING,
    UNKNOWN,
    Term,
    is_variable,
    shown_apart,
    strip_references,
)
from crabtrap.expr.typing.traits import implements

if TYPE_CHECKING:
    from crabtrap.expr.typing.checker import Checker

_VERBS = {
    "+": "cannot add `{b}` to `{a}`",
    "-": "cannot subtract `{b}` from `{a}`",
    "*": "cannot multiply `{a}` by `{b}`",
    "/": "cannot divide `{a}` by `{b}`",
    "%": "cannot calculate the remainder of `{a}` divided by `{b}`",
    "&": "no implementation for `{a} & {b}`",
    "|": "no implementation for `{a} | {b}`",
    "^": "no implementation for `{a} ^ {b}`",
    "<<": "no implementation for `{a} << {b}`",
    ">>": "no implementation for `{a} >> {b}`",
}
_SETS = frozenset(("HashSet", "BTreeSet"))
_WRAPPED = frozenset(("Wrapping", "Saturating"))


def binary(checker: Checker, tree: nodes.Binary, expected: Term | None) -> Term:
    """Type ``left op right``."""
    operator = tree.operator
    if operator in ("&&", "||"):
        checker.condition(tree.left)
        checker.condition(tree.right)
        return BOOL
    if operator in ("==", "!=", "<", "<=", ">", ">="):
        return _comparison(checker, tree)
    wanted = None if operator in ("<<", ">>") else expected
    if wanted is not None and checker.inference.shallow(wanted).name not in NUMBERS:
        wanted = None
    left = checker.resolved(tree.left, wanted)
    right = checker.resolved(tree.right)
    found = _arithmetic(checker, tree, left, right)
    if found is None:
        a, b = checker.inference.resolve(left), checker.inference.resolve(right)
        hint = f"cast one: `as {a}`" if a.name in NUMBERS and b.name in NUMBERS else ""
        raise EvaluationError(_VERBS[operator].format(a=a, b=b), tree.span, hint=hint)
    return found


def _arithmetic(checker: Checker, tree: nodes.Binary, left: Term, right: Term) -> Term | None:
    unify = checker.inference.unifies
    if UNKNOWN in (left, right):
        unify(left, right)
        return UNKNOWN
    if "$" in (left.name, right.name):
        return left if unify(left, right) else None
    operator = tree.operator
    a = _once_dereferenced(checker, left)
    b = _once_dereferenced(checker, right)
    if operator in ("<<", ">>"):
        return a if a.name in INTEGERS and b.name in INTEGERS else None
    if a.name in NUMBERS and b.name in NUMBERS:
        if operator in ("&", "|", "^") and a.name not in INTEGERS:
            return None
        return a if unify(a, b) else None
    if a == BOOL and b == BOOL and operator in ("&", "|", "^"):
        return BOOL
    if left == STRING and operator == "+":
        return STRING if checker.coerces(right, terms.reference(terms.STR)) else None
    if a.name == b.name and a.name in _SETS and left.name == right.name == "&":
        return a if operator in ("&", "|", "^", "-") and unify(a, b) else None
    if a.name in _WRAPPED:
        return a if unify(a, b) else None
    return _on_times(checker, operator, left, right) or _on_program_type(checker, tree, left)


def _once_dereferenced(checker: Checker, term: Term) -> Term:
    return checker.inference.shallow(term.args[0]) if term.name in REFERENCES else term


def _on_times(checker: Checker, operator: str, left: Term, right: Term) -> Term | None:
    unify = checker.inference.unifies
    names = (left.name, operator, right.name)
    match names:
        case ("Duration", "+" | "-", "Duration"):
            return left
        case ("Duration", "*" | "/", _) if unify(right, terms.U32):
            return left
        case (_, "*", "Duration") if unify(left, terms.U32):
            return right
        case ("Instant", "+" | "-", "Duration"):
            return left
        case ("Instant", "-", "Instant"):
            return Term("Duration")
        case _:
            return None


_TRAITS = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "rem", "&": "bitand", "|": "bitor"}


def _on_program_type(checker: Checker, tree: nodes.Binary, left: Term) -> Term | None:
    """Refuse the operator of a type of the program with the words of its own function."""
    own = strip_references(left)
    if own.source is None:
        return None
    name = _TRAITS.get(tree.operator, "")
    path = checker.names.own_method(own.source, name) if name else None
    if path is None:
        return None
    raise EvaluationError(
        f"`{own} {tree.operator} ..` is the program's own: {path}",
        tree.span,
        hint=f"call runs it: a.{name}(b)" if checker.names.can_call(own.source, name) else "",
    )


def _comparison(checker: Checker, tree: nodes.Binary) -> Term:
    left = checker.resolved(tree.left)
    right = checker.resolved(tree.right, left if not is_variable(left) else None)
    if tree.operator in ("==", "!="):
        refuse_own(checker, left, "eq", tree)
        fits = checker.obligations.comparable(left, right)
    else:
        refuse_own(checker, left, "partial_cmp", tree)
        fits = _ordered(checker, left, right)
    if not fits:
        a, b = checker.inference.resolve(left), checker.inference.resolve(right)
        one, other = shown_apart(a, b)
        raise EvaluationError(
            f"binary operation `{tree.operator}` cannot be applied to type `{a}`"
            if a == b
            else f"can't compare `{one}` with `{other}`",
            tree.span,
            hint=_comparison_hint(a, b),
        )
    return BOOL


def _comparison_hint(left: Term, right: Term) -> str:
    if left.name in NUMBERS and right.name in NUMBERS:
        return f"cast one: `as {left}`"
    if strip_references(left).name == strip_references(right).name:
        return "take the references off: `*x`"
    return ""


def _ordered(checker: Checker, left: Term, right: Term) -> bool:
    a, b = checker.inference.resolve(left), checker.inference.resolve(right)
    if a.name == b.name == "&" and checker.coerces(b, a):
        b = checker.inference.resolve(a)
    while a.name in REFERENCES and b.name in REFERENCES:
        a, b = a.args[0], b.args[0]
    if not checker.inference.unifies(a, b):
        return False
    return implements(checker.inference.resolve(a), "PartialOrd")


def refuse_own(checker: Checker, term: Term, name: str, tree: Expression) -> None:
    """Refuse to compare by fields what the program compares by a function of its own.

    Raises:
        EvaluationError: A type in ``term`` has an implementation that is not derived.
    """
    term = checker.inference.resolve(term)
    if term.source is not None:
        path = checker.names.own_method(term.source, name)
        if path is not None:
            raise EvaluationError(
                f"`{term}` has its own `{name}`: {path}",
                tree.span,
                hint=(
                    f"call runs it: a.{name}(&b)"
                    if checker.names.can_call(term.source, name)
                    else ""
                ),
            )
    for arg in term.args:
        refuse_own(checker, arg, name, tree)


def negated(checker: Checker, term: Term) -> Term:
    """The type of ``-term``.

    Raises:
        EvaluationError: The type has no negation.
    """
    inner = _once_dereferenced(checker, term)
    if inner == UNKNOWN or is_variable(inner):
        return inner
    if inner.name in terms.SIGNED or inner.name in FLOATS or inner.name == "Wrapping":
        return inner
    raise EvaluationError(f"cannot apply unary operator `-` to type `{inner}`")


def inverted(checker: Checker, term: Term) -> Term:
    """The type of ``!term``.

    Raises:
        EvaluationError: The type has no ``!``.
    """
    inner = _once_dereferenced(checker, term)
    if inner in (UNKNOWN, BOOL) or inner.name in INTEGERS or inner.name == "$":
        return inner
    raise EvaluationError(f"cannot apply unary operator `!` to type `{inner}`")


# -- casts -----------------------------------------------------------------------------------
def cast(checker: Checker, tree: nodes.Cast, operand: Expression, text: str) -> Term:
    """Type ``operand as text``.

    Raises:
        EvaluationError: Rust has no such cast.
    """
    if text.endswith("_") and text.startswith("*"):
        source = checker.resolved(operand)
        inner = deref(source) or UNKNOWN
        return Term(text.partition(" ")[0], (inner,))
    target = checker.parse_type(text, tree.span)
    source = checker.resolved(operand, target if _is_plain(operand) else None)
    if _is_plain(operand) and source.name == "${integer}" and target.name in INTEGERS:
        checker.inference.unifies(source, target)
    if source.name == "$":
        raise EvaluationError("type annotations needed", operand.span)
    if not _casts(checker, source, target):
        raise EvaluationError(
            f"casting `{checker.inference.resolve(source)}` as `{target}` is invalid",
            tree.span,
            hint=_cast_hint(source, target),
        )
    return target


def _is_plain(tree: Expression) -> bool:
    literal = tree.operand if isinstance(tree, nodes.Unary) and tree.operator == "-" else tree
    return isinstance(literal, nodes.Literal)


def _cast_hint(source: Term, target: Term) -> str:
    if target == terms.CHAR:
        return "cast to u8 first"
    if target == BOOL:
        return "compare with 0"
    if source.name in REFERENCES:
        return "take the reference off: `*x as ..`"
    if source.source is not None or target.source is not None:
        return "cast a pointer to it and look through that: *(&x as *const _ as *const T)"
    return ""


def _casts(checker: Checker, source: Term, target: Term) -> bool:
    if UNKNOWN in (source, target):
        return True
    a, b = source.name, target.name
    if a in NUMBERS and b in NUMBERS:
        return True
    if b in INTEGERS and (a in ("bool", "char", "fn", *RAW_POINTERS)):
        return True
    if b == "char":
        return a in ("u8", "char") or (is_variable(source) and a in INTEGERS)
    if b in ("bool", *SCALAR_ADTS):
        return a == b
    if b in RAW_POINTERS:
        return a in INTEGERS or a in RAW_POINTERS or a in REFERENCES or a == "fn"
    if b in REFERENCES:
        return checker.coerces(source, target) or a in INTEGERS or a in RAW_POINTERS
    if source.source is not None and b in INTEGERS:
        return source.source.strip().kind == "enum"
    return checker.inference.unifies(source, target)


SCALAR_ADTS = frozenset(("NonZero", "Wrapping"))


# -- format! ---------------------------------------------------------------------------------
def check_format(checker: Checker, argument: Expression, spec: nodes.FormatSpec) -> None:
    """Type an argument of ``format!``, and whether it can be written in that style.

    Raises:
        EvaluationError: Its type has no such trait.
    """
    term = checker.inference.resolve(checker.resolved(argument))
    for count in (spec.width, spec.precision):
        if count is not None and not isinstance(count, int):
            checker.coerce(count, terms.USIZE)
    inner = strip_references(term)
    match spec.style:
        case "?":
            return
        case "":
            if inner.source is None and not implements(term, "Display"):
                raise EvaluationError(f"`{term}` doesn't implement `Display`", argument.span)
            if inner.source is not None:
                raise EvaluationError(
                    f"writing a {term} would run its `Display`",
                    argument.span,
                    hint="{:?} does not, as derived",
                )
        case "e" | "E":
            if inner.name not in NUMBERS and inner != UNKNOWN:
                raise EvaluationError(f"`{term}` doesn't implement `LowerExp`", argument.span)
        case _:
            if inner.name not in INTEGERS and inner != UNKNOWN:
                raise EvaluationError(
                    f"`{term}` doesn't implement the trait of `{{:{spec.style}}}`", argument.span
                )
