"""The output: the only part of the console that writes to its streams."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TextIO

from crabtrap.errors import CrabtrapError, ParseError
from crabtrap.events import StreamName
from crabtrap.files import text_lines
from crabtrap.frontends.console.screen import ScreenModes
from crabtrap.frontends.console.styled_text import Text, Token, escape, escape_line, sanitise
from crabtrap.frontends.describe import JsonObject
from crabtrap.frontends.streams import OutputLostError

_ERASED_LINE = "\r\x1b[K"
_ESCAPE_WRITTEN_OUT = "\\u{1b}["


class Output:
    """Writes replies, events and errors as text.

    Attributes:
        colour: Whether to add ANSI styles.
        raw_program: The program's output goes to the terminal as it is.
        sanitised: Some of the program's output was escaped, because it would have moved the
            cursor or the like.
        lost: Why the last of it could not be written, ``None`` while all is well.
    """

    json = False

    def __init__(
        self,
        stream: TextIO,
        *,
        colour: bool,
        errors: TextIO | None = None,
        columns: Callable[[], int] | None = None,
    ) -> None:
        """Write nothing yet.

        Args:
            stream: Where to write; ``sys.stdout`` in real use.
            colour: Whether to add ANSI styles.
            errors: Where errors go; ``stream`` unless given.
            columns: The width of the terminal on which progress is drawn; ``None`` for nowhere.
        """
        self._stream = stream
        self._errors = errors or stream
        self.colour = colour
        self.raw_program = False
        self.sanitised = False
        self.lost: OutputLostError | None = None
        self._screen = ScreenModes()
        self._line_open = False
        self._columns = columns
        self._drawn = False
        self._undisturbed = False

    @property
    def symbols(self) -> bool:
        """Whether characters beyond ASCII can be shown."""
        return (getattr(self._stream, "encoding", None) or "utf-8").lower().startswith("utf")

    def lines(self, lines: Iterable[Text]) -> None:
        """Write whole lines."""
        self._write(self._stream, lines)

    def say(self, *parts: str | Token | Text) -> None:
        """Write one line that is neither a reply nor an event."""
        self.lines([Text(*parts)])

    def reply(self, command: str, data: JsonObject, lines: Iterable[Text]) -> None:
        """Show the reply of a command."""
        self.lines(lines)

    def event(self, name: str, data: JsonObject, lines: Iterable[Text]) -> None:
        """Show an event."""
        self.lines(lines)

    def error(self, error: CrabtrapError, command: str) -> None:
        """Show why a command failed and what to try."""
        self._write(self._errors, error_lines(error))

    def bug(self, report: str, command: str) -> None:
        """Show the report of a bug in crabtrap."""
        self._write(self._errors, [Text((line, "dim")) for line in text_lines(report)])

    def progress(self, text: str | None) -> None:
        """Show in the last line what takes long, until something is written; ``None`` erases it.

        Nothing is drawn over a line that the program has begun, or that a person is typing.
        """
        if self._columns is None or self._line_open or self._undisturbed:
            return
        self._erase()
        if text is not None:
            # The last column stays free: some terminals begin a line when it is written to.
            line = Text((escape_line(text)[: max(self._columns() - 1, 0)], "dim"))
            self._put(self._stream, line.styled() if self.colour else line.plain)
            self._drawn = True

    @contextmanager
    def undisturbed(self) -> Generator[None]:
        """Draw no progress during the body, in which a person is typing."""
        self._undisturbed = True
        try:
            yield
        finally:
            self._undisturbed = False

    def _erase(self) -> None:
        if self._drawn:
            self._drawn = False
            self._put(self._stream, _ERASED_LINE)

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

    def restore_screen(self) -> None:
        """Undo the terminal modes that a program left switched on when it ended."""
        undone = self._screen.undo()
        if undone:
            self._put(self._stream, undone)

    def plain(self, text: str) -> None:
        """Write the text of an ``echo`` without ending the line."""
        self._put(self._stream, escape(text))
        self._line_open = not text.endswith("\n")

    def _write(self, stream: TextIO, lines: Iterable[Text]) -> None:
        shown = [line.styled() if self.colour else line.plain for line in lines]
        if not shown:
            return
        if self._line_open:
            shown.insert(0, "")
            self._line_open = False
        self._put(stream, "\n".join(shown) + "\n")

    def _put(self, stream: TextIO, text: str) -> None:
        """Write ``text`` through to the reader.

        Raises:
            OutputLostError: It cannot be written; nor can what follows.
        """
        self._erase()
        try:
            try:
                stream.write(text)
            except UnicodeEncodeError:
                encoding = stream.encoding or "ascii"
                stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
            stream.flush()
        except OSError as error:
            self.lost = OutputLostError(error)
            raise self.lost from error


def error_lines(error: CrabtrapError) -> list[Text]:
    """The lines that show an error: its cause, where in the input it is, what to try."""
    lines = [Text(("error: ", "error"), str(error))]
    if isinstance(error, ParseError) and error.text:
        width = max(1, error.end - error.start)
        # An escaped character before the caret is wider than the character.
        indent = len(escape_line(error.text[: error.start]))
        lines.append(Text("  ", error.text))
        lines.append(Text("  ", " " * indent, ("^" * width, "error")))
    if error.hint:
        lines.append(Text(("  try: ", "hint"), error.hint))
    return lines


def wants_colour(choice: str, stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether to add ANSI styles.

    Args:
        choice: "always", "never" or "auto".
        stream: Where the text goes.
        environment: Looked up for ``NO_COLOR``, ``CLICOLOR_FORCE`` and ``TERM``.

    Example:
        >>> import sys
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
