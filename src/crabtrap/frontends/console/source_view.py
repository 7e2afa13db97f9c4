"""Source lines with numbers, marks and highlighting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from crabtrap import Breakpoint
from crabtrap.errors import UsageError
from crabtrap.frontends.console.styled_text import Role, Text

if TYPE_CHECKING:
    from crabtrap import SourceFile, StackFrame
    from crabtrap.frontends.console.context import CommandContext

_TAB = 4
_CHUNK_LIMIT = 400
_LONGEST_LINE = 400


def stop_context(context: CommandContext, frame: StackFrame) -> list[Text]:
    """The source lines around the line of ``frame``; one line saying why, if there are none."""
    count = context.preferences.context_lines
    if not frame.path or not frame.line or count <= 0:
        return []
    file = context.session.sources.find(frame.path, frame.loaded_module)
    if file.reason:
        hint = f"; {file.hint}" if file.hint else ""
        location = f"{frame.path}:{frame.line}"
        return [Text((f"  {location}: no source: {file.reason}{hint}", "dim"))]
    if frame.line > len(file.lines):
        text = f"  the file has only {len(file.lines)} lines: not the one that was compiled"
        return [Text((text, "warning"))]
    first = max(1, frame.line - count // 2)
    last = min(len(file.lines), first + count - 1)
    lines = numbered_lines(context, file, first, last, current=frame.line)
    return lines + objections(file, frame.module or "the program")


def objections(file: SourceFile, module: str = "the program") -> list[Text]:
    """A warning where a file is not the one that was compiled, naming what it was compiled to."""
    if not file.objection:
        return []
    objection = file.objection.replace("the program", module)
    return [Text((f"  the file is {objection}: rebuild it", "warning"))]


def source_file(context: CommandContext, path: str) -> SourceFile:
    """Find a source file by its path in the debug information.

    Raises:
        UsageError: It cannot be shown; the text says why, the hint what to do.
    """
    file = context.session.sources.find(path)
    if file.reason:
        raise UsageError(f"cannot show {path}: {file.reason}", hint=file.hint)
    return file


def numbered_lines(
    context: CommandContext, file: SourceFile, first: int, last: int, *, current: int = 0
) -> list[Text]:
    """Lines ``first`` to ``last``, both included, with marks at breakpoints and at ``current``."""
    lines, path = file.lines, file.name
    shown = lines[first - 1 : last]
    if context.output.colour and path.endswith(".rs"):
        texts = highlighted(lines, first, last)
    else:
        texts = [Text(line.expandtabs(_TAB)) for line in shown]
    marks = _breakpoint_marks(context, path)
    arrow, dot = ("▶", "●") if context.output.symbols else (">", "*")
    width = max(3, len(str(last)))
    result: list[Text] = []
    for number, text in enumerate(texts, first):
        here = number == current
        line = Text((dot if number in marks else " ", "breakpoint"))
        line.add((arrow if here else " ", "marker"))
        line.add((f" {number:>{width}}", "strong" if here else "dim"))
        result.append(line.add("  ", _cut(text)) if text else line)
    return result


def _breakpoint_marks(context: CommandContext, path: str) -> set[int]:
    return {
        location.line
        for item in context.client.breakpoints
        if isinstance(item, Breakpoint) and item.enabled
        for location in item.locations
        if location.path == path and location.line is not None
    }


def _cut(text: Text) -> Text:
    if len(text.plain) <= _LONGEST_LINE:
        return text
    return Text((text.plain[:_LONGEST_LINE], "plain"), ("…", "dim"))


def highlighted(lines: Sequence[str], first: int, last: int) -> list[Text]:
    """Lines ``first`` to ``last`` with syntax highlighting, lexed from the item they belong to."""
    start = _item_start(lines, first)
    # Tabs are expanded before lexing; control characters are escaped when tokens are shown.
    source = "\n".join(line.expandtabs(_TAB) for line in lines[start - 1 : last])
    texts = [Text()]
    for kind, piece in _lexer().get_tokens(source):
        role = _role(kind)
        for number, part in enumerate(piece.split("\n")):
            if number:
                texts.append(Text())
            if part:
                texts[-1].add((part, role))
    return texts[first - start : last - start + 1]


def _item_start(lines: Sequence[str], first: int) -> int:
    """The nearest line up to ``first`` that begins an item, where lexing can begin."""
    lowest = max(1, first - _CHUNK_LIMIT)
    for number in range(first, lowest, -1):
        line = lines[number - 1]
        if line[:1].isalpha() or line.startswith("#["):
            return number
    return lowest


@lru_cache(maxsize=1)
def _lexer():  # noqa: ANN202  (the type would cost the import that is put off here)
    # types-pygments has no stub for the single lexers.
    from pygments.lexers.rust import RustLexer  # pyright: ignore[reportMissingTypeStubs]

    return RustLexer(stripnl=False, ensurenl=False)


_ROLES: Mapping[str, Role] = {
    "Token.Keyword.Type": "type",
    "Token.Keyword": "keyword",
    "Token.Literal.String": "string",
    "Token.Literal.Number": "number",
    "Token.Comment": "comment",
    "Token.Name.Function.Magic": "macro",
    "Token.Name.Function": "function",
    "Token.Name.Class": "type",
    "Token.Name.Builtin": "type",
    "Token.Name.Attribute": "macro",
    "Token.Name.Label": "macro",
    "Token.Comment.Preproc": "macro",
}


@lru_cache(maxsize=256)
def _role(kind: object) -> Role:
    name = str(kind)
    while name:
        if name in _ROLES:
            return _ROLES[name]
        name = name.rpartition(".")[0]
    return "plain"
