"""The parser of expressions: precedence climbing with Rust's precedences.

An error carries the span of the token it is about, for a caret under the input.
"""

from __future__ import annotations

from typing import cast

from crabtrap.errors import ParseError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.control import ControlParser
from crabtrap.expr.syntax.grammar import ASSIGNMENTS
from crabtrap.expr.syntax.height import height
from crabtrap.expr.syntax.nodes import Expression, Span

_BINARY: dict[str, int] = {
    **dict.fromkeys(("*", "/", "%"), 11),
    **dict.fromkeys(("+", "-"), 10),
    **dict.fromkeys(("<<", ">>"), 9),
    "&": 8,
    "^": 7,
    "|": 6,
    **dict.fromkeys(("==", "!=", "<", ">", "<=", ">=", "is"), 5),
    "&&": 4,
    "||": 3,
    **dict.fromkeys(("..", "..="), 2),
    "as": 12,
}
_RAW_BORROWS: dict[str, nodes.UnaryOperator] = {
    "addr_of": "&raw const",
    "addr_of_mut": "&raw mut",
}
_HIGHEST = 128
"""Levels of a tree: each takes several of the thousand calls that Python's stack holds."""
_COMPARISON, _RANGE, _UNARY = 5, 2, 13
_LOOPS = frozenset(["let", "loop", "while", "for", "break", "continue", "async"])


def parse(text: str) -> Expression:
    """Parse one expression, an assignment included.

    Raises:
        ParseError: The text is no expression; the error has the span that is not.

    Example:
        >>> parse("v[1..].len() > 2 && !done").operator
        '&&'
    """
    parser = Parser(text)
    tree = parser.expression()
    parser.expect_end()
    if height(tree, _HIGHEST) > _HIGHEST:
        raise ParseError(
            f"more than {_HIGHEST} operations build upon each other",
            text,
            tree.span.start,
            tree.span.end,
            hint="evaluate a part of it first, and use it as $1",
        )
    return tree


