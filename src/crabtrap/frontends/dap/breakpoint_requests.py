"""Where the program is to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.dap.handler import Handler
from crabtrap.frontends.dap.request_arguments import Arguments
from crabtrap.frontends.dap.stoppoint_book import Wish

if TYPE_CHECKING:
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.requests import Reply


def set_breakpoints(adapter: Adapter, arguments: Arguments) -> Reply:
    """Replace the breakpoints of a source file."""
    source = arguments.object("source")
    path = adapter.abilities.path_from_client(source.text("path"))
    wishes: list[Wish] = []
    for each in _of_source(arguments):
        line = _line(adapter, each)
        wishes.append(_wish(f"{path}:{line}", each, line))
    return _replace(adapter, f"source {path}", wishes)


def _of_source(arguments: Arguments) -> list[Arguments]:
    if "breakpoints" in arguments or "lines" not in arguments:
        return arguments.objects("breakpoints")
    return [Arguments({"line": line}) for line in arguments.items("lines")]


def _line(adapter: Adapter, breakpoint_: Arguments) -> int:
    return max(1, adapter.abilities.line_from_client(breakpoint_.number("line")))


def set_function_breakpoints(adapter: Adapter, arguments: Arguments) -> Reply:
    """Replace the breakpoints at functions."""
    wishes = [_wish(each.text("name").strip(), each) for each in arguments.objects("breakpoints")]
    return _replace(adapter, "function", wishes)


def set_instruction_breakpoints(adapter: Adapter, arguments: Arguments) -> Reply:
    """Replace the breakpoints at instructions."""
    wishes: list[Wish] = []
    for each in arguments.objects("breakpoints"):
        # What is no address is refused as an expression, with the reason, as any other wish.
        spec, offset = each.text("instructionReference"), each.number_or("offset", 0)
        wishes.append(_wish(f"*({spec}) + {offset}" if offset else f"*{spec}", each))
    return _replace(adapter, "instruction", wishes)


def _wish(spec: str, breakpoint_: Arguments, line: int = 0) -> Wish:
    return Wish(
        spec,
        line,
        condition=breakpoint_.text_or("condition", "").strip() or None,
        hit_condition=breakpoint_.text_or_none("hitCondition"),
        log=breakpoint_.text_or_none("logMessage"),
        hardware=breakpoint_.text_or_none("mode") == "hardware",
    )


def _replace(adapter: Adapter, group: str, wishes: list[Wish]) -> Reply:
    book = adapter.stoppoints
    granted = book.replace(group, wishes if adapter.configuration.debugs else [])
    return {"breakpoints": [book.describe(each, adapter.abilities) for each in granted]}


HANDLERS = (
    Handler(
        "setBreakpoints",
        set_breakpoints,
        {
            "supportsConditionalBreakpoints": True,
            "supportsHitConditionalBreakpoints": True,
            "supportsLogPoints": True,
            "breakpointModes": [
                {
                    "mode": "software",
                    "label": "Software",
                    "description": "a trap in the code",
                    "appliesTo": ["source", "instruction"],
                },
                {
                    "mode": "hardware",
                    "label": "Hardware",
                    "description": "a debug register, of which there are four",
                    "appliesTo": ["source", "instruction"],
                },
            ],
        },
        shown=True,
    ),
    Handler(
        "setFunctionBreakpoints",
        set_function_breakpoints,
        {"supportsFunctionBreakpoints": True},
        shown=True,
    ),
    Handler(
        "setInstructionBreakpoints",
        set_instruction_breakpoints,
        {"supportsInstructionBreakpoints": True},
        shown=True,
    ),
)
