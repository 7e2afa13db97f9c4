"""Scoping: which of a function's variables a name means at one pc."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crabtrap import _core
    from crabtrap.address import FileAddress


_COMPILER_GENERATED = re.compile(r"_|_task_context|__awaitee|__next|__arg\d+")
"""Names that rustc generates when it desugars async functions, awaits and loops."""
_AWAITED, _RESULT = "__awaitee", "result"
"""What an await waits for, and in the blocks of that, what came of it."""


@dataclass(frozen=True, slots=True)
class ScopedVariable:
    """A variable and whether it is visible at one pc.

    Attributes:
        variable: As the debug information describes it.
        in_scope: The pc is in the block that declares it, after the declaration.
        shadowed: Another variable of the same name shadows it there.
    """

    variable: _core.Variable
    in_scope: bool
    shadowed: bool

    @property
    def kind(self) -> Literal["parameter", "local", "static"]:
        """Kind of its declaration."""
        return self.variable.kind

    @property
    def name(self) -> str:
        """Name, as in the source."""
        return self.variable.name

    @property
    def is_compiler_generated(self) -> bool:
        """Whether the compiler generated it from ``async``, ``await`` or a loop."""
        return _COMPILER_GENERATED.fullmatch(self.name) is not None

    def is_declared_with(self, other: ScopedVariable) -> bool:
        """Whether both are one variable of the source, or look so: same name, same line.

        The compiler moves parameters of an async function into variables of the same name.
        """
        return (
            self.in_scope
            and other.in_scope
            and self.name == other.name
            and self.variable.declaration_line == other.variable.declaration_line
        )

    def is_argument_of(self, other: ScopedVariable) -> bool:
        """Whether this is the parameter of an async function that was moved into ``other``."""
        return self.variable.depth < other.variable.depth and self.is_declared_with(other)


def scope_variables(
    variables: Iterable[_core.Variable],
    pc: FileAddress,
    hide: Callable[[_core.Variable], bool] = lambda _variable: False,
) -> tuple[ScopedVariable, ...]:
    """Determine for each variable of a function whether it is in scope at ``pc``, or shadowed.

    A variable of a deeper block shadows one of a shallower block, a later declaration an
    earlier one, as in the source.  The order is kept.

    Args:
        variables: Those of the function.
        pc: Where they are looked at.
        hide: Whether a variable gives way to others of its name; asked where there are others.
    """
    variables = tuple(variables)
    inside = [_covers(variable.ranges, pc) for variable in variables]
    meanings: dict[str, list[int]] = {}
    for order, variable in enumerate(variables):
        if inside[order]:
            meanings.setdefault(variable.name, []).append(order)

    def rank(order: int) -> tuple[bool, int, int, int]:
        variable = variables[order]
        is_preferred = len(meanings[variable.name]) == 1 or not hide(variable)
        return is_preferred, variable.depth, variable.declaration_line, order

    winners = {name: max(orders, key=rank) for name, orders in meanings.items()}
    return tuple(
        ScopedVariable(variable, inside[order], inside[order] and winners[variable.name] != order)
        for order, variable in enumerate(variables)
    )


def without_awaits(scoped: Iterable[ScopedVariable]) -> tuple[ScopedVariable, ...]:
    """Leave out what the compiler generated, the results of awaits among it."""
    scoped = tuple(scoped)
    awaits = [entry.variable for entry in scoped if entry.name == _AWAITED]

    def is_result(entry: ScopedVariable) -> bool:
        line, depth = entry.variable.declaration_line, entry.variable.depth
        return entry.name == _RESULT and any(
            each.declaration_line == line and each.depth < depth for each in awaits
        )

    return tuple(
        entry for entry in scoped if not entry.is_compiler_generated and not is_result(entry)
    )


def find_binding(scoped: Iterable[ScopedVariable], name: str) -> ScopedVariable | None:
    """Find the variable that ``name`` means: in scope and not shadowed."""
    for entry in scoped:
        if entry.name == name and entry.in_scope and not entry.shadowed:
            return entry
    return None


def explain_missing(
    scoped: Iterable[ScopedVariable], name: str, captured: Iterable[str] = ()
) -> tuple[str, tuple[str, ...]]:
    """Explain why ``name`` is not visible: a sentence or ``""``, and similar visible names."""
    scoped = tuple(scoped)
    declared = [entry.variable for entry in scoped if entry.name == name]
    visible = sorted({entry.name for entry in scoped if entry.in_scope} | {*captured})
    import difflib  # noqa: PLC0415 - slow to import

    close = tuple(difflib.get_close_matches(name, visible, 3))
    if not declared:
        return "", close
    lines = sorted({v.declaration_line for v in declared if v.declaration_line})
    where = f"line {lines[0]}" if len(lines) == 1 else "lines " + ", ".join(map(str, lines))
    return f"{name} is declared at {where} and is not in scope here", close


def _covers(ranges: tuple[tuple[int, int], ...], pc: int) -> bool:
    return any(start <= pc < end for start, end in ranges)
