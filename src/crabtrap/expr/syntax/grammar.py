"""The parser of paths, type names, literals and patterns; ``parser.py`` builds on it."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager

from crabtrap.errors import ParseError
from crabtrap.expr.syntax import nodes
from crabtrap.expr.syntax.nodes import Pattern, Span
from crabtrap.expr.syntax.tokens import Token, tokenize, unquote

_INTEGER = re.compile(r"(0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[0-9_]+)(\w*)$")
_MAX_DEPTH = 100
ASSIGNMENTS = frozenset(["=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="])
_FLOAT = re.compile(r"(.*?)(f16|f32|f64|f128)?$")


class TokenParser:
    """A cursor over the tokens of one input, with the errors that point at a token."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(tokenize(text))
        self.position = 0
        self._depth = 0

    def peek(self, ahead: int = 0) -> Token:
        """Return the next token, or one further ahead, and leave it."""
        return self.tokens[min(self.position + ahead, len(self.tokens) - 1)]

    def advance(self) -> Token:
        """Take the next token; the one of kind "end" stays."""
        token = self.peek()
        self.position = min(self.position + 1, len(self.tokens) - 1)
        return token

    def at(self, *texts: str) -> bool:
        """Say whether the next token is one of these operators."""
        token = self.peek()
        return token.kind == "op" and token.text in texts

    def at_name(self, text: str) -> bool:
        """Say whether the next token is this name."""
        token = self.peek()
        return token.kind == "name" and token.text == text

    def accept(self, text: str) -> bool:
        """Take an operator if it is next, and say whether it was."""
        if not self.at(text):
            return False
        self.advance()
        return True

    def expect(self, text: str) -> None:
        """Take an operator that must be next; ``>>`` gives its first half."""
        token = self.peek()
        if token.kind == "op" and text == ">" and token.text in (">>", ">=", ">>="):
            rest = Token("op", token.text[1:], token.start + 1, token.end)
            self.tokens[self.position] = rest
        elif not self.accept(text):
            found = "the end" if token.kind == "end" else repr(token.text)
            raise self.error(f"expected {text!r}, found {found}")

    def expect_end(self) -> None:
        """Fail where a token is left."""
        if self.peek().kind != "end":
            raise self.error(f"unexpected {self.peek().text!r} after the expression")

    @contextmanager
    def nested(self) -> Generator[None]:
        """Count a level of nesting, since each takes some of Python's stack.

        Raises:
            ParseError: There are more than ``_MAX_DEPTH`` levels.
        """
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self.error("nested too deeply")
        try:
            yield
        finally:
            self._depth -= 1

    def span_from(self, start: int) -> Span:
        """Return the span from ``start`` to the end of the last token taken."""
        end = self.tokens[self.position - 1].end if self.position else start
        return Span(start, max(start, end))

    def error(self, message: str, *, hint: str = "") -> ParseError:
        """Create an error about the next token."""
        return self.error_at(message, self.peek(), hint=hint)

    def error_at(self, message: str, token: Token, *, hint: str = "") -> ParseError:
        """Create an error about a token."""
        return ParseError(message, self.text, token.start, token.end, hint=hint)


