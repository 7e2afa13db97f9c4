"""What the client has said of itself in ``initialize``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.frontends.dap.request_arguments import Arguments


@dataclass(frozen=True, slots=True)
class ClientAbilities:
    """What a client understands, and how it counts.

    Attributes:
        name: What it calls itself.
        first_line: Number of its first line, 0 or 1.
        first_column: Number of its first column, 0 or 1.
        uris: Its paths are ``file:`` URIs.
        types: It shows the types of variables.
        paging: It asks for parts of long variables.
        memory_references: It can show memory.
        memory_events: It wants to know that memory was changed.
        invalidated: It can be told to ask again.
        progress: It shows the progress of what takes long.
        run_in_terminal: It can start a program in a terminal.
        ansi: It shows colours.
    """

    name: str = ""
    first_line: int = 1
    first_column: int = 1
    uris: bool = False
    types: bool = False
    paging: bool = False
    memory_references: bool = False
    memory_events: bool = False
    invalidated: bool = False
    progress: bool = False
    run_in_terminal: bool = False
    ansi: bool = False

    @staticmethod
    def of(arguments: Arguments) -> ClientAbilities:
        """Read the arguments of ``initialize``."""
        return ClientAbilities(
            name=arguments.text_or("clientName", arguments.text_or("clientID", "")),
            first_line=1 if arguments.flag("linesStartAt1", True) else 0,
            first_column=1 if arguments.flag("columnsStartAt1", True) else 0,
            uris=arguments.text_or("pathFormat", "path") == "uri",
            types=arguments.flag("supportsVariableType"),
            paging=arguments.flag("supportsVariablePaging"),
            memory_references=arguments.flag("supportsMemoryReferences"),
            memory_events=arguments.flag("supportsMemoryEvent"),
            invalidated=arguments.flag("supportsInvalidatedEvent"),
            progress=arguments.flag("supportsProgressReporting"),
            run_in_terminal=arguments.flag("supportsRunInTerminalRequest"),
            ansi=arguments.flag("supportsANSIStyling"),
        )

    def line_to_client(self, line: int) -> int:
        """A line, counted from 1, as the client counts; 0 stays what it is: unknown."""
        return max(0, line - 1 + self.first_line)

    def line_from_client(self, line: int) -> int:
        """A line of the client, counted from 1."""
        return line + 1 - self.first_line

    def column_to_client(self, column: int) -> int:
        """A column, counted from 1, as the client counts."""
        return max(0, column - 1 + self.first_column)

    def column_from_client(self, column: int) -> int:
        """A column of the client, counted from 1."""
        return column + 1 - self.first_column

    def path_to_client(self, path: str) -> str:
        """A path as the client writes it."""
        if not self.uris:
            return path
        from urllib.parse import quote

        return f"file://{quote(path)}"

    def path_from_client(self, path: str) -> str:
        """A path of the client's."""
        if not path.startswith("file://"):
            return path
        from urllib.parse import unquote, urlsplit

        return unquote(urlsplit(path).path)
