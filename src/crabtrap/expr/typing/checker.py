"""The checker: gives every node of a tree its type, as rustc would, before evaluation.

What cannot be typed is an error with the words of rustc and the span of the part.  Three
things are laxer than in Rust, because nothing here runs: nothing is moved or borrowed, raw
pointers are followed without ``unsafe``, and private fields are open.
"""

from __future__ import annotations

from typing import assert_never

from crabtrap.errors import ParseError
from crabtrap.expr.scope import EvaluationError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression, Span
from crabtrap.expr.typing import (
    call_types,
    change_types,
    control_types,
    method_types,
    operator_types,
    places,
    program_types,
    terms,
)
from crabtrap.expr.typing.application import PendingCall
from crabtrap.expr.typing.deref import deref
from crabtrap.expr.typing.inference import Inference
from crabtrap.expr.typing.name_types import Names
from crabtrap.expr.typing.obligations import Obligations
from crabtrap.expr.typing.terms import (
    BOOL,
    INTEGERS,
    NEVER,
    REFERENCES,
    UNKNOWN,
    Term,
    is_variable,
)
from crabtrap.expr.typing.type_text import parse_term, primitive_or_std
from crabtrap.expr.typing.typing_result import CallTyping, Typing
from crabtrap.symbols.types import Type

_OPEN_RANGES = {
    (True, True, False): "Range",
    (True, True, True): "RangeInclusive",
    (True, False, False): "RangeFrom",
    (False, True, False): "RangeTo",
    (False, True, True): "RangeToInclusive",
}


def check(tree: Expression, names: Names) -> Typing:
    """Type a whole expression.

    Raises:
        EvaluationError: It cannot be typed; ``span`` is the part that cannot.
    """
    checker = Checker(names)
    checker.infer(tree)
    return checker.finish()


