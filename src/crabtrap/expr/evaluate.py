"""The evaluator: gives every node of a syntax tree its value.

It reads the program and never runs it; only a ``Caller`` does, where one is given.
"""

from __future__ import annotations

from typing import assert_never

from crabtrap.errors import CrabtrapError, NotFoundError, RangeError
from crabtrap.expr import (
    casts,
    computed,
    control_flow,
    indirection,
    lookups,
    operators,
    own_places,
    parts,
    paths,
    pointed_items,
)
from crabtrap.expr.compare import Comparer
from crabtrap.expr.control_flow import LeaveError
from crabtrap.expr.loops import running as loops
from crabtrap.expr.methods.method_table import call_method, call_typed
from crabtrap.expr.patterns import Matcher
from crabtrap.expr.scope import Caller, EvaluationError, Scope
from crabtrap.expr.scope_names import NoMethods, ProgramMethods, ScopeNames
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Expression
from crabtrap.expr.syntax.parser import parse
from crabtrap.expr.typing.checker import check
from crabtrap.expr.typing.terms import REFERENCES, UNKNOWN, Term, strip_references
from crabtrap.expr.typing.typing_result import Typing
from crabtrap.present.rules.presenter import Presenter
from crabtrap.present.view import MapView, RangeView, RecordView, SequenceView, TextView
from crabtrap.symbols.type_names import parse_type_path
from crabtrap.symbols.types import PRIMITIVES, UNIT, Type
from crabtrap.values import UnavailableError, Value


def evaluate(
    text: str,
    scope: Scope,
    presenter: Presenter,
    caller: Caller | None = None,
    methods: ProgramMethods | None = None,
) -> Value:
    """Type an expression, and evaluate it.

    Args:
        text: A Rust expression; assignments are for ``plan_assignment``.
        scope: Gives names their meaning.
        presenter: Gives values their views.
        caller: Runs functions of the program; without one, nothing runs.
        methods: Knows which methods the program itself has.

    Returns:
        A value of the program or a computed one; parts of it may still be unread.

    Raises:
        ParseError: The text is no expression.
        EvaluationError: It cannot be typed, or has no value; ``span`` is the part.
        UnavailableError, MemoryFault: A value that it needs cannot be read.
    """
    tree = parse(text)
    try:
        typing = check(tree, ScopeNames(scope, presenter.book, methods or NoMethods(), caller))
        evaluator = Evaluator(scope, presenter, caller, typing)
        evaluator.methods = methods or NoMethods()
        return computed.named(evaluator.whole(tree), typing.of(tree))
    except EvaluationError as error:
        error.text = text
        raise
    except RecursionError as error:
        raise EvaluationError("the expression is nested too deeply", text=text) from error
    except (OverflowError, MemoryError) as error:
        raise EvaluationError("that is too large for the debugger", text=text) from error


_SHOWN_AS_CONTENT = frozenset(
    [
        "Box",
        "Rc",
        "Arc",
        "Cow",
        "Ref",
        "RefMut",
        "MutexGuard",
        "RwLockReadGuard",
        "RwLockWriteGuard",
    ]
)
"""Types that the expression makes of a value without anything around it."""


def _is_a(value: Value, name: str) -> bool:
    """Whether a value of the program has a type of std."""
    return value.type.table is not None and parse_type_path(value.shape.path).last == name