class TypeParser(TokenParser):
    """Parses paths and type names."""

    def path(self) -> nodes.Path:
        """Parse ``a::b::<T>``, ``<T as Trait>::f`` or ``::a``."""
        start = self.peek().start
        owner = ""
        if self.accept("<"):
            owner = self.type_name()
            if self.at_name("as"):
                self.advance()
                owner = f"{owner} as {self.type_name()}"
            self.expect(">")
            self.expect("::")
        else:
            self.accept("::")
        segments = [self._segment()]
        while self.at("::"):
            self.advance()
            if self.at("<"):
                arguments = self.generic_arguments()
                segments[-1] = nodes.Segment(segments[-1].name, arguments)
            else:
                segments.append(self._segment())
        return nodes.Path(tuple(segments), owner, self.span_from(start))

    def _segment(self) -> nodes.Segment:
        token = self.peek()
        if token.kind != "name":
            raise self.error("a name belongs here")
        self.advance()
        return nodes.Segment(token.text.removeprefix("r#"))

    def generic_arguments(self) -> tuple[str, ...]:
        """Parse ``<A, B>``; each argument is a canonical text."""
        self.expect("<")
        arguments: list[str] = []
        while not self.at(">", ">>", ">=", ">>="):
            arguments.append(self.type_name())
            if not self.accept(","):
                break
        self.expect(">")
        return tuple(arguments)

    def type_name(self) -> str:
        """Parse a type, to a canonical text: ``*const Vec<u8>``."""
        with self.nested():
            return self._type_name()

    def _type_name(self) -> str:
        if self.at("*"):
            self.advance()
            if not (self.at_name("const") or self.at_name("mut")):
                raise self.error("a raw pointer is *const or *mut")
            return f"*{self.advance().text} {self.type_name()}"
        if self.at("&", "&&"):
            sigil = self.advance().text
            if self.at_name("mut"):
                self.advance()
                sigil += "mut "
            return sigil + self.type_name()
        if self.accept("("):
            return self._tuple_type()
        if self.accept("["):
            return self._array_type()
        if self.accept("!"):
            return "!"
        if self.peek().kind == "integer":
            return self.advance().text
        return self._path_type()

    def _tuple_type(self) -> str:
        items: list[str] = []
        while not self.at(")"):
            items.append(self.type_name())
            if not self.accept(","):
                break
        self.expect(")")
        return f"({', '.join(items)}{',' if len(items) == 1 else ''})"

    def _array_type(self) -> str:
        item = self.type_name()
        count = ""
        if self.accept(";"):
            count = f"; {self.advance().text}"
        self.expect("]")
        return f"[{item}{count}]"

    def _path_type(self) -> str:
        if self.at_name("dyn") or self.at_name("impl"):
            return f"{self.advance().text} {self.type_name()}"
        if self.at_name("fn"):
            return self._function_type()
        text = self._named_type()
        while self.accept("::"):
            text += f"::{self._named_type()}"
        return text

    def _named_type(self) -> str:
        if self.at("<"):
            raise self.error("a name belongs here")
        name = self._segment().name
        if self.at("::") and self.peek(1).text == "<":
            self.advance()
        if self.at("<"):
            return f"{name}<{', '.join(self.generic_arguments())}>"
        return name

    def _function_type(self) -> str:
        self.advance()
        self.expect("(")
        parameters: list[str] = []
        while not self.at(")"):
            parameters.append(self.type_name())
            if not self.accept(","):
                break
        self.expect(")")
        result = f" -> {self.type_name()}" if self.accept("->") else ""
        return f"fn({', '.join(parameters)}){result}"


def is_type_name(text: str) -> bool:
    """Say whether a text can be a type: ``Option<&str>``, and also ``total``."""
    try:
        parser = TypeParser(text)
        parser.type_name()
        parser.expect_end()
    except ParseError:
        return False
    return True