class Checker:
    """Types the tree of one expression."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.inference = Inference()
        self.obligations = Obligations(self.inference)
        self.nodes: dict[int, tuple[Expression, Term]] = {}
        self.calls: dict[int, PendingCall] = {}
        self.constants: dict[int, bool] = {}
        self.bound: list[dict[str, Term]] = []
        self.results: list[Term] = []
        self.closures: list[change_types.ClosureFrame] = []
        self.changed_by: dict[int, frozenset[str]] = {}
        self.changes = False
        self._literals: list[tuple[nodes.Literal, Term, bool]] = []

    def finish(self) -> Typing:
        """Settle what is open, and return what was found."""
        self.obligations.finish()
        default = self.inference.default
        typing = Typing(
            {id(tree): default(term) for tree, term in self.nodes.values()},
            changed_by=self.changed_by,
            changes=self.changes,
        )
        for key, call in self.calls.items():
            typing.calls[key] = CallTyping(
                call.entry,
                default(call.owner),
                {name: default(term) for name, term in call.generics.items()},
                tuple(map(default, call.parameters)),
                default(call.result),
            )
        for literal, term, negative in self._literals:
            _check_range(literal, default(term), negative)
        return typing

    # -- expectations ----------------------------------------------------------------------------
    def infer(self, tree: Expression, expected: Term | None = None) -> Term:
        """Type a tree; ``expected`` is what its place would like, and no demand."""
        try:
            term = self._dispatch(tree, expected)
        except EvaluationError as error:
            if error.span is None:
                error.span = tree.span
            raise
        self.nodes[id(tree)] = tree, term
        return term

    def resolved(self, tree: Expression, expected: Term | None = None) -> Term:
        """Type a tree whose outer type must be known to go on."""
        term = self.inference.shallow(self.infer(tree, expected))
        if term.name == "$":
            self.obligations.settle()
            term = self.inference.shallow(term)
        return term

    def coerce(self, tree: Expression, expected: Term) -> Term:
        """Type a tree in a place of a type, where Rust coerces.

        Raises:
            EvaluationError: It has another type.
        """
        found = self.infer(tree, expected)
        if not self.coerces(found, expected):
            raise self.mismatch(expected, found, tree.span)
        return found

    def condition(self, tree: Expression) -> None:
        """Type what must be a ``bool``.

        Raises:
            EvaluationError: It is something else.
        """
        found = self.infer(tree, BOOL)
        if not self.coerces(found, BOOL):
            raise self.mismatch(BOOL, found, tree.span)

    def coerces(self, found: Term, expected: Term) -> bool:
        """Whether a value of a type can stand where another is expected; binds variables."""
        found, expected = self.inference.shallow(found), self.inference.shallow(expected)
        if found == NEVER or UNKNOWN in (found, expected):
            self.inference.unifies(found, expected)
            return True
        if expected.name in REFERENCES and found.name in REFERENCES:
            if expected.name == "&mut" and found.name == "&":
                return False
            return self._reborrows(found.args[0], expected.args[0])
        if expected.name in terms.RAW_POINTERS and found.name in (*REFERENCES, "*mut"):
            return self.inference.unifies(found.args[0], expected.args[0])
        if expected.name == found.name and expected.name in ("Box", "Rc", "Arc"):
            return self._reborrows(found.args[0], expected.args[0], follow=False)
        return self.inference.unifies(found, expected)

    def _reborrows(self, found: Term, expected: Term, *, follow: bool = True) -> bool:
        """Whether ``&found`` coerces to ``&expected``: derefs, and lengths forgotten."""
        expected = self.inference.shallow(expected)
        layer: Term | None = self.inference.shallow(found)
        while layer is not None:
            if self.inference.unifies(layer, expected):
                return True
            if layer.name == "array" and expected.name == "slice":
                return self.inference.unifies(layer.args[0], expected.args[0])
            if expected.name == "dyn":
                return True
            inner = deref(layer) if follow else None
            layer = None if inner is None else self.inference.shallow(inner)
        return False

    def mismatch(self, expected: Term, found: Term, span: Span | None) -> EvaluationError:
        """Word that one type was expected and another found."""
        expected, found = self.inference.resolve(expected), self.inference.resolve(found)
        hint = ""
        if found.name in INTEGERS and expected.name in terms.NUMBERS and not is_variable(found):
            hint = f"cast it: `as {expected}`" if not is_variable(expected) else ""
        wanted, given = terms.shown_apart(expected, found)
        return EvaluationError(
            f"mismatched types: expected `{wanted}`, found `{given}`", span, hint=hint
        )

    # -- nodes -----------------------------------------------------------------------------------
    def _dispatch(  # noqa: C901, PLR0911, PLR0912 - one per class
        self, tree: Expression, expected: Term | None
    ) -> Term:
        match tree:
            case nodes.Literal():
                return self._literal(tree, negative=False)
            case nodes.Path():
                return places.path(self, tree)
            case nodes.Dollar(name):
                return self.names.dollar(name) or UNKNOWN
            case nodes.History(number, from_end):
                return self.names.history(number, from_end) or UNKNOWN
            case nodes.Unary():
                return self._unary(tree, expected)
            case nodes.Binary():
                return operator_types.binary(self, tree, expected)
            case nodes.Cast(operand, type_):
                return operator_types.cast(self, tree, operand, type_)
            case nodes.FieldAccess(base, name):
                return places.field(self, tree, base, name)
            case nodes.Index(base, index):
                return places.index(self, tree, base, index)
            case nodes.RangeOf():
                return self._range(tree)
            case nodes.Call(function, arguments):
                return call_types.call(self, tree, function, arguments, expected)
            case nodes.MethodCall():
                return method_types.method_call(self, tree, expected)
            case nodes.Closure():
                return control_types.closure(self, tree, expected)
            case nodes.TupleOf(items):
                return self._tuple(items, expected)
            case nodes.ArrayOf(items):
                return terms.array_of(self._items(items, expected), len(items))
            case nodes.Repeat(item, count):
                return self._repeat(item, count, expected)
            case nodes.VecOf(items):
                found = self.infer(items, expected)
                return Term("Vec", (found.args[0],))
            case nodes.StructOf():
                return places.struct(self, tree)
            case nodes.Matches(operand, pattern, guard):
                return control_types.matches(self, operand, pattern, guard)
            case nodes.Format():
                return control_types.format_text(self, tree)
            case nodes.Block():
                return control_types.block(self, tree, expected)
            case nodes.If():
                return control_types.if_(self, tree, expected)
            case nodes.Match():
                return control_types.match_(self, tree, expected)
            case nodes.Try(operand):
                return control_types.try_(self, operand, tree.span)
            case nodes.Return(value):
                return control_types.return_(self, value, tree.span)
            case nodes.Assign():
                return change_types.assignment(self, tree)
            case unknown:
                assert_never(unknown)

    def _literal(self, tree: nodes.Literal, *, negative: bool) -> Term:
        match tree.kind:
            case "bool":
                return BOOL
            case "char":
                return terms.CHAR
            case "text":
                return terms.reference(terms.STR)
            case "bytes":
                assert isinstance(tree.value, bytes)  # as the parser promises
                return terms.reference(terms.array_of(terms.U8, len(tree.value)))
            case "byte":
                return terms.U8
            case "float":
                return Term(tree.suffix) if tree.suffix else self.inference.fresh("{float}")
            case "integer":
                term = Term(tree.suffix) if tree.suffix else self.inference.fresh("{integer}")
                self._literals.append((tree, term, negative))
                return term

    def _unary(self, tree: nodes.Unary, expected: Term | None) -> Term:
        match tree.operator:
            case "*":
                operand = self.resolved(tree.operand)
                return places.dereferenced(self, operand, tree)
            case "&" | "&mut":
                inner = None
                if expected is not None:
                    wanted = self.inference.shallow(expected)
                    inner = wanted.args[0] if wanted.name in REFERENCES else None
                return terms.reference(self.infer(tree.operand, inner), tree.operator == "&mut")
            case "&raw const" | "&raw mut":
                return Term(f"*{tree.operator[5:]}", (self.infer(tree.operand),))
            case "-":
                if isinstance(tree.operand, nodes.Literal):
                    term = self._literal(tree.operand, negative=True)
                    self.nodes[id(tree.operand)] = tree.operand, term
                    return operator_types.negated(self, term)
                return operator_types.negated(self, self.resolved(tree.operand, expected))
            case "!":
                return operator_types.inverted(self, self.resolved(tree.operand, expected))

    def _range(self, tree: nodes.RangeOf) -> Term:
        ends = [each for each in (tree.start, tree.end) if each is not None]
        if not ends:
            return Term("RangeFull")
        item = self.infer(ends[0])
        for end in ends[1:]:
            found = self.infer(end, item)
            if not self.inference.unifies(item, found):
                raise self.mismatch(item, found, end.span)
        name = _OPEN_RANGES[(tree.start is not None, tree.end is not None, tree.inclusive)]
        return Term(name, (item,))

    def _tuple(self, items: tuple[Expression, ...], expected: Term | None) -> Term:
        wanted = None if expected is None else self.inference.shallow(expected)
        hints: tuple[Term | None, ...] = (None,) * len(items)
        if wanted is not None and wanted.name == "tuple" and len(wanted.args) == len(items):
            hints = wanted.args
        found: list[Term] = []
        for item, hint in zip(items, hints, strict=True):
            term = self.infer(item, hint)
            found.append(hint if hint is not None and self.coerces(term, hint) else term)
        return terms.tuple_of(*found)

    def _items(self, items: tuple[Expression, ...], expected: Term | None) -> Term:
        hint = None if expected is None else self.inference.shallow(expected)
        hint = hint.args[0] if hint is not None and hint.name in ("array", "slice", "Vec") else None
        item = self.inference.fresh() if hint is None else hint
        first = True
        for each in items:
            found = self.infer(each, item)
            if not self.coerces(found, item):
                if hint is not None or not self.coerces(item, found):
                    raise self.mismatch(item, found, each.span)
                item = found
            item = found if first and hint is None else item
            first = False
        return item

    def _repeat(self, item: Expression, count: Expression, expected: Term | None) -> Term:
        found = self._items((item,), expected)
        self.coerce(count, terms.USIZE)
        length = count.value if isinstance(count, nodes.Literal) else None
        return terms.array_of(found, length if isinstance(length, int) else None)

    def within(self, names: dict[str, Term], tree: Expression, expected: Term | None) -> Term:
        """Type a tree that knows more names."""
        self.bound.append(names)
        try:
            return self.infer(tree, expected)
        finally:
            self.bound.pop()

    def term_of(self, type_: Type) -> Term:
        """The term of a type of the program."""
        return program_types.term_of(type_, self.names.is_shown)

    def parse_type(self, text: str, span: Span) -> Term:
        """Parse a written type; each ``_`` becomes a variable.

        Raises:
            EvaluationError: The program describes no such type.
        """

        def lookup(path: str, args: tuple[Term, ...]) -> Term | None:
            found = primitive_or_std(path, args)
            if found is not None:
                return found
            text = f"{path}<{', '.join(map(str, args))}>" if args else path
            type_ = self.names.find_type(text)
            if type_ is None:
                raise EvaluationError(f"cannot find type `{text}` in this program", span)
            return self.term_of(type_)

        try:
            return self._opened(parse_term(text, lookup))
        except ParseError as error:
            raise EvaluationError(f"`{text}` is not a type: {error}", span) from error

    def _opened(self, term: Term) -> Term:
        if term.name == "_":
            return self.inference.fresh()
        return Term(term.name, tuple(map(self._opened, term.args)), term.source)


def _check_range(tree: nodes.Literal, term: Term, negative: bool) -> None:
    if term.name not in INTEGERS or not isinstance(tree.value, int) or is_variable(term):
        return
    from crabtrap.expr.computed import limits  # noqa: PLC0415 - it needs the presenter's views
    from crabtrap.symbols.types import PRIMITIVES  # noqa: PLC0415

    least, greatest = limits(PRIMITIVES[term.name])
    if tree.value > greatest + (negative and least < 0):
        raise EvaluationError(f"literal out of range for `{term}`", tree.span)
