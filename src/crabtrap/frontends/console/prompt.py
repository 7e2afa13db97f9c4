"""The prompt a person types at: editing, history, completion, suggestions."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import FormattedText
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.shortcuts import CompleteStyle

from crabtrap.folders import state_folder
from crabtrap.frontends.console.completion import MOST_COMPLETIONS, completions
from crabtrap.frontends.console.styled_text import escape_line
from crabtrap.frontends.streams import OutputLostError

if TYPE_CHECKING:
    from crabtrap.frontends.console.command import CommandTable
    from crabtrap.frontends.console.context import CommandContext

_HISTORY_MODE = 0o600


class PromptLines:
    """Lines that a person types.

    The end of input (Ctrl-D) is ``None``, as with every other source.
    """

    interactive = True
    name = ""

    def __init__(self, context: CommandContext, table: CommandTable) -> None:
        self._output = context.output
        self.number = 0
        self._session: PromptSession[str] = PromptSession(
            history=_history(),
            completer=LineCompleter(context, table),
            complete_style=CompleteStyle.READLINE_LIKE,
            complete_while_typing=False,
            auto_suggest=AutoSuggestFromHistory() if self._output.colour else None,
            enable_history_search=True,
            enable_suspend=True,  # Ctrl-Z, as in every other program
        )

    def next_line(self, prompt: str) -> str | None:
        """Ask for a line; Ctrl-C gives up the one being typed, Ctrl-D ends the input."""
        self.number += 1
        shown = prompt or "(crabtrap) "
        style = "bold" if self._output.colour else ""
        while True:
            try:
                with self._output.undisturbed():
                    return self._session.prompt(FormattedText([(style, shown)]))
            except KeyboardInterrupt:
                continue
            except EOFError:
                return None
            except OSError as error:
                # The toolkit writes to the terminal itself.
                raise OutputLostError(error) from error

    def ask(self, question: str) -> bool:
        """Ask a yes-or-no question until it is answered; Ctrl-C and Ctrl-D mean no."""
        while True:
            try:
                answer = input(f"{question} (y or n) ")
            except (EOFError, KeyboardInterrupt):
                return False
            match answer.strip().lower()[:1]:
                case "y":
                    return True
                case "n":
                    return False
                case _:
                    continue


class LineCompleter(Completer):
    """Offers what may be at the cursor."""

    def __init__(self, context: CommandContext, table: CommandTable) -> None:
        self._context, self._table = context, table

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Yield what may replace the end of the line, as ``completions`` finds it."""
        before = document.text_before_cursor
        found = completions(self._context, self._table, before)
        for text, replaced in found[:MOST_COMPLETIONS]:
            # Names come from the program's files; what is inserted must be typeable.
            yield Completion(escape_line(text), start_position=-replaced)
        if len(found) > MOST_COMPLETIONS:
            # It inserts nothing, so that what the others have in common is not taken for
            # what all of them have.
            yield Completion("", display="… and more: type on")


class _DedupedHistory(FileHistory):
    """A history file; a line that equals the one before it is not added."""

    def append_string(self, string: str) -> None:
        known = self.get_strings()
        if not known or known[-1] != string:
            super().append_string(string)


def _history() -> History:
    """History under the XDG state directory; in memory where that cannot be written."""
    try:
        path = Path(state_folder(), "history")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Command lines may hold secrets that were typed into expressions.
        path.touch(mode=_HISTORY_MODE)
    except OSError:
        return InMemoryHistory()
    return _DedupedHistory(str(path))
