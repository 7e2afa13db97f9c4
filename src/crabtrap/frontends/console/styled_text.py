"""Styled text: lines made of tokens, each a string and a role.

Styles are added from the role alone, and every string is escaped, so nothing that came
from a program, a symbol table or a file can move the cursor, change the title or reorder
a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

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

# C0 but for newline and tab, DEL, C1, and the characters that reorder or hide text.
_UNSAFE = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f"
)
# Patterns are compiled by ``re`` at their first use: most sessions never meet such text.
_ESCAPED = f"[{_UNSAFE}]"
_ESCAPED_IN_LINE = f"[{_UNSAFE}\n\t]"

# What a program's relayed output may do to the terminal: colour itself and redraw its
# own line.  Everything else, such as a bell, is shown and not obeyed.
_HARMLESS = "\x1b\\[[0-9;:]*[mK]|[\r\b]"


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
    for match in re.finditer(_HARMLESS, text):
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
