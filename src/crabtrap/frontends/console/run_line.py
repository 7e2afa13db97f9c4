"""Parsing of the text after ``run``: arguments and redirections."""

from __future__ import annotations

import re

from crabtrap.errors import ParseError
from crabtrap.records import dataclass

# A redirection, or a word made of quoted, escaped and plain parts.
_PIECE = r"""(?xs)
        (?P<operator>2?>>?|<)
      | (?P<word>(?:'[^']*' | "(?:\\.|[^"\\])*" | \\. | [^\s'"\\<>])+)
      | (?P<wrong>\S)"""
_PART = r"(?s)'([^']*)'|\"((?:\\.|[^\"\\])*)\"|\\(.)|([^'\"\\]+)"
_STREAMS = {"<": "stdin", ">": "stdout", "2>": "stderr"}


@dataclass(frozen=True, slots=True)
class RunLine:
    """The arguments and redirections of a ``run``.

    Attributes:
        arguments: Without ``argv[0]``.
        files: Files by stream: "stdin", "stdout", "stderr".
        append: Output files are appended to.
    """

    arguments: tuple[str, ...]
    files: dict[str, str]
    append: bool


def parse_run_line(line: str, text: str) -> RunLine:
    """Split ``text``, the end of ``line``, as a shell would, without expanding anything.

    Raises:
        ParseError: A quote is open, or a redirection has no file.
    """
    offset = line.rfind(text) if text else len(line)
    arguments: list[str] = []
    files: dict[str, str] = {}
    append = False
    operator: re.Match[str] | None = None
    for match in re.finditer(_PIECE, text):
        start, end = offset + match.start(), offset + match.end()
        if match["wrong"] or (operator is not None and match["operator"]):
            what = "a quote is not closed" if match["wrong"] else "a file is missing"
            raise ParseError(what, line, start, end, hint=_USAGE)
        if match["operator"]:
            operator = match
        elif operator is None:
            arguments.append(_unquoted(match["word"]))
        else:
            files[_STREAMS[operator["operator"].replace(">>", ">")]] = _unquoted(match["word"])
            append = append or operator["operator"].endswith(">>")
            operator = None
    if operator is not None:
        start, end = offset + operator.start(), offset + operator.end()
        raise ParseError(f"{operator.group()} needs a file after it", line, start, end, hint=_USAGE)
    return RunLine(tuple(arguments), files, append)


_USAGE = "run ARGUMENTS <IN >OUT 2>ERR"


def _unquoted(word: str) -> str:
    parts: list[str] = []
    for single, double, escaped, plain in re.findall(_PART, word):
        parts.append(single or re.sub(r'\\(["\\])', r"\1", double) or escaped or plain)
    return "".join(parts)
