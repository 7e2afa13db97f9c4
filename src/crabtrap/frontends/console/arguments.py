"""Parsing of a command's arguments: words, counts, formats, options and conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NoReturn

from crabtrap.errors import ParseError
from crabtrap.records import dataclass

_FAR = 1 << 62
_LONGEST_RANGE = 1 << 16
"""Numbers of breakpoints or displays in one range of a command."""
# Patterns are compiled by ``re`` at their first use: few commands need them.
_FORMAT = r"/(-?\d+)?([A-Za-z]*)(?=\s|$|[*&$(\"'-])"
_IF = r"(?:^|(?<=\s))if(?=[\s(!]|$)"


@dataclass(frozen=True, slots=True)
class Format:
    """The ``/COUNTletters`` after ``print``, ``x`` and ``display``.

    Attributes:
        count: How many items, ``None`` where not given; negative for backwards.
        letters: Format and size letters, as typed.
    """

    count: int | None
    letters: str


class Arguments:
    """A cursor over the part of a command line after its verb, which errors can point into.

    Args:
        line: The whole line, so that errors can point into it.
        position: Where the arguments begin.
        verb: The canonical name of the command, for messages.
        usage: One usage line, for hints.
    """

    def __init__(self, line: str, position: int = 0, verb: str = "", usage: str = "") -> None:
        self.line = line
        self.verb = verb
        self._usage = usage
        self._position = position
        self._skip_space()

    @property
    def rest(self) -> str:
        """The text not yet taken, without surrounding space."""
        return self.line[self._position :].rstrip()

    @property
    def empty(self) -> bool:
        """Whether nothing is left."""
        return not self.rest

    def take_rest(self) -> str:
        """Take everything that is left."""
        rest = self.rest
        self._position = len(self.line)
        return rest

    def word(self) -> str | None:
        """Take the next word, ``None`` at the end."""
        match = re.compile(r"\S+").match(self.line, self._position)
        if match is None:
            return None
        self._position = match.end()
        self._skip_space()
        return match.group()

    def need_word(self, what: str) -> str:
        """Take the next word; fail, naming ``what`` is missing, if there is none."""
        word = self.word()
        if word is None:
            self.fail(f"{self.verb} needs {what}")
        return word

    def need_rest(self, what: str) -> str:
        """Take everything that is left; fail if that is nothing."""
        if self.empty:
            self.fail(f"{self.verb} needs {what}")
        return self.take_rest()

    def literal(self, *words: str) -> str | None:
        """Take the next word if it is one of ``words``."""
        start = self._position
        word = self.word()
        if word in words:
            return word
        self._position = start
        return None

    def integer(self, what: str = "a number", *, signed: bool = False) -> int | None:
        """Take a decimal or ``0x`` number, ``None`` at the end.

        Raises:
            ParseError: The next word is something else.
        """
        start = self._position
        word = self.word()
        if word is None:
            return None
        value = parse_integer(word)
        if value is None or (value < 0 and not signed):
            raise ParseError(
                f"expected {what}, not {word!r}", self.line, start, start + len(word),
                hint=self._hint(),
            )  # fmt: skip
        return value

    def count(self) -> int:
        """Take a repeat count, 1 where there is none.

        Raises:
            ParseError: It is not a number, or nothing may follow it.
        """
        value = self.integer("a count")
        self.end()
        return 1 if value is None else value

    def numbers(self) -> list[int]:
        """Take everything that is left as numbers and ranges ``3-5``."""
        found: list[int] = []
        while not self.empty:
            start = self._position
            word, span = self._range()
            if span is None:
                raise ParseError(
                    f"expected a number or a range, not {word!r}",
                    self.line, start, start + len(word), hint=self._hint(),
                )  # fmt: skip
            found += span
        return found

    def labels(self) -> list[str]:
        """Take everything that is left as labels, of which those of a range are its numbers."""
        found: list[str] = []
        while not self.empty:
            word, span = self._range()
            found += [word] if span is None else map(str, span)
        return found

    def _range(self) -> tuple[str, range | None]:
        """Take the next word, and the numbers that it stands for, if it does."""
        start = self._position
        word = self.need_word("a number")
        span = parse_range(word)
        if span is not None and len(span) > _LONGEST_RANGE:
            raise ParseError(
                f"a range of more than {_LONGEST_RANGE} numbers",
                self.line, start, start + len(word),
            )  # fmt: skip
        return word, span

    def format(self) -> Format | None:
        """Take a ``/FMT`` directly after the verb."""
        match = re.compile(_FORMAT).match(self.line, self._position)
        if match is None:
            if self.line[self._position : self._position + 1] == "/":
                self.fail("this is not a format", hint="formats look like /x, /4xb or /s")
            return None
        self._position = match.end()
        self._skip_space()
        count, letters = match.groups()
        return Format(int(count) if count else None, letters)

    def options(self, known: Mapping[str, bool | type[int]]) -> dict[str, str]:
        """Take leading ``-x VALUE`` or ``--long VALUE`` options.

        Args:
            known: Option without dashes, and whether it takes a value; ``int`` for a number.

        Returns:
            Value of every option given; ``""`` for those without one.
        """
        found: dict[str, str] = {}
        while match := re.compile(r"--?([A-Za-z][\w-]*)(=)?").match(self.line, self._position):
            name = match.group(1)
            if name not in known:
                listed = ", ".join(f"-{option}" for option in known)
                raise ParseError(
                    f"{self.verb} has no option -{name}", self.line, match.start(), match.end(),
                    hint=f"options are {listed}",
                )  # fmt: skip
            self._position = match.end()
            if not match.group(2):
                self._skip_space()
            found[name] = self._value(name, known[name])
        return found

    def _value(self, name: str, kind: bool | type[int]) -> str:
        if not kind:
            return ""
        if kind is not int:
            return self.quoted(f"a value for -{name}")
        number = self.integer(f"a number for -{name}")
        if number is None:
            self.fail(f"a number for -{name} is missing")
        return str(number)

    def known_options(self, known: Mapping[str, str]) -> dict[str, str]:
        """Take leading ``-name VALUE`` options in front of an expression, which may begin so.

        Args:
            known: Options without dash, and what their value is; ``""`` for none.
        """
        found: dict[str, str] = {}
        pattern = re.compile(rf"-({'|'.join(known)})(?=\s+\S)")
        while match := pattern.match(self.line, self._position):
            name = match.group(1)
            self._position = match.end()
            self._skip_space()
            found[name] = self.need_word(known[name]) if known[name] else ""
        return found

    def quoted(self, what: str) -> str:
        """Take a word that may be in quotes, which may hold spaces."""
        quote = self.line[self._position : self._position + 1]
        if quote not in ("'", '"') or not quote:
            return self.need_word(what)
        end = self.line.find(quote, self._position + 1)
        if end < 0:
            self.fail(f"the {quote} is not closed")
        text = self.line[self._position + 1 : end]
        self._position = end + 1
        self._skip_space()
        return text

    def split_condition(self) -> tuple[str, str | None]:
        """Take everything that is left as ``LOCATION [if CONDITION]``."""
        start = self._position
        rest = self.take_rest()
        match = next(
            (m for m in re.finditer(_IF, rest) if not _inside_quotes(rest, m.start())), None
        )
        if match is None:
            return rest, None
        condition = rest[match.end() :].strip()
        if not condition:
            raise ParseError(
                "the condition is missing", self.line, start + match.start(), start + match.end()
            )
        return rest[: match.start()].strip(), condition

    def end(self) -> None:
        """Fail if anything is left."""
        if not self.empty:
            self.fail(f"{self.verb} does not expect this", whole=True)

    def fail(self, message: str, *, hint: str = "", whole: bool = False) -> NoReturn:
        """Raise a ``ParseError`` that points at the next word, or at everything that is left."""
        rest = self.rest
        width = len(rest) if whole else len(rest.split(maxsplit=1)[0]) if rest else 0
        line = self.line.rstrip()
        start = self._position if rest else len(line)
        raise ParseError(message, line, start, start + width, hint=hint or self._hint())

    def _hint(self) -> str:
        return self._usage

    def _skip_space(self) -> None:
        while self.line[self._position : self._position + 1].isspace():
            self._position += 1


_MOST_DIGITS = 1000
"""More digits than any number has that means something; Python refuses still more."""


def parse_range(word: str) -> range | None:
    """Parse ``3`` or ``3-5``; ``None`` for what is neither.

    Its ends are cut at 2⁶², so that ``len`` and ``in`` work.

    Example:
        >>> parse_range("3-5"), parse_range("x")
        (range(3, 6), None)
    """
    first, dash, last = word.partition("-")
    if not first.isdecimal() or (dash and not last.isdecimal()):
        return None
    return range(min(int(first), _FAR), min(int(last or first), _FAR) + 1)


def parse_integer(word: str) -> int | None:
    """A decimal, ``0x``, ``0o`` or ``0b`` number with optional ``_``, else ``None``.

    Example:
        >>> parse_integer("0x1_0"), parse_integer("-3"), parse_integer("x")
        (16, -3, None)
    """
    try:
        return int(word, 0)
    except ValueError:
        # int() with base 0 refuses leading zeros, which gdb users type.
        return int(word) if word.isdecimal() and len(word) <= _MOST_DIGITS else None


def _inside_quotes(text: str, position: int) -> bool:
    return text.count('"', 0, position) % 2 == 1
