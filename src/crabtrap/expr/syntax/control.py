"""The parser of blocks, ``if``, ``match`` and ``format!``; ``parser.py`` builds on it."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Generator
from contextlib import contextmanager

from crabtrap.errors import ParseError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.grammar import PatternParser
from crabtrap.expr.syntax.nodes import Expression, Span
from crabtrap.expr.syntax.tokens import Token, unquote

_SPEC = re.compile(
    r"(?:(?P<fill>.)?(?P<align>[<^>]))?(?P<sign>\+)?(?P<alternate>\#)?(?P<zero>0(?!\$))?"
    r"(?P<width>\d+\$?|[^\W\d]\w*\$)?(?:\.(?P<precision>\d+\$?|[^\W\d]\w*\$|\*))?"
    r"(?P<style>\?|x|X|o|b|e|E)?",
    re.DOTALL,
)


class ControlParser(PatternParser):
    """Parses what has blocks in it, and format strings."""

    structs = True
    """Whether ``Name {`` begins a struct; in the head of ``if`` and ``match`` it does not."""

    @abstractmethod
    def expression(self, minimum: int = 0) -> Expression:
        """Parse an expression."""

    @abstractmethod
    def continued(self, tree: Expression) -> Expression:
        """Parse the rest of an expression that begins with ``tree``."""

    @contextmanager
    def head(self, *, structs: bool) -> Generator[None]:
        """Parse where ``Name {`` is a struct, or is a name before a block."""
        before, self.structs = self.structs, structs
        try:
            yield
        finally:
            self.structs = before

    def control(self) -> Expression:
        """Parse ``if``, ``match``, ``return`` or an ``unsafe`` block."""
        token = self.advance()
        match token.text:
            case "if":
                return self._if(token.start)
            case "match":
                return self._match(token.start)
            case "return":
                ends = self.at(")", "]", "}", ",", ";") or self.peek().kind == "end"
                value = None if ends else self.expression()
                return nodes.Return(value, self.span_from(token.start))
            case _:
                return self.block()

    def block(self) -> nodes.Block:
        """Parse ``{ statement; result }``."""
        start = self.peek().start
        self.expect("{")
        statements: list[nodes.Let | Expression] = []
        result: Expression | None = None
        with self.head(structs=True):
            while not self.at("}"):
                if self.at_name("let"):
                    statements.append(self._let())
                    self.expect(";")
                    continue
                tree, is_complete = self._statement()
                if self.accept(";"):
                    statements.append(tree)
                elif self.at("}"):
                    result = tree
                elif is_complete:
                    statements.append(tree)
                else:
                    raise self.error("expected `;` or `}`")
        self.expect("}")
        return nodes.Block(tuple(statements), result, self.span_from(start))

    def _statement(self) -> tuple[Expression, bool]:
        """Parse a statement, and say whether it ends by itself, as one with a block does.

        As in Rust only a method, a field or a ``?`` makes more of that: what else follows is
        another statement.
        """
        if self.at("{"):
            tree: Expression = self.block()
        elif self.at_name("if") or self.at_name("match") or self.at_name("unsafe"):
            tree = self.control()
        else:
            return self.expression(), False
        if self.at(".", "?"):
            return self.continued(tree), False
        return tree, True

    def _let(self) -> nodes.Let:
        start = self.advance().start
        pattern = self.pattern()
        type_ = self.type_name() if self.accept(":") else ""
        self.expect("=")
        value = self.expression()
        otherwise: nodes.Block | None = None
        if self.at_name("else"):
            self.advance()
            otherwise = self.block()
        return nodes.Let(pattern, value, type_, otherwise, self.span_from(start))

    def _if(self, start: int) -> nodes.If:
        with self.head(structs=False):
            conditions = self._conditions("{")
        then = self.block()
        otherwise: Expression | None = None
        if self.at_name("else"):
            self.advance()
            otherwise = self.control() if self.at_name("if") else self.block()
        return nodes.If(conditions, then, otherwise, self.span_from(start))

    def _conditions(self, end: str) -> tuple[nodes.Let | Expression, ...]:
        """Parse conditions that ``&&`` joins, up to ``end``; any of them may be a ``let``."""
        conditions = [self._condition(end)]
        while self.accept("&&"):
            conditions.append(self._condition(end))
        return tuple(conditions)

    def _condition(self, end: str) -> nodes.Let | Expression:
        if not self.at_name("let"):
            return self.expression(5 if self._lets_follow(end) else 0)
        start = self.advance().start
        pattern = self.pattern()
        self.expect("=")
        return nodes.Let(pattern, self.expression(5), "", None, self.span_from(start))

    def _lets_follow(self, end: str) -> bool:
        for ahead in range(len(self.tokens) - self.position):
            token = self.peek(ahead)
            if token.text == end:
                return False
            if token.text == "&&" and self.peek(ahead + 1).text == "let":
                return True
        return False

    def _match(self, start: int) -> nodes.Match:
        with self.head(structs=False):
            operand = self.expression()
        self.expect("{")
        arms: list[nodes.Arm] = []
        with self.head(structs=True):
            while not self.at("}"):
                arms.append(self._arm())
                if not self.accept(",") and not isinstance(arms[-1].body, nodes.Block):
                    break
        self.expect("}")
        return nodes.Match(operand, tuple(arms), self.span_from(start))

    def _arm(self) -> nodes.Arm:
        pattern = self.pattern()
        guards: tuple[nodes.Let | Expression, ...] = ()
        if self.at_name("if"):
            self.advance()
            guards = self._conditions("=>")
        self.expect("=>")
        body = self.block() if self.at("{") else self.expression()
        return nodes.Arm(pattern, guards, body)

    # -- format strings ----------------------------------------------------------
    def format(self, start: int) -> nodes.Format:
        """Parse what follows ``format!``: a template and its arguments."""
        closing = {"(": ")", "[": "]", "{": "}"}[self.advance().text]
        template = self.peek()
        if template.kind != "text":
            raise self.error("format! begins with a text in quotes")
        self.advance()
        positional: list[Expression] = []
        named: dict[str, Expression] = {}
        while self.accept(",") and not self.at(closing):
            if self.peek().kind == "name" and self.peek(1).text == "=":
                name = self.advance().text
                self.advance()
                named[name] = self.expression()
            else:
                positional.append(self.expression())
        self.expect(closing)
        text = unquote(template, self.text)
        pieces = _Template(self, template, text, positional, named).pieces()
        return nodes.Format(pieces, self.span_from(start))


class _Template:
    """The template of one ``format!``, with the arguments that it may use."""

    def __init__(
        self,
        parser: ControlParser,
        token: Token,
        text: str,
        positional: list[Expression],
        named: dict[str, Expression],
    ) -> None:
        self._parser = parser
        self._token = token
        self._text = text
        self._positional = positional
        self._named = named
        self._used: set[int] = set()
        self._next = 0

    def pieces(self) -> tuple[str | tuple[Expression, nodes.FormatSpec], ...]:
        """Cut the template into texts and arguments.

        Raises:
            ParseError: A brace is alone, or an argument is missing or left over.
        """
        found: list[str | tuple[Expression, nodes.FormatSpec]] = []
        literal, at, text = "", 0, self._text
        while at < len(text):
            if text[at : at + 2] in ("{{", "}}"):
                literal, at = literal + text[at], at + 2
            elif text[at] == "{":
                end = text.find("}", at)
                if end < 0:
                    raise self._error("expected `}` in the format string")
                found += [literal] if literal else []
                found.append(self._placeholder(text[at + 1 : end]))
                literal, at = "", end + 1
            elif text[at] == "}":
                raise self._error("unmatched `}` in the format string")
            else:
                literal, at = literal + text[at], at + 1
        if len(self._used) < len(self._positional):
            raise self._error("an argument of format! is never used")
        return (*found, *([literal] if literal else []))

    def _placeholder(self, text: str) -> tuple[Expression, nodes.FormatSpec]:
        name, _, rest = text.partition(":")
        match = _SPEC.fullmatch(rest.rstrip())
        if match is None:
            raise self._error(f"unknown format {text!r}")
        parts = match.groupdict()
        precision = (
            self._argument("") if parts["precision"] == "*" else self._count(parts["precision"])
        )
        spec = nodes.FormatSpec(
            parts["fill"] or " ",
            parts["align"] or "",
            parts["sign"] or "",
            bool(parts["alternate"]),
            bool(parts["zero"]),
            self._count(parts["width"]),
            precision,
            parts["style"] or "",
        )
        return self._argument(name.strip()), spec

    def _count(self, text: str | None) -> int | Expression | None:
        if text is None:
            return None
        return self._argument(text[:-1]) if text.endswith("$") else int(text)

    def _argument(self, name: str) -> Expression:
        if name and not name.isdecimal():
            if name in self._named:
                return self._named[name]
            span = Span(self._token.start, self._token.end)
            return nodes.Path((nodes.Segment(name),), "", span)
        index = int(name) if name else self._next
        self._next += not name
        if index >= len(self._positional):
            raise self._error(f"format! has no argument {index}")
        self._used.add(index)
        return self._positional[index]

    def _error(self, message: str) -> ParseError:
        return self._parser.error_at(message, self._token)
