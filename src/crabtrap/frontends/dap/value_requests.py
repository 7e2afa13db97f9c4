"""Variables and expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CancelledError, CrabtrapError, StateError, UsageError
from crabtrap.frontends.dap.handler import Handler
from crabtrap.frontends.dap.variable_rows import RowMaker
from crabtrap.frontends.expression_completion import complete_expression

if TYPE_CHECKING:
    from crabtrap import StackFrame, Value
    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.adapter import Adapter, CommandConsole
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply


def variables(adapter: Adapter, arguments: Arguments) -> Reply:
    """The parts of what has a number."""
    container = adapter.references.container(arguments.number("variablesReference"))
    start, count = max(0, arguments.number_or("start", 0)), arguments.number_or("count", 0)
    end = start + count if count > 0 else None
    rows = container.rows(start, end, arguments.text_or("filter", ""))
    return {"variables": rows}


def evaluate(adapter: Adapter, arguments: Arguments) -> Reply:
    """The value of an expression; nothing is changed or run by it.

    In the debug console, what has no value may be a command.
    """
    text, context = arguments.text("expression"), arguments.text_or("context", "repl")
    frame = adapter.frame(arguments.number_or_none("frameId"))
    try:
        value = adapter.client.evaluate(text, frame)
    except CancelledError:
        raise
    except CrabtrapError:
        if context != "repl" or adapter.console is None or not adapter.console.understands(text):
            raise
        return _command(adapter.console, text, frame)
    if context == "clipboard":
        return {"result": _whole(adapter, value), "variablesReference": 0}
    return _described(adapter, frame, value, text, "result")


def _whole(adapter: Adapter, value: Value) -> str:
    """All of a value, for the clipboard."""
    from crabtrap import RenderOptions

    options = RenderOptions(max_items=None, max_depth=64, max_text=1 << 28, max_nodes=10_000_000)
    return adapter.session.values.render(value, options)


def _command(console: CommandConsole, line: str, frame: StackFrame | None) -> Reply:
    """Execute a command of the console, as an expression that means nothing in Rust may be one.

    Raises:
        UsageError: It has failed.
    """
    succeeded, text = console.execute(line, frame)
    if not succeeded:
        raise UsageError(text.rstrip("\n"))
    return {"result": text.rstrip("\n"), "variablesReference": 0}


def _described(
    adapter: Adapter, frame: StackFrame | None, value: Value, text: str, called: str
) -> Reply:
    """Describe the value of an expression where the protocol calls it ``called``."""
    row = RowMaker(adapter, frame).row("", value, text)
    shared = {name: each for name, each in row.items() if name in _SHARED}
    return {called: row["value"], **shared}


_SHARED = ("type", "variablesReference", "namedVariables", "indexedVariables", "memoryReference")


def set_variable(adapter: Adapter, arguments: Arguments) -> Reply:
    """Change a variable, or a part of one.

    Raises:
        UsageError: Nothing in Rust names it.
        CrabtrapError: The value does not fit.
    """
    container = adapter.references.container(arguments.number("variablesReference"))
    name = arguments.text("name")
    target = container.expression(name)
    if not target:
        raise UsageError(f"{name} cannot be changed: no expression names it")
    return _assign(adapter, container.frame, target, arguments.text("value"))


def set_expression(adapter: Adapter, arguments: Arguments) -> Reply:
    """Change what an expression names; see ``set_variable``."""
    frame = adapter.frame(arguments.number_or_none("frameId"))
    return _assign(adapter, frame, arguments.text("expression"), arguments.text("value"))


def _assign(adapter: Adapter, frame: StackFrame | None, target: str, text: str) -> Reply:
    value = adapter.client.assign(target, text, frame=frame)
    return _described(adapter, frame, value, target, "value")


def completions(adapter: Adapter, arguments: Arguments) -> Reply:
    """What may follow where the user types; nothing where nothing can be known."""
    lines = arguments.text_or("text", "").split("\n")
    line = adapter.abilities.line_from_client(
        arguments.number_or("line", adapter.abilities.first_line)
    )
    column = adapter.abilities.column_from_client(arguments.number("column")) - 1
    text = _before(lines[min(max(line, 1), len(lines)) - 1], column)
    try:
        frame = adapter.frame(arguments.number_or_none("frameId")) or adapter.client.frame
        found = complete_expression(adapter.client, frame, text)
    except StateError:
        found = []
    return {"targets": [_target(text, *each) for each in found]}


def _before(text: str, column: int) -> str:
    """What is before a column, which the protocol counts in UTF-16 code units."""
    return text.encode("utf-16-le")[: max(0, column) * 2].decode("utf-16-le", "ignore")


def _target(text: str, label: str, replaced: int) -> protocol.CompletionItem:
    start = len(text[: len(text) - replaced].encode("utf-16-le")) // 2
    length = len(text[len(text) - replaced :].encode("utf-16-le")) // 2
    return {"label": label, "start": start, "length": length}


HANDLERS = (
    Handler("variables", variables),
    Handler(
        "evaluate",
        evaluate,
        {"supportsEvaluateForHovers": True, "supportsClipboardContext": True},
    ),
    Handler("setVariable", set_variable, {"supportsSetVariable": True}, shown=True),
    Handler("setExpression", set_expression, {"supportsSetExpression": True}, shown=True),
    Handler(
        "completions",
        completions,
        {"supportsCompletionsRequest": True, "completionTriggerCharacters": [".", ":", "$"]},
    ),
)
