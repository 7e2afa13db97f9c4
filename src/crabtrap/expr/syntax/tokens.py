"""The lexer: from characters to tokens, by Rust's lexical rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from crabtrap.errors import ParseError
from crabtrap.records import dataclass

TokenKind = Literal[
    "name", "integer", "float", "char", "byte", "text", "bytes", "history", "dollar", "op", "end"
]


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    Attributes:
        text: As written; of quoted literals, the source text with quotes.
        start, end: Characters in the input.
    """

    kind: TokenKind
    text: str
    start: int
    end: int


_OPERATORS = (
    "..= ... <<= >>= << >> += -= *= /= %= &= |= ^= && || == != <= >= -> => :: .. "
    "+ - * / % & | ^ ! < > = ( ) [ ] { } , . : ; @ # ?"
)
"""Longer ones first where one begins another."""

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*)
  | (?P<bytes>b"(?:[^"\\]|\\.)*"|br(?P<bhash>\#*)".*?"(?P=bhash))
  | (?P<byte>b'(?:[^'\\]|\\.[^']*)')
  | (?P<text>"(?:[^"\\]|\\.)*"|r(?P<hash>\#*)".*?"(?P=hash))
  | (?P<char>'(?:[^'\\\n]|\\(?:u\{[0-9a-fA-F_]+\}|x[0-9a-fA-F]{2}|.))')
  | (?P<float>[0-9][0-9_]*(?:\.[0-9][0-9_]*(?:[eE][+-]?[0-9_]+)?|[eE][+-]?[0-9_]+
              |\.(?![.\w]))(?:f16|f32|f64|f128)?|[0-9][0-9_]*(?:f16|f32|f64|f128))
  | (?P<integer>(?:0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*)
              (?:[iu](?:8|16|32|64|128|size))?)
  | (?P<history>\$[0-9]+|\$\$[0-9]*|\$(?![\w$]))
  | (?P<dollar>\$[A-Za-z_]\w*)
  | (?P<name>(?:r\#)?[^\W\d]\w*|\{[a-z_]+\#\d+\})
    """
    rf"|(?P<op>{'|'.join(map(re.escape, _OPERATORS.split()))})",
    re.VERBOSE | re.DOTALL,
)


_NUMBERS = ("integer", "float", "history")
_LONGEST_NUMBER = 1000
"""Characters: a u128 in binary, however many ``_`` are in it; Python limits itself to 4,300."""
_LONGEST_TEXT = 1 << 16


def tokenize(text: str) -> tuple[Token, ...]:
    """Cut an expression into tokens, ended by one of kind "end".

    Raises:
        ParseError: A character that begins no token, a quote that is not closed, or a text or
            a number of absurd length.
    """
    if len(text) > _LONGEST_TEXT:
        raise ParseError(f"longer than {_LONGEST_TEXT} characters", text, _LONGEST_TEXT, len(text))
    return (*_tokens(text), Token("end", "", len(text), len(text)))


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    after_dot = False
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _bad_character(text, at)
        kind = match.lastgroup
        if after_dot and kind == "float" and re.match(r"\d+\.\d+$", match.group()):
            # `t.0.1` is two fields, not the field "0.1".
            middle = at + match.group().index(".")
            yield Token("integer", text[at:middle], at, middle)
            yield Token("op", ".", middle, middle + 1)
            yield Token("integer", text[middle + 1 : match.end()], middle + 1, match.end())
        elif kind != "space":
            yield _token(match, text)
        if kind != "space":
            after_dot = match.group() == "."
        at = match.end()


_KINDS: tuple[TokenKind, ...] = (
    "bytes",
    "byte",
    "text",
    "char",
    "float",
    "integer",
    "history",
    "dollar",
    "name",
    "op",
)


def _token(match: re.Match[str], text: str) -> Token:
    for kind in _KINDS:
        if match.group(kind) is not None:
            if kind in _NUMBERS and match.end() - match.start() > _LONGEST_NUMBER:
                raise ParseError("this number is too long", text, match.start(), match.end())
            return Token(kind, match.group(), match.start(), match.end())
    raise ParseError("unreadable token", text, match.start(), match.end())


def _bad_character(text: str, at: int) -> ParseError:
    if text[at] in "\"'":
        return ParseError("this quote is not closed", text, at, len(text))
    return ParseError(f"unexpected character {text[at]!r}", text, at, at + 1)


_SIMPLE_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", "0": "\0", "'": "'", '"': '"'}
_ESCAPE = re.compile(r"\\(u\{([0-9a-fA-F_]+)\}|x([0-9a-fA-F]{2})|\n\s*|.)", re.DOTALL)


def unquote(token: Token, text: str) -> str:
    """Return the content of a quoted literal; of bytes, as code points 0-255.

    Raises:
        ParseError: An escape Rust does not know, or a char of not exactly one character.
    """
    body = token.text.removeprefix("b")
    if body.startswith("r"):
        hashes = body[1:].index('"')
        return body[2 + hashes : len(body) - 1 - hashes]
    content = _ESCAPE.sub(lambda match: _unescape(match, token, text), body[1:-1])
    if token.kind in ("char", "byte") and len(content) != 1:
        raise ParseError("a char holds exactly one character", text, token.start, token.end)
    if token.kind in ("byte", "bytes") and any(ord(char) > 0xFF for char in content):
        raise ParseError("a byte string holds bytes only", text, token.start, token.end)
    return content


def _unescape(match: re.Match[str], token: Token, text: str) -> str:
    whole, code, byte = match.group(1), match.group(2), match.group(3)
    if code is not None or byte is not None:
        number = int((code or byte).replace("_", "") or "0", 16)
        if number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF:
            return chr(number)
    elif whole.startswith("\n"):
        return ""
    elif whole in _SIMPLE_ESCAPES:
        return _SIMPLE_ESCAPES[whole]
    start = token.start + 1 + match.start()
    raise ParseError("unknown escape", text, start, start + len(match.group()))
