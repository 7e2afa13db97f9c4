"""The program's code: its sources, its modules, and where breakpoints may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import NotFoundError
from crabtrap.frontends.dap.handler import Handler

if TYPE_CHECKING:
    from crabtrap import Module
    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply


def source(adapter: Adapter, arguments: Arguments) -> Reply:
    """The text of a source file, or why there is none and what to do about it."""
    number = arguments.number_or("sourceReference", 0)
    number = number or arguments.object("source").number_or("sourceReference", 0)
    file = adapter.sources.missing(number)
    if file is None:
        raise NotFoundError("source", str(number))
    if file.lines:
        text = "\n".join(file.lines) + "\n"
    else:
        text = f"// {file.name} is not on this machine: {file.reason}.\n// {file.hint}\n"
    return {"content": text, "mimeType": "text/x-rust"}


def modules(adapter: Adapter, arguments: Arguments) -> Reply:
    """The files that are loaded into the program."""
    loaded = list(adapter.session.code.modules)
    start, count = arguments.number_or("startModule", 0), arguments.number_or("moduleCount", 0)
    shown = loaded[start : start + count] if count > 0 else loaded[start:]
    return {"modules": [describe_module(each) for each in shown], "totalModules": len(loaded)}


def describe_module(module: Module) -> protocol.Module:
    """Describe a module."""
    described: protocol.Module = {
        "id": module.path,
        "name": module.name,
        "path": module.path,
        "symbolStatus": _LEVELS.get(module.debug_level, "functions, lines and variables"),
    }
    ranges = module.executable_ranges
    if ranges:
        described["addressRange"] = f"{ranges[0][0]:#x}-{ranges[-1][1]:#x}"
    if module.image.build_id:
        described["version"] = module.image.build_id.hex()
    return described


_LEVELS = {"lines": "functions and lines", "symbols": "symbols only", "none": "no symbols"}


def breakpoint_locations(adapter: Adapter, arguments: Arguments) -> Reply:
    """The lines of a range at which a breakpoint can be."""
    abilities = adapter.abilities
    path = abilities.path_from_client(arguments.object("source").text("path"))
    first = abilities.line_from_client(arguments.number("line"))
    last = abilities.line_from_client(
        arguments.number_or("endLine", abilities.line_to_client(first))
    )
    lines: set[int] = set()
    for module in adapter.session.code.modules:
        for name in module.find_files(path):
            lines.update(module.lines_with_code(name))
    wanted = sorted(line for line in lines if first <= line <= last)
    return {"breakpoints": [{"line": abilities.line_to_client(line)} for line in wanted]}


HANDLERS = (
    Handler("source", source),
    Handler(
        "modules",
        modules,
        {
            "supportsModulesRequest": True,
            "additionalModuleColumns": [
                {"attributeName": "version", "label": "Build id", "type": "string"},
                {"attributeName": "symbolStatus", "label": "Symbols", "type": "string"},
            ],
        },
    ),
    Handler(
        "breakpointLocations", breakpoint_locations, {"supportsBreakpointLocationsRequest": True}
    ),
)
