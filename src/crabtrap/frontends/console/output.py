"""The one place where bytes leave the console, and the text model that leads to it.

Text is built from tokens, each a string and a role.  Styles are added here, from the
role alone, and every string is escaped here, so nothing that came from a program, a
symbol table or a file can move the cursor, change the title or reorder a line.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Literal, TextIO

from crabtrap.errors import CrabtrapError, ParseError
from crabtrap.events import StreamName
from crabtrap.frontends.console.screen import ScreenModes
from crabtrap.frontends.describe import JsonObject

Role = Literal[
    "plain",
    "dim",
    "strong",
    "error",
    "warning",
    "hint",
    "marker",
    "breakpoint",
    "thread",
    "function",
    "path",
    "number",
    "address",
    "name",
    "value",
    "type",
    "string",
    "keyword",
    "comment",
    "macro",
    "old",
    "new",
    "log",
]

# Sixteen-colour codes only: they follow the user's own palette, light or dark.
STYLES: Mapping[Role, str] = {
    "plain": "",
    "dim": "2",
    "strong": "1",
    "error": "1;31",
    "warning": "1;33",
    "hint": "36",
    "marker": "1;32",
    "breakpoint": "1;31",
    "thread": "35",
    "function": "1;33",
    "path": "32",
    "number": "36",
    "address": "34",
    "name": "36",
    "value": "",
    "type": "33",
    "string": "32",
    "keyword": "35",
    "comment": "2;3",
    "macro": "34",
    "old": "31",
    "new": "32",
    "log": "36",
}

_RESET = "\x1b[0m"
_ESCAPE_WRITTEN_OUT = "\\u{1b}["

# C0 but for newline and tab, DEL, C1, and the characters that reorder or hide text.
_UNSAFE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
# Patterns are compiled by ``re`` at their first use: most sessions never meet such text.
_ESCAPED = f"[{_UNSAFE}]"
_ESCAPED_IN_LINE = f"[{_UNSAFE}\n\t]"

# What a program's relayed output may do to the terminal: colour itself and redraw its
# own line.  Everything else that begins with an escape is shown, not obeyed.
_TAME = "\x1b\\[[0-9;:]*[mK]|[\r\b\x07]"


def escape(text: str) -> str:
    r"""Return ``text`` with every character that could act on a terminal written out.

    Newline and tab stay; the rest of C0, DEL, C1, bidirectional and invisible controls
    become ``\u{..}``.

    Example:
        >>> print(escape("a" + chr(27) + "[31mb"))
        a\u{1b}[31mb
    """
    return text if text.isprintable() else re.sub(_ESCAPED, _written_out, text)


def _written_out(match: re.Match[str]) -> str:
    return {"\n": "\\n", "\t": "\\t"}.get(match.group(), f"\\u{{{ord(match.group()):x}}}")


def escape_line(text: str) -> str:
    r"""Like ``escape``, for text that must stay on one line.

    Example:
        >>> print(escape_line("two" + chr(10) + "lines"))
        two\nlines
    """
    return text if text.isprintable() else re.sub(_ESCAPED_IN_LINE, _written_out, text)


def sanitise(text: str) -> str:
    """Escape a program's output but for colours, carriage returns and line erasure."""
    if text.isprintable() or not re.search(_ESCAPED, text):
        return text
    parts: list[str] = []
    start = 0
    for match in re.finditer(_TAME, text):
        parts += (escape(text[start : match.start()]), match.group())
        start = match.end()
    parts.append(escape(text[start:]))
    return "".join(parts)


Token = tuple[str, Role]


class Text:
    """One line of styled text.

    Args:
        parts: Plain strings, ``(string, role)`` pairs, or other texts.

    Example:
        >>> Text("at ", ("main.rs", "path"), ":3").plain
        'at main.rs:3'
    """

    __slots__ = ("tokens",)

    def __init__(self, *parts: str | Token | Text) -> None:
        self.tokens: list[Token] = []
        self.add(*parts)

    def add(self, *parts: str | Token | Text) -> Text:
        """Append parts and return the text itself."""
        for part in parts:
            match part:
                case str():
                    self.tokens.append((part, "plain"))
                case Text():
                    self.tokens += part.tokens
                case _:
                    self.tokens.append(part)
        return self

    def __bool__(self) -> bool:
        return any(text for text, _ in self.tokens)

    @property
    def plain(self) -> str:
        """The escaped characters without styles."""
        return "".join(escape_line(text) for text, _ in self.tokens)

    def styled(self) -> str:
        """The escaped characters with ANSI styles."""
        parts: list[str] = []
        for text, role in self.tokens:
            style = STYLES[role]
            shown = escape_line(text)
            parts.append(f"\x1b[{style}m{shown}{_RESET}" if style and shown else shown)
        return "".join(parts)


def joined(separator: str, texts: Iterable[Text]) -> Text:
    """Texts on one line with ``separator`` between them."""
    result = Text()
    for number, text in enumerate(texts):
        if number:
            result.add(separator)
        result.add(text)
    return result


def columns(rows: Iterable[tuple[Text, ...]], *, gap: int = 2, indent: int = 0) -> list[Text]:
    """Lay rows out in columns as wide as their widest cell; the last one is ragged."""
    table = [tuple(row) for row in rows]
    if not table:
        return []
    widths = [
        max(len(row[column].plain) for row in table if column < len(row))
        for column in range(max(len(row) for row in table))
    ]
    lines: list[Text] = []
    for row in table:
        line = Text(" " * indent)
        for column, cell in enumerate(row):
            line.add(cell)
            if column + 1 < len(row):
                line.add(" " * (widths[column] - len(cell.plain) + gap))
        lines.append(line)
    return lines


class Output:
    """Writes replies, events and errors as text.

    Attributes:
        colour: Whether to add ANSI styles.
        raw_program: A program's output goes to the terminal as it is.
        tamed: Some of it was written out because it would have moved the cursor or the like.
    """

    json = False

    def __init__(self, stream: TextIO, *, colour: bool, errors: TextIO | None = None) -> None:
        """Nothing is written yet.

        Args:
            stream: Where to write; ``sys.stdout`` in real use.
            colour: Whether to add ANSI styles.
            errors: Where errors go; ``stream`` unless given.
        """
        self._stream = stream
        self._errors = errors or stream
        self.colour = colour
        self.raw_program = False
        self.sanitised = False
        self._screen = ScreenModes()
        self._line_open = False

    @property
    def symbols(self) -> bool:
        """Whether characters beyond ASCII can be shown."""
        return (getattr(self._stream, "encoding", None) or "utf-8").lower().startswith("utf")

    def lines(self, lines: Iterable[Text]) -> None:
        """Write whole lines."""
        self._write(self._stream, lines)

    def reply(self, command: str, data: JsonObject, lines: Iterable[Text]) -> None:
        """Show what a command found out."""
        self.lines(lines)

    def event(self, name: str, data: JsonObject, lines: Iterable[Text]) -> None:
        """Show something that happened."""
        self.lines(lines)

    def error(self, error: CrabtrapError, command: str) -> None:
        """Show why a command failed and what to try."""
        self._write(self._errors, error_lines(error))

    def bug(self, report: str, command: str) -> None:
        """Show a report of a bug of ours."""
        self._write(self._errors, [Text((line, "dim")) for line in report.splitlines()])

    def program(self, stream: StreamName, data: bytes) -> None:
        """Relay what the program wrote."""
        text = data.decode("utf-8", "surrogateescape")
        shown = text
        if self.raw_program:
            self._screen.follow(text)
        else:
            shown = sanitise(text)
            self.sanitised = self.sanitised or _ESCAPE_WRITTEN_OUT in shown
        self._put(self._stream, shown)
        self._line_open = not text.endswith("\n")
        self._stream.flush()

    def restore_screen(self) -> None:
        """Undo what a program that is gone has left switched on in our terminal."""
        undone = self._screen.undo()
        if undone:
            self._put(self._stream, undone)
            self._stream.flush()

    def plain(self, text: str) -> None:
        """Write text of the user's own (``echo``) without ending the line."""
        self._put(self._stream, escape(text))
        self._line_open = not text.endswith("\n")
        self._stream.flush()

    def _write(self, stream: TextIO, lines: Iterable[Text]) -> None:
        shown = [line.styled() if self.colour else line.plain for line in lines]
        if not shown:
            return
        if self._line_open:
            shown.insert(0, "")
            self._line_open = False
        self._put(stream, "\n".join(shown) + "\n")
        stream.flush()

    def _put(self, stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


def error_lines(error: CrabtrapError) -> list[Text]:
    """Cause first, the place in the input if there is one, then what to try."""
    lines = [Text(("error: ", "error"), str(error))]
    if isinstance(error, ParseError) and error.text:
        width = max(1, error.end - error.start)
        # Escapes before the caret are wider than what they stand for.
        indent = len(escape_line(error.text[: error.start]))
        lines.append(Text("  ", error.text))
        lines.append(Text("  ", " " * indent, ("^" * width, "error")))
    if error.hint:
        lines.append(Text(("  try: ", "hint"), error.hint))
    return lines


def wants_colour(choice: str, stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Decide about ANSI styles.

    Args:
        choice: "always", "never" or "auto".
        stream: Where the text goes.
        environment: Looked up for ``NO_COLOR``, ``CLICOLOR_FORCE`` and ``TERM``.

    Example:
        >>> wants_colour("auto", sys.stdout, {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"})
        False
    """
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if environment.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return stream.isatty() and environment.get("TERM") != "dumb"


def standard_output(colour: str, environment: Mapping[str, str], *, json: bool) -> Output:
    """The output of a real session, on ``sys.stdout``, with errors on ``sys.stderr``."""
    if json:
        from crabtrap.frontends.console.json_lines import JsonOutput

        return JsonOutput(sys.stdout)
    chosen = wants_colour(colour, sys.stdout, environment)
    # Errors belong among the answers where both are read by the same eyes.
    together = sys.stdout.isatty() and sys.stderr.isatty()
    return Output(sys.stdout, colour=chosen, errors=None if together else sys.stderr)