class Parser(ControlParser):
    """Parses expressions."""

    def expression(self, minimum: int = 0) -> Expression:
        """Parse an expression whose operators bind at least as tightly as ``minimum``."""
        with self.nested():
            left = self._prefix_range() if self.at("..", "..=") else self._unary()
            return self._completed(left, minimum)

    def continued(self, tree: Expression) -> Expression:
        """Parse the rest of an expression that begins with ``tree``."""
        return self._completed(self._postfix(tree), 0)

    def _completed(self, left: Expression, minimum: int) -> Expression:
        tree = self._operators(left, minimum)
        if minimum or not self.at(*ASSIGNMENTS):
            return tree
        return self._assignment(tree)

    def _assignment(self, target: Expression) -> Expression:
        operator = self.advance().text[:-1] or None
        return nodes.Assign(
            target,
            self.expression(),
            cast("nodes.ArithmeticOperator | None", operator),
            self.span_from(target.span.start),
        )

    def _operators(self, left: Expression, minimum: int) -> Expression:
        while True:
            token = self.peek()
            power = _BINARY.get(token.text, -1) if token.kind in ("op", "name") else -1
            if power < max(minimum, 0) or power == -1:
                return left
            self.advance()
            start = left.span.start
            if token.text == "as":
                left = nodes.Cast(left, self.type_name(), self.span_from(start))
                self._no_shift(left.type)
            elif token.text == "is":
                left = nodes.Matches(left, self.pattern(), None, self.span_from(start))
            elif power == _RANGE:
                left = self._range(left, token.text == "..=", start)
            else:
                right = self.expression(power + 1)
                operator = cast("nodes.BinaryOperator", token.text)
                left = nodes.Binary(operator, left, right, self.span_from(start))
                self._no_chain(power)

    def _no_shift(self, type_: str) -> None:
        """Refuse ``x as usize << 1``, as Rust does."""
        if self.at("<<") and type_[-1:].isalnum():
            raise self.error(
                f"`<<` is interpreted as a start of generic arguments for `{type_}`, not a shift",
                hint=f"(.. as {type_}) << ..",
            )

    def _no_chain(self, power: int) -> None:
        """Refuse ``a < b < c``, as Rust does."""
        token = self.peek()
        if power == _COMPARISON and token.kind == "op" and _BINARY.get(token.text) == power:
            raise self.error("comparisons cannot be chained", hint="use &&")

    def _prefix_range(self) -> Expression:
        token = self.advance()
        return self._range(None, token.text == "..=", token.start)

    def _range(self, left: Expression | None, inclusive: bool, start: int) -> Expression:
        end = None
        if not self.at(")", "]", "}", ",", ";", "=>") and self.peek().kind != "end":
            end = self.expression(_RANGE + 1)
        elif inclusive:
            raise self.error("an inclusive range needs its end")
        return nodes.RangeOf(left, end, inclusive, self.span_from(start))

    def _unary(self) -> Expression:
        token = self.peek()
        if token.kind != "op":
            return self._postfix(self._atom())
        match token.text:
            case "-" | "!" | "*":
                self.advance()
                return self._prefixed(token.text, token.start)
            case "&" | "&&":
                self.advance()
                tree = self._prefixed(self._borrow(), token.start)
                if token.text == "&":
                    return tree
                return nodes.Unary("&", tree, tree.span)
            case "|" | "||":
                return self._closure()
            case _:
                return self._postfix(self._atom())

    def _borrow(self) -> str:
        """Parse what follows ``&``: ``mut``, ``raw const``, ``raw mut`` or nothing."""
        if self.at_name("mut"):
            self.advance()
            return "&mut"
        following = self.peek(1)
        if self.at_name("raw") and following.kind == "name" and following.text in ("const", "mut"):
            self.advance()
            return f"&raw {self.advance().text}"
        return "&"

    def _prefixed(self, operator: str, start: int) -> Expression:
        with self.nested():
            operand = self._unary()
        span = Span(start, operand.span.end)
        return nodes.Unary(cast("nodes.UnaryOperator", operator), operand, span)

    def _closure(self) -> Expression:
        start = self.peek().start
        moves = self.at_name("move")
        if moves or self.at_name("static"):
            self.advance()
        parameters: list[nodes.Pattern] = []
        types: list[str] = []
        if self.advance().text == "|":
            while not self.at("|"):
                parameters.append(self.single_pattern())
                types.append(self.type_name() if self.accept(":") else "")
                if not self.accept(","):
                    break
            self.expect("|")
        result = self.type_name() if self.accept("->") else ""
        body = self.block() if result else self.expression()
        written = tuple(types) if any(types) else ()
        return nodes.Closure(tuple(parameters), body, written, result, moves, self.span_from(start))

    def _postfix(self, tree: Expression) -> Expression:
        start = tree.span.start
        while True:
            if self.accept("."):
                tree = self._member(tree, start)
            elif self.accept("["):
                with self.head(structs=True):
                    index = self.expression()
                self.expect("]")
                tree = nodes.Index(tree, index, self.span_from(start))
            elif self.accept("("):
                arguments = self._arguments(")")
                tree = nodes.Call(tree, arguments, self.span_from(start))
            elif self.accept("?"):
                tree = nodes.Try(tree, self.span_from(start))
            else:
                return tree

    def _member(self, base: Expression, start: int) -> Expression:
        token = self.peek()
        if token.kind == "integer" and token.text.isdecimal():
            self.advance()
            return nodes.FieldAccess(base, token.text, self.span_from(start))
        if token.kind != "name":
            raise self.error("a field or method name belongs here")
        if token.text == "await":
            raise self.error("nothing can be awaited while the program is stopped")
        self.advance()
        name = token.text.removeprefix("r#")
        generics: tuple[str, ...] = ()
        if self.at("::"):
            self.advance()
            generics = self.generic_arguments()
        if self.accept("("):
            arguments = self._arguments(")")
            return nodes.MethodCall(base, name, arguments, generics, self.span_from(start))
        if generics:
            raise self.error("generic arguments belong to a method call")
        return nodes.FieldAccess(base, name, self.span_from(start))

    def _arguments(self, closing: str) -> tuple[Expression, ...]:
        items: list[Expression] = []
        with self.head(structs=True):
            while not self.at(closing):
                items.append(self.expression())
                if not self.accept(","):
                    break
        self.expect(closing)
        return tuple(items)

    # -- atoms -------------------------------------------------------------------
    def _atom(self) -> Expression:
        token = self.peek()
        match token.kind:
            case "integer" | "float" | "char" | "byte" | "text" | "bytes":
                return self.literal()
            case "dollar":
                self.advance()
                return nodes.Dollar(token.text[1:], Span(token.start, token.end))
            case "history":
                return self._history()
            case "name":
                return self._name()
            case "op" if token.text == "(":
                return self._parenthesis()
            case "op" if token.text == "[":
                return self.array()
            case "op" if token.text == "{":
                return self.block()
            case "op" if token.text in ("<", "::"):
                return self._path_or_struct()
            case "end":
                raise self.error("the expression ends too early")
            case _:
                raise self.error(f"{token.text!r} does not begin an expression")

    def _history(self) -> Expression:
        token = self.advance()
        digits = token.text.lstrip("$")
        span = Span(token.start, token.end)
        if token.text.startswith("$$"):
            return nodes.History(int(digits or "1"), True, span)
        return nodes.History(int(digits or "0"), not digits, span)

    def _name(self) -> Expression:
        token = self.peek()
        if token.text in ("true", "false"):
            self.advance()
            return nodes.Literal("bool", token.text == "true", "", Span(token.start, token.end))
        if token.text == "matches" and self.peek(1).text == "!":
            return self._matches()
        if token.text in ("if", "match", "return", "unsafe", "const"):
            return self.control()
        if token.text in _LOOPS:
            hint = "iterators are: (0..9).map(..), .take_while(..), .for_each(..), .fold(..)"
            raise self.error(f"{token.text} is not part of the language here", hint=hint)
        if token.text in ("move", "static") and self.peek(1).text in ("|", "||"):
            return self._closure()
        return self._path_or_struct()

    def _path_or_struct(self) -> Expression:
        path = self.path()
        if self.at("!") and self.peek(1).text in ("(", "[", "{"):
            return self._macro(path)
        if self.at("{") and self.structs:
            return self._struct(path)
        return path

    def _macro(self, path: nodes.Path) -> Expression:
        """Parse ``addr_of!(place)``, by any path; other macros are not known."""
        name = path.segments[-1].name
        operator = _RAW_BORROWS.get(name)
        if operator is None and name not in ("vec", "format", "dbg"):
            hint = "matches!, format!, vec!, dbg!, addr_of! and addr_of_mut! are"
            raise self.error(f"the macro {path.text}! is not known here", hint=hint)
        self.advance()
        if name == "vec":
            items = self.array({"(": ")", "[": "]", "{": "}"}[self.peek().text])
            return nodes.VecOf(items, self.span_from(path.span.start))
        if name == "format":
            return self.format(path.span.start)
        if name == "dbg" and self.at("("):
            return self._parenthesis()
        if operator is None:
            raise self.error(f"{name}! takes its arguments in parentheses")
        self.expect("(")
        operand = self.expression()
        self.expect(")")
        return nodes.Unary(operator, operand, self.span_from(path.span.start))

    def _matches(self) -> Expression:
        start = self.advance().start
        self.advance()
        self.expect("(")
        operand = self.expression()
        self.expect(",")
        pattern = self.pattern()
        guard = None
        if self.at_name("if"):
            self.advance()
            guard = self.expression()
        self.accept(",")
        self.expect(")")
        return nodes.Matches(operand, pattern, guard, self.span_from(start))

    def _struct(self, path: nodes.Path) -> Expression:
        self.expect("{")
        fields: list[tuple[str, Expression]] = []
        base: Expression | None = None
        while not self.at("}"):
            token = self.advance()
            if token.text == ".." and token.kind not in ("name", "integer"):
                base = self.expression()
                break
            if token.kind not in ("name", "integer"):
                raise self.error_at("a field name belongs here", token)
            if self.accept(":"):
                fields.append((token.text, self.expression()))
            else:
                span = Span(token.start, token.end)
                fields.append((token.text, nodes.Path((nodes.Segment(token.text),), "", span)))
            if not self.accept(","):
                break
        self.expect("}")
        return nodes.StructOf(path, tuple(fields), base, self.span_from(path.span.start))

    def _parenthesis(self) -> Expression:
        start = self.advance().start
        if self.accept(")"):
            return nodes.TupleOf((), self.span_from(start))
        with self.head(structs=True):
            first = self.expression()
        if self.accept(")"):
            return first
        self.expect(",")
        items = (first, *self._arguments(")"))
        return nodes.TupleOf(items, self.span_from(start))

    def array(self, closing: str = "]") -> nodes.ArrayOf | nodes.Repeat:
        """Parse ``[a, b]`` or ``[item; count]``, also in other brackets."""
        start = self.advance().start
        if self.accept(closing):
            return nodes.ArrayOf((), self.span_from(start))
        with self.head(structs=True):
            first = self.expression()
        if self.accept(";"):
            count = self.expression()
            self.expect(closing)
            return nodes.Repeat(first, count, self.span_from(start))
        items = (first,)
        if self.accept(","):
            items = (first, *self._arguments(closing))
        else:
            self.expect(closing)
        return nodes.ArrayOf(items, self.span_from(start))