class Evaluator:
    """Evaluates the trees of one input."""

    def __init__(
        self,
        scope: Scope,
        presenter: Presenter,
        caller: Caller | None = None,
        typing: Typing | None = None,
    ) -> None:
        self.scope = scope
        self.presenter = presenter
        self.caller = caller
        self.typing = Typing({}) if typing is None else typing
        self.methods: ProgramMethods = NoMethods()
        self.comparer = Comparer(presenter)
        self.bound: list[dict[str, Value]] = []
        self.resolved: dict[str, Value] = {}

    def whole(self, tree: Expression) -> Value:
        """Evaluate a whole expression: a ``?`` in it may leave it."""
        try:
            return computed.settle(self.value(tree))
        except LeaveError as leaving:
            return leaving.value

    def term(self, tree: Expression) -> Term:
        """The type of a node as the check of types found it."""
        return self.typing.of(tree)

    def own_method(self, type_: Type, name: str) -> str | None:
        """The path of a method that the program's source has written."""
        return self.methods.find(type_, name)

    def progress(self, done: int | None = None, total: int | None = None) -> None:
        """Let a long evaluation be ended, and note how far it is.

        Args:
            done: How many items are done, ``None`` where nobody has counted.
            total: How many there are, ``None`` where that is not known.
        """
        program = self.scope.context.program
        if done is None or self.bound:  # within a closure, it is the outer loop that tells
            program.check_values()
        else:
            program.note_progress(done, total)

    def value(self, tree: Expression) -> Value:
        """Evaluate a tree; an error without a span gets the tree's."""
        try:
            return self._dispatch(tree)
        except EvaluationError as error:
            if error.span is None:
                error.span = tree.span
            raise
        except (RangeError, NotFoundError) as error:
            raise EvaluationError(str(error), tree.span, hint=error.hint) from error

    def _dispatch(self, tree: Expression) -> Value:  # noqa: C901, PLR0911, PLR0912 - one per class
        match tree:
            case nodes.Literal():
                return literal(tree, self.typing.of(tree))
            case nodes.Path():
                return self._path(tree)
            case nodes.Dollar(name):
                return self._dollar(name)
            case nodes.History(number, from_end):
                return _found(self.scope.history(number, from_end), "value in the history")
            case nodes.Unary():
                return self._unary(tree)
            case nodes.Binary():
                return self._binary(tree)
            case nodes.Cast(operand, type_):
                return casts.cast(self.value(operand), type_, self.scope, self.presenter)
            case nodes.FieldAccess(base, name):
                return parts.field(self.value(base), name, self.presenter)
            case nodes.Index(base, index):
                return self._index(self.value(base), index)
            case nodes.RangeOf(start, end, inclusive):
                ends = [None if part is None else self.value(part) for part in (start, end)]
                return computed.range_of(ends[0], ends[1], inclusive)
            case nodes.Call(function, arguments):
                typed = self.typing.calls.get(id(tree))
                if typed is not None:
                    return paths.call_typed(self, tree, typed)
                return paths.call(self, function, arguments)
            case nodes.MethodCall():
                return self._method_call(tree)
            case nodes.Closure():
                raise EvaluationError("a closure can only be a method's argument: v.map(|x| x + 1)")
            case nodes.TupleOf(items):
                return computed.tuple_of([self.value(item) for item in items])
            case nodes.ArrayOf(items):
                return computed.listed([self.value(item) for item in items])
            case nodes.Repeat(item, count):
                return self._repeat(self.value(item), self.value(count).integer())
            case nodes.StructOf(path, fields, base):
                values = [(name, self.value(inner)) for name, inner in fields]
                rest = None if base is None else self.value(base)
                return paths.struct_literal(self, path, values, rest)
            case nodes.Matches():
                return computed.boolean(self._matches(tree))
            case nodes.VecOf(items):
                return computed.named(self.value(items), self.typing.of(tree))
            case nodes.Format() | nodes.Block() | nodes.If() | nodes.Match() | nodes.Try():
                return control_flow.evaluate(self, tree)
            case nodes.Return(value):
                raise LeaveError(computed.unit() if value is None else self.value(value))
            case nodes.Assign():
                own_places.assign(self, tree)
                return computed.unit()
            case unknown:
                assert_never(unknown)

    def _method_call(self, tree: nodes.MethodCall) -> Value:
        typed = self.typing.calls.get(id(tree))
        if typed is None:
            return call_method(self, tree)
        found = loops.run(self, tree, lambda: call_typed(self, tree, typed))
        return call_typed(self, tree, typed) if found is None else found

    def _path(self, tree: nodes.Path) -> Value:
        bound = self._bound(tree)
        return paths.resolve(self, tree) if bound is None else bound

    def _bound(self, tree: nodes.Path) -> Value | None:
        if tree.is_name:
            name = tree.segments[0].name
            for names in reversed(self.bound):
                if name in names:
                    return names[name]
        return None

    def local(self, tree: nodes.Path) -> Value | None:
        """Find the variable that a path names, ``None`` where there is none."""
        bound = self._bound(tree)
        if bound is not None or not tree.is_name:
            return bound
        return self.scope.lookup(tree.segments[0].name)

    def _dollar(self, name: str) -> Value:
        found = self.scope.variable(name)
        if found is None:
            found = self.scope.register(name)
        return _found(found, f"register or variable ${name}")

    # -- operators ---------------------------------------------------------------
    def operand(self, tree: Expression) -> Value:
        """Evaluate a scalar operand, behind references and in transparent wrappers."""
        return indirection.scalar(self.value(tree), self.presenter)

    def _unary(self, tree: nodes.Unary) -> Value:
        match tree.operator:
            case "*":
                return self._dereferenced(tree.operand)
            case "&":
                return computed.reference(self.value(tree.operand))
            case "&mut":
                return self._borrowed(tree.operand)
            case "&raw const":
                return computed.raw_pointer(self.value(tree.operand), "*const ")
            case "&raw mut":
                return computed.raw_pointer(self.value(tree.operand), "*mut ")
            case "-":
                return self._negative(tree)
            case "!":
                return operators.invert(self.operand(tree.operand))
            case unknown:
                assert_never(unknown)

    def _borrowed(self, operand: Expression) -> Value:
        """Evaluate ``&mut operand``: of a place of its own a reference that can change it."""
        place = own_places.find_place(self, operand)
        if place is None:
            return computed.reference(self.value(operand))
        if self.typing.of(operand).name == "Iter":
            raise EvaluationError("an iterator is not borrowed here", hint="use it by its name")
        return own_places.reference_to(place)

    def _dereferenced(self, operand: Expression) -> Value:
        """Evaluate ``*operand``.

        References are transparent at run time: a value that its type calls ``&T`` may be
        the ``T`` itself, as the items that ``iter`` gives are.
        """
        value, term = self.value(operand), self.typing.of(operand)
        if term.name in REFERENCES and not indirection.is_reference(value, self.presenter):
            return value
        found = indirection.deref_once(value, self.presenter)
        if found is None and term.name in _SHOWN_AS_CONTENT and not _is_a(value, term.name):
            return value
        return indirection.dereference(value, self.presenter) if found is None else found

    def _negative(self, tree: nodes.Unary) -> Value:
        """Evaluate ``-x``; a literal with its sign, since -128 is an i8 and 128 is none."""
        match tree.operand:
            case nodes.Literal("integer", int(number)) as operand:
                name = self.typing.of(operand).name
                if name in PRIMITIVES and PRIMITIVES[name].row.encoding == "signed":
                    return computed.integer(-number, PRIMITIVES[name])
            case _:
                pass
        return operators.negate(self.operand(tree.operand))

    def truth(self, tree: Expression) -> bool:
        """Evaluate a condition.

        Raises:
            EvaluationError: It is not a ``bool``.
        """
        found = self.operand(tree)
        truth = found.valid()
        if isinstance(truth, bool):
            return truth
        raise EvaluationError(f"expected bool, found {found.type.name}", tree.span)

    def _binary(self, tree: nodes.Binary) -> Value:
        match tree.operator:
            case "&&":
                return computed.boolean(self.truth(tree.left) and self.truth(tree.right))
            case "||":
                return computed.boolean(self.truth(tree.left) or self.truth(tree.right))
            case "==" | "!=" | "<" | "<=" | ">" | ">=":
                left, right = self.value(tree.left), self.value(tree.right)
                return computed.boolean(
                    operators.compare(tree.operator, left, right, self.comparer)
                )
            case _:
                return self._arithmetic(tree, tree.operator)

    def _arithmetic(self, tree: nodes.Binary, operator: nodes.ArithmeticOperator) -> Value:
        left, right = self.value(tree.left), self.value(tree.right)
        found = operators.on_std_types(operator, left, right, self.presenter)
        if found is not None:
            return found
        owner = strip_references(self.term(tree.left)).name
        if owner in operators.LIMITING:
            return operators.in_newtype(owner, operator, left, right, self.presenter)
        left = indirection.scalar(left, self.presenter)
        return operators.arithmetic(operator, left, indirection.scalar(right, self.presenter))

    def _repeat(self, item: Value, count: int) -> Value:
        if not 0 <= count <= 1 << 20:
            raise EvaluationError(f"an array of {count} items is too long")
        return computed.listed([item] * count)

    def _matches(self, tree: nodes.Matches) -> bool:
        matcher = Matcher(self.comparer, self.value, lambda name: paths.find_constant(self, name))
        found = matcher.match(self.value(tree.operand), tree.pattern)
        if found is None:
            return False
        if tree.guard is None:
            return True
        with_names = self.with_names(found)
        return with_names.truth(tree.guard)

    def with_names(self, names: dict[str, Value]) -> Evaluator:
        """Return an evaluator that knows more names, for closure bodies and guards."""
        inner = Evaluator(self.scope, self.presenter, self.caller, self.typing)
        inner.comparer = self.comparer
        inner.methods = self.methods
        inner.resolved = self.resolved
        inner.bound = [*self.bound, names]
        return inner

    def capturing(self, function: Expression) -> Evaluator:
        """Return an evaluator for a closure that may be called later.

        What it captures it sees as it is now, unless it is there to change it.
        """
        if not self.typing.changes or self.typing.changed_by.get(id(function)):
            return self
        inner = self.with_names({})
        inner.bound = [dict(names) for names in self.bound]
        return inner

    def apply(self, function: Expression, arguments: tuple[Value, ...]) -> Value:
        """Call a closure written in the expression, or a function that it names."""
        if not isinstance(function, nodes.Closure):
            typed = self.typing.calls.get(id(function))
            if typed is not None and isinstance(function, nodes.Path):
                return paths.apply_typed(self, function, typed, arguments)
            return paths.apply_named(self, function, arguments)
        if len(function.parameters) != len(arguments):
            raise EvaluationError(
                f"the closure takes {len(function.parameters)} arguments, not {len(arguments)}",
                function.span,
            )
        matcher = Matcher(self.comparer, self.value, lambda name: None)
        names: dict[str, Value] = {}
        for pattern, argument in zip(function.parameters, arguments, strict=True):
            found = matcher.match(argument, pattern)
            if found is None:
                raise EvaluationError("the closure's pattern does not match", function.span)
            names |= found
        try:
            return self.with_names(names).value(function.body)
        except LeaveError as leaving:
            return leaving.value

    # -- indexing ----------------------------------------------------------------
    def _index(self, base: Value, index_tree: Expression) -> Value:
        index = self.value(index_tree)
        view = parts.find_container(base, self.presenter)
        if view is None:
            item_at = parts.find_item_at(base, self.presenter)
            return item_at(self._indices(index)) if item_at else self._beside(base, index)
        if isinstance(view, MapView):
            found = lookups.look_up(view, index, self.comparer)
            if found is None:
                raise EvaluationError("no such key in the map")
            return found
        _, index_view = self.comparer.look_through(index)
        if isinstance(index_view, RangeView):
            return parts.slice_of(view, index_view, base)
        if isinstance(view, TextView) and view.kind != "bytes":
            raise EvaluationError(
                "a str is not indexed by a number", hint="use .bytes() or s[a..b]"
            )
        position = indirection.scalar(index, self.presenter).integer()
        if isinstance(view, TextView):
            return parts.byte_of(view, position)
        assert isinstance(view, SequenceView)  # containers are maps, texts or sequences
        if view.is_set:
            raise EvaluationError("a set has no positions", hint="use .contains(..) or .iter()")
        return view.item(position)

    def _indices(self, index: Value) -> tuple[int, ...]:
        """The numbers in ``a[[1, 2]]`` and ``a[(1, 2)]``; libraries have either."""
        _, view = self.comparer.look_through(index)
        if isinstance(view, RecordView) and view.is_tuple and not view.name:
            items = [item for _, item in view.fields]
        elif isinstance(view, SequenceView) and view.length is not None:
            items = list(view.items.walk(0, view.length))
        else:
            items = [index]
        return tuple(indirection.scalar(each, self.presenter).integer() for each in items)

    def _beside(self, base: Value, index: Value) -> Value:
        """What lies beside the item that a raw pointer points to."""
        pointer = pointed_items.raw_pointer_in(base, self.presenter)
        if pointer is None:
            raise EvaluationError(f"{base.type.name} cannot be indexed")
        _, bounds = self.comparer.look_through(index)
        if isinstance(bounds, RangeView):
            return pointed_items.items_between(pointer, bounds, self.presenter)
        position = indirection.scalar(index, self.presenter).integer()
        return pointed_items.item_at(pointer, position)


