"""Variables as the protocol describes them, read when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import events
from crabtrap.errors import CrabtrapError
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap import Binding, FormatLetter, StackFrame, Value
    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.adapter import Adapter

PAGE = 100
"""Parts of a value that a client gets which does not say how many it wants."""

TYPE_WIDTH = 59
"""Characters of a type's name, if it can be shortened to that."""

_WIDTH = 160


@dataclass(frozen=True, slots=True)
class RowMaker:
    """Describes values in one frame.

    Attributes:
        adapter: Gives numbers to what has parts.
        frame: Where the expressions that name values mean something, ``None`` for anywhere.
        letter: Format of numbers.
    """

    adapter: Adapter
    frame: StackFrame | None
    letter: FormatLetter = ""

    def row(self, name: str, value: Value, expression: str = "") -> protocol.Variable:
        """Describe a variable, or a part of one.

        Args:
            name: What the client shows.
            value: Its value.
            expression: What evaluates to it, ``""`` if nothing does.
        """
        from crabtrap import fit_path, short_type_name

        row: protocol.Variable = {"name": name, "value": "", "variablesReference": 0}
        row["value"] = self.text(value)
        if self.adapter.abilities.types:
            row["type"] = fit_path(short_type_name(value.type.name), TYPE_WIDTH)
        if expression:
            row["evaluateName"] = expression
        if self.adapter.abilities.memory_references:
            address = self._content_address(value)
            if address is not None:
                row["memoryReference"] = f"{address:#x}"
        self._add_parts(row, value, expression)
        return row

    def text(self, value: Value) -> str:
        """A value in one line of bounded length; why there is none, where it cannot be read."""
        from crabtrap import RenderOptions

        options = RenderOptions(fit=True, width=_WIDTH, max_text=_WIDTH, letter=self.letter)
        try:
            return self.adapter.session.values.render(value, options)
        except CrabtrapError as error:
            return f"<{error}>"

    def _content_address(self, value: Value) -> int | None:
        if value.absent is not None:
            return None
        if value.type.kind == "base":  # as are most, and this is faster
            return value.address
        return self.adapter.session.values.content_address(value)

    def _add_parts(self, row: protocol.Variable, value: Value, expression: str) -> None:
        """Give a value that has parts a number, and say how many there are."""
        if value.type.kind == "base" or value.absent is not None:
            return
        parts = Parts(self, value, expression)
        page = self.adapter.session.values.children(value, 0, 0)
        if page.kind == "none":
            return
        row["variablesReference"] = self.adapter.references.number_container(parts)
        if page.total is None:
            return
        if page.kind == "named":
            row["namedVariables"] = page.total
        elif self.adapter.abilities.paging:
            row["indexedVariables"] = page.total


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a value, of which there may be many."""

    maker: RowMaker
    value: Value
    whole: str
    first: int = 0

    def rows(self, start: int, end: int | None, only: str) -> list[protocol.Variable]:
        """Describe some parts; see ``Container``."""
        start += self.first
        stop = start + PAGE if end is None else end + self.first
        page = self.maker.adapter.session.values.children(self.value, start, stop)
        if only and only != ("named" if page.kind == "named" else "indexed"):
            return []
        rows = [
            self.maker.row(name, each, self._part(page.kind, name)) for name, each in page.items
        ]
        if page.problem:
            rows.append({"name": "…", "value": page.problem, "variablesReference": 0})
        elif page.more and end is None:
            rows.append(self._rest(start + len(page.items), page.remaining))
        return rows

    def _rest(self, first: int, remaining: int | None) -> protocol.Variable:
        """The row that stands for the parts that no row was made of."""
        rest = Parts(self.maker, self.value, self.whole, first)
        how_many = "more" if remaining is None else f"{remaining} more"
        number = self.maker.adapter.references.number_container(rest)
        return {"name": "…", "value": how_many, "variablesReference": number}

    @property
    def frame(self) -> StackFrame | None:
        """Where the expressions mean something; see ``Container``."""
        return self.maker.frame

    def expression(self, name: str) -> str:
        """Return the expression for a part; see ``Container``."""
        page = self.maker.adapter.session.values.children(self.value, 0, 0)
        return self._part(page.kind, name)

    def _part(self, kind: str, name: str) -> str:
        """The expression for a part, ``""`` where there is none that Rust would have."""
        if not self.whole or self.value.type.cases is not None:
            return ""
        base = self.whole if self.whole.isidentifier() else f"({self.whole})"
        match kind:
            case "indexed":
                return f"{base}{name}"
            case "named" if name == "*":
                return f"*{base}"
            case "named" if name.isidentifier() or name.isdecimal():
                return f"{base}.{name}"
            case _:
                return ""


@dataclass(frozen=True, slots=True)
class Locals:
    """Arguments and variables of a frame."""

    maker: RowMaker
    frame: StackFrame

    def rows(self, start: int, end: int | None, only: str) -> list[protocol.Variable]:
        """Describe them; see ``Container``."""
        if only == "indexed":
            return []
        why = self.frame.variables_unknown
        if why:
            return [{"name": "…", "value": why, "variablesReference": 0}]
        bindings = (*self.frame.arguments(), *self.frame.locals())
        return [self._row(each) for each in bindings[start:end]]

    def expression(self, name: str) -> str:
        """Return the expression for a variable; see ``Container``."""
        return name if name.isidentifier() else ""

    def _row(self, binding: Binding) -> protocol.Variable:
        if not binding.shadowed:
            return self.maker.row(binding.name, binding.value, binding.name)
        return self.maker.row(f"{binding.name} (line {binding.line}, shadowed)", binding.value)


@dataclass(frozen=True, slots=True)
class RegisterRows:
    """The general registers of a frame."""

    frame: StackFrame

    def rows(self, start: int, end: int | None, only: str) -> list[protocol.Variable]:
        """Describe them; see ``Container``."""
        if only == "indexed":
            return []
        return [_register(*each) for each in list(self.frame.registers().items())[start:end]]

    def expression(self, name: str) -> str:
        """Return the expression for a register; see ``Container``."""
        return f"${name}"


def _register(name: str, value: int | None) -> protocol.Variable:
    text = "<not saved>" if value is None else f"{value:#018x}"
    return {"name": name, "value": text, "variablesReference": 0, "evaluateName": f"${name}"}


@dataclass(frozen=True, slots=True)
class ReturnedRow:
    """What a function has returned, at the stop after a step out of it."""

    text: str
    type: str | None

    def rows(self, start: int, end: int | None, only: str) -> list[protocol.Variable]:
        """Describe it; see ``Container``."""
        if only == "indexed":
            return []
        row: protocol.Variable = {
            "name": "return value",
            "value": self.text,
            "variablesReference": 0,
        }
        if self.type is not None:
            row["type"] = self.type
        return [row][start:end]

    def expression(self, name: str) -> str:
        """There is none: what was returned is not in the program; see ``Container``."""
        return ""

    @property
    def frame(self) -> StackFrame | None:
        """It belongs to none; see ``Container``."""
        return None


def returned(reasons: Iterable[events.StopReason]) -> ReturnedRow | None:
    """Return what the stop has of a value that was returned, if it has one."""
    for why in reasons:
        if isinstance(why, events.StepDone | events.CoroutineEnded) and why.return_value:
            return ReturnedRow(why.return_value, why.return_type)
    return None
