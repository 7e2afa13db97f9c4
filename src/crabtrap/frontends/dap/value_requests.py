"""Variables and expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import RenderOptions
from crabtrap.frontends.dap.handler import Handler
from crabtrap.frontends.dap.variable_rows import RowMaker

if TYPE_CHECKING:
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply

_WHOLE = RenderOptions(max_items=None, max_depth=64, max_text=1 << 28, max_nodes=10_000_000)
"""All of a value, for the clipboard."""


def variables(adapter: Adapter, arguments: Arguments) -> Reply:
    """The parts of what has a number."""
    container = adapter.references.container(arguments.number("variablesReference"))
    start, count = max(0, arguments.number_or("start", 0)), arguments.number_or("count", 0)
    end = start + count if count > 0 else None
    return {"variables": container.rows(start, end, arguments.text_or("filter", ""))}


def evaluate(adapter: Adapter, arguments: Arguments) -> Reply:
    """The value of an expression; nothing is changed or run by it."""
    text, context = arguments.text("expression"), arguments.text_or("context", "repl")
    frame = adapter.frame(arguments.number_or_none("frameId"))
    value = adapter.client.evaluate(text, frame)
    if context == "clipboard":
        whole = adapter.session.values.render(value, _WHOLE)
        return {"result": whole, "variablesReference": 0}
    row = RowMaker(adapter, frame).row("", value, text)
    shared = ("type", "variablesReference", "namedVariables", "indexedVariables")
    described = {name: each for name, each in row.items() if name in shared}
    return {"result": row["value"], **described}


HANDLERS = (
    Handler("variables", variables),
    Handler(
        "evaluate",
        evaluate,
        {"supportsEvaluateForHovers": True, "supportsClipboardContext": True},
    ),
)
