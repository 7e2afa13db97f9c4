"""Linespecs: breakpoint locations as users write them, parsed and resolved.

``parse_spec`` reads text into a ``Spec``; ``resolve_spec`` finds its breakpoint locations
in all modules.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, assert_never

from crabtrap.address import Address
from crabtrap.errors import ParseError
from crabtrap.records import dataclass, replace
from crabtrap.symbols.breakpoint_locations import (
    BreakpointLocation,
    Resolution,
    ResolveContext,
    describe_location,
    locations_of_function,
    locations_of_regex,
)
from crabtrap.symbols.instruction_starts import enclosing_instruction
from crabtrap.symbols.line_locations import locations_of_line

if TYPE_CHECKING:
    from crabtrap.symbols.module_table import ModuleTable

__all__ = [
    "AddressSpec",
    "BreakpointLocation",
    "ExpressionSpec",
    "FunctionSpec",
    "LineSpec",
    "RegexSpec",
    "Resolution",
    "ResolveContext",
    "Spec",
    "anchored",
    "describe_location",
    "parse_spec",
    "render_spec",
    "resolve_spec",
]

# -- parsing ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineSpec:
    """``file.rs:10``, ``10``: a line of a file.

    Attributes:
        file: Trailing part of its path, ``None`` for the current file.
        line: 1-based.
        column: 1-based, 0 for any.
    """

    file: str | None
    line: int
    column: int = 0


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """``path::to::function``: any trailing part of a Rust path."""

    path: str


@dataclass(frozen=True, slots=True)
class RegexSpec:
    """``/pattern/``: every function whose path matches."""

    pattern: str


@dataclass(frozen=True, slots=True)
class AddressSpec:
    """``*0x401000``: an address."""

    address: Address


@dataclass(frozen=True, slots=True)
class ExpressionSpec:
    """``*expression``; its value is the address."""

    text: str


Spec = LineSpec | FunctionSpec | RegexSpec | AddressSpec | ExpressionSpec


def render_spec(spec: Spec) -> str:
    """Return a text that ``parse_spec`` makes the same of.

    Example:
        >>> render_spec(LineSpec("main.rs", 10))
        'main.rs:10'
    """
    match spec:
        case LineSpec(file, line, column):
            parts = (file or "", str(line), *((str(column),) if column else ()))
            return ":".join(parts)
        case FunctionSpec(path):
            return path
        case RegexSpec(pattern):
            return f"/{pattern}/"
        case AddressSpec(address):
            return f"*{address:#x}"
        case ExpressionSpec(text):
            return f"*{text}"


_LAST_LINE = (1 << 32) - 1
_LAST_ADDRESS = (1 << 64) - 1
_LINE = re.compile(
    r"(?:(?!\d+:)(?P<file>.*?[^:]):|:)?(?P<line>\d+)(?::(?P<column>\d+))?", re.DOTALL
)
_NUMBER = r"0[xX][0-9a-fA-F_]+|\d[\d_]*"


def parse_spec(text: str) -> Spec:
    """Parse a breakpoint location as users write it.

    Args:
        text: ``main.rs:10``, ``:10``, ``10``, ``main.rs:10:5``, ``Point::norm``,
            ``/regex/``, ``*0x401000``, ``*expression``.

    Raises:
        ParseError: The text is empty, or its regular expression or address is malformed.

    Example:
        >>> parse_spec("src/main.rs:10")
        LineSpec(file='src/main.rs', line=10, column=0)
        >>> parse_spec("Point::norm")
        FunctionSpec(path='Point::norm')
    """
    spec = text.strip()
    if not spec:
        raise ParseError(
            "a location is needed",
            text,
            0,
            len(text),
            hint="main.rs:10, a function path or *0x1234",
        )
    if spec.startswith("*"):
        return _parse_address(spec[1:].strip(), text)
    if len(spec) > 2 and spec.startswith("/") and spec.endswith("/"):
        return _parse_regex(spec[1:-1], text)
    line = _LINE.fullmatch(spec)
    if line is not None:
        position = int(line["line"]), int(line["column"] or 0)
        if max(position) > _LAST_LINE:
            raise ParseError("no file has so many lines", text, 0, len(text))
        return LineSpec(line["file"], *position)
    return FunctionSpec(spec)


def _parse_address(body: str, text: str) -> Spec:
    if not body:
        raise ParseError("an address is needed after '*'", text, len(text), len(text))
    if re.fullmatch(_NUMBER, body):
        address = int(body.replace("_", ""), 0)
        if address > _LAST_ADDRESS:
            raise ParseError("no address has more than 64 bits", text, 0, len(text))
        return AddressSpec(Address(address))
    return ExpressionSpec(body)


def _parse_regex(pattern: str, text: str) -> Spec:
    try:
        re.compile(pattern)
    except re.error as error:
        start = text.index("/") + 1
        at = min(start + (error.pos or 0), len(text) - 1)
        raise ParseError(f"not a regular expression: {error.msg}", text, at, at + 1) from error
    return RegexSpec(pattern)


def anchored(
    spec: Spec, current_file: Callable[[], str | None], evaluate: Callable[[str], Address]
) -> Spec:
    """The same spec, made independent of where somebody is looking.

    Args:
        spec: As parsed.
        current_file: The file that a bare line number means, ``None`` where there is none.
        evaluate: The address that an expression has now.

    Returns:
        A bare line number with its file, an ``*expression`` as the address it has now.

    Raises:
        CrabtrapError: The expression has no value.
    """
    match spec:
        case LineSpec(None, line, column):
            return LineSpec(current_file(), line, column)
        case ExpressionSpec(text):
            return AddressSpec(evaluate(text))
        case _:
            return spec


# -- resolving -------------------------------------------------------------------------


def resolve_spec(spec: Spec, context: ResolveContext) -> Resolution:
    """Find every breakpoint location of ``spec``.

    Finding none is not an error, because a library that is loaded later may have some;
    ``Resolution.reason`` says why there are none now.

    Args:
        spec: As ``anchored`` returns it.
        context: What to search.
    """
    return _without_torn(_resolve(spec, context), context.table)


def _without_torn(resolution: Resolution, table: ModuleTable) -> Resolution:
    """Leave out locations inside of instructions, and say so."""
    torn = {
        each.address: begins
        for each in resolution.locations
        if (begins := enclosing_instruction(table, each.address)) is not None
    }
    if not torn:
        return resolution
    sound = tuple(each for each in resolution.locations if each.address not in torn)
    (address, begins), *_ = torn.items()
    reason = f"{address:#x} is inside of the instruction at {begins:#x}"
    if sound:
        return replace(resolution, locations=sound, notes=(*resolution.notes, reason))
    return replace(resolution, locations=(), reason=reason, hint=f"*{begins:#x}")


def _resolve(spec: Spec, context: ResolveContext) -> Resolution:
    match spec:
        case LineSpec(file, line, column):
            if file is None:
                hint = f"say which: main.rs:{line}"
                return Resolution(reason="there is no current file", hint=hint)
            return locations_of_line(file, line, column, context)
        case FunctionSpec(path):
            return locations_of_function(path, context)
        case RegexSpec(pattern):
            return locations_of_regex(pattern, context)
        case AddressSpec(address):
            return Resolution((describe_location(context.table, address),))
        case ExpressionSpec(text):
            return Resolution(reason=f"{text!r} can be evaluated only while the program is stopped")
        case _:
            assert_never(spec)