def literal(tree: nodes.Literal, term: Term = UNKNOWN) -> Value:
    """Evaluate a literal of the type that its surroundings give it.

    Without one, and without a suffix, its type stays undecided.

    Raises:
        EvaluationError: It does not fit the type.
    """
    value = tree.value
    match tree.kind:
        case "bool":
            return computed.boolean(bool(value))
        case "char":
            return computed.char(str(value))
        case "text":
            return computed.text(str(value))
        case "bytes":
            assert isinstance(value, bytes)  # as the parser promises
            return computed.byte_string(value)
        case "integer" | "byte":
            assert isinstance(value, int)  # as the parser promises
            name = term.name if term.name in PRIMITIVES else tree.suffix
            if name in ("f32", "f64"):
                return computed.real(float(value), PRIMITIVES[name])
            return computed.integer(value, PRIMITIVES.get(name, computed.INTEGER))
        case "float":
            assert isinstance(value, float)  # as the parser promises
            name = term.name if term.name in PRIMITIVES else tree.suffix
            return computed.real(value, PRIMITIVES.get(name, computed.FLOAT))


def _found(value: Value | None, what: str) -> Value:
    if value is None:
        raise EvaluationError(f"no {what}")
    return value


__all__ = ["UNIT", "CrabtrapError", "Evaluator", "UnavailableError", "evaluate", "literal"]