class PatternParser(TypeParser):
    """Parses literals and patterns."""

    def literal(self) -> nodes.Literal:
        """Parse a literal."""
        token = self.advance()
        span = Span(token.start, token.end)
        match token.kind:
            case "integer":
                return self._integer(token, span)
            case "float":
                match = _FLOAT.match(token.text)
                assert match is not None  # the pattern matches anything
                number = float(match.group(1).replace("_", ""))
                return nodes.Literal("float", number, match.group(2) or "", span)
            case "char" | "text":
                return nodes.Literal(token.kind, unquote(token, self.text), "", span)
            case "byte":
                return nodes.Literal("byte", ord(unquote(token, self.text)), "u8", span)
            case "bytes":
                data = unquote(token, self.text).encode("latin-1")
                return nodes.Literal("bytes", data, "", span)
            case _:
                raise self.error_at("a literal belongs here", token)

    def _integer(self, token: Token, span: Span) -> nodes.Literal:
        match = _INTEGER.match(token.text)
        assert match is not None  # as the lexer promises
        digits, suffix = match.groups()
        if digits.startswith(("0x", "0o", "0b")) and not digits[2:].strip("_"):
            raise self.error_at("a number without digits", token)
        base = {"0x": 16, "0o": 8, "0b": 2}.get(digits[:2], 10)
        body = digits[2:] if base != 10 else digits
        return nodes.Literal("integer", int(body.replace("_", ""), base), suffix, span)

    def pattern(self) -> Pattern:
        """Parse a pattern with alternatives."""
        self.accept("|")
        options = [self.single_pattern()]
        while self.accept("|"):
            options.append(self.single_pattern())
        return options[0] if len(options) == 1 else nodes.Either(tuple(options))

    def single_pattern(self) -> Pattern:
        """Parse a pattern without alternatives."""
        with self.nested():
            return self._single_pattern()

    def _single_pattern(self) -> Pattern:
        token = self.peek()
        if token.kind == "op":
            return self._operator_pattern(token)
        if token.kind == "name":
            return self._name_pattern(token)
        return self._literal_pattern()

    def _operator_pattern(self, token: Token) -> Pattern:
        match token.text:
            case "&" | "&&":
                self.advance()
                if self.at_name("mut"):
                    self.advance()
                inner = nodes.Reference(self.single_pattern())
                return inner if token.text == "&" else nodes.Reference(inner)
            case "(":
                return self._tuple_pattern()
            case "<" | "::":
                return self._path_pattern("")
            case "[":
                self.advance()
                return nodes.SliceOf(self._patterns("]"))
            case "..":
                self.advance()
                if self.peek().kind in ("integer", "char", "float", "byte") or self.at("-"):
                    return nodes.Between(None, self._bound(), False)
                return nodes.Rest()
            case "..=":
                self.advance()
                return nodes.Between(None, self._bound(), True)
            case _:
                return self._literal_pattern()

    def _tuple_pattern(self) -> Pattern:
        self.advance()
        if self.accept(")"):
            return nodes.Constructor(None, ())
        first = self.pattern()
        if self.accept(")"):
            return first if not isinstance(first, nodes.Rest) else nodes.Constructor(None, (first,))
        self.expect(",")
        return nodes.Constructor(None, (first, *self._patterns(")")))

    def _patterns(self, closing: str) -> tuple[Pattern, ...]:
        items: list[Pattern] = []
        while not self.at(closing):
            items.append(self.pattern())
            if not self.accept(","):
                break
        self.expect(closing)
        return tuple(items)

    def _name_pattern(self, token: Token) -> Pattern:
        if token.text == "_":
            self.advance()
            return nodes.Wildcard()
        if token.text in ("true", "false"):
            self.advance()
            span = Span(token.start, token.end)
            return nodes.Equals(nodes.Literal("bool", token.text == "true", "", span))
        return self._path_pattern(self._binding_mode())

    def _binding_mode(self) -> nodes.BindingMode:
        by_reference = self._accept_name("ref")
        mutable = self._accept_name("mut")
        if not by_reference:
            return ""
        return "ref mut" if mutable else "ref"

    def _accept_name(self, name: str) -> bool:
        found = self.at_name(name)
        if found:
            self.advance()
        return found

    def _path_pattern(self, mode: nodes.BindingMode) -> Pattern:
        path = self.path()
        if mode and not path.is_name:
            raise self.error("a name belongs here")
        if self.accept("("):
            return nodes.Constructor(path, self._patterns(")"))
        if self.at("{"):
            return self._fields_pattern(path)
        if self.accept("@"):
            return nodes.Bind(path.text, self.single_pattern(), mode)
        return nodes.Bind(path.text, None, mode) if path.is_name else nodes.Constructor(path, None)

    def _fields_pattern(self, path: nodes.Path) -> Pattern:
        self.expect("{")
        fields: list[tuple[str, Pattern]] = []
        rest = False
        while not self.at("}"):
            if self.accept(".."):
                rest = True
                break
            mode = self._binding_mode()
            token = self.advance()
            if token.kind not in ("name", "integer"):
                raise self.error_at("a field name belongs here", token)
            bound = nodes.Bind(token.text, None, mode)
            inner = self.pattern() if not mode and self.accept(":") else bound
            fields.append((token.text, inner))
            if not self.accept(","):
                break
        self.expect("}")
        return nodes.Fields(path, tuple(fields), rest)

    def _bound(self) -> nodes.Expression:
        if self.at("-"):
            start = self.advance().start
            operand = self.literal()
            return nodes.Unary("-", operand, Span(start, operand.span.end))
        return self.literal()

    def _literal_pattern(self) -> Pattern:
        value = self._bound()
        if not self.at("..", "..="):
            return nodes.Equals(value)
        inclusive = self.advance().text == "..="
        ends = self.peek().kind in ("integer", "char", "float", "byte") or self.at("-")
        if not ends and inclusive:
            raise self.error("an inclusive range needs its end")
        return nodes.Between(value, self._bound() if ends else None, inclusive)
