"""Tasks as their runtime keeps them: each in a cell, found by its vtable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.tasks.runtime_layouts import threads_of
from crabtrap.tasks.task_places import find_place
from crabtrap.values import Invalid, Memory, Value
from crabtrap.values.decode import live_case

if TYPE_CHECKING:
    from crabtrap.symbols.types import Case
    from crabtrap.tasks.kinds import TaskKind
    from crabtrap.tasks.layouts import TaskState
    from crabtrap.tasks.scan import Found
    from crabtrap.tasks.task_places import Place
    from crabtrap.values import ValueContext


class CellTask:
    """A task in a cell; see ``TaskSource``."""

    blocked = None

    def __init__(self, found: Found, context: ValueContext, *, is_polled: bool = False) -> None:
        """Show a task as it was found, and read its values in a context.

        Args:
            found: Where it is, and in which state by its flags.
            context: Where values are read.
            is_polled: A thread polls it, which not all runtimes note.
        """
        self._found, self._context, self._is_polled = found, context, is_polled

    @property
    def kind(self) -> TaskKind:
        """Which tasks it is one of."""
        return self._found.kind

    @property
    def runtime(self) -> str:
        """The runtime's name: ``tokio``."""
        return self._found.kind.layout.runtime

    @property
    def label(self) -> str:
        """Its number, or its address where it has none."""
        return f"{self.address:#x}" if self.number is None else str(self.number)

    @property
    def number(self) -> int | None:
        """The number that the runtime gave it; ``None`` where it counts none."""
        return self._found.number

    @property
    def address(self) -> Address:
        """Where it begins."""
        return self._found.address

    @property
    def root(self) -> str:
        """The name of the future that was spawned."""
        return self._found.kind.root

    @property
    def other_roots(self) -> tuple[str, ...]:
        """What the root may be as well: an optimiser has kept one code for several."""
        return self._found.kind.other_roots

    @property
    def references(self) -> int:
        """How often its runtime and handles refer to it."""
        return self._found.kind.layout.flags.count(self._found.state)

    @property
    def doubt(self) -> str:
        """Why it may be damaged, or no task at all; ``""`` where nothing says so."""
        if self._found.doubt or self._found.kind.stage is None:
            return self._found.doubt
        case = self._case
        return case.reason if isinstance(case, Invalid) else ""

    @property
    def state(self) -> TaskState:
        """Whether it waits, is to be polled, is being polled, or has ended."""
        if self.doubt:
            return "unknown"
        return (
            "running" if self._is_polled else self._found.kind.layout.flags.name(self._found.state)
        )

    @property
    def polls(self) -> str:
        """Pattern of the functions by which its runtime polls tasks."""
        return self._found.kind.layout.polls

    @property
    def future(self) -> Value | None:
        """The future that was spawned; ``None`` once it has ended."""
        if self._found.kind.stage is not None:
            return self._part("Running")
        place = self._found.kind.future
        is_there = self.state in ("idle", "queued", "running")
        return self._value(place) if place is not None and is_there else None

    @property
    def output(self) -> Value | None:
        """What it has returned, while nobody has taken it."""
        if self._found.kind.stage is not None:
            return self._part("Finished")
        place = self._found.kind.output
        is_taken = self._found.state & self._found.kind.layout.flags.closed
        is_there = self.state == "complete" and not is_taken
        return self._value(place) if place is not None and is_there else None

    @property
    def scheduler(self) -> Value | None:
        """The pointer to what schedules it; ``None`` where the runtime keeps none."""
        threads, cell = threads_of(self.runtime), self._found.kind.cell
        if threads is None or cell is None:
            return None
        place = find_place(cell, threads.scheduler, inside=False)
        return None if place is None else self._value(place)

    @property
    def _case(self) -> Case | Invalid:
        """Which variant of its stage is live."""
        kind = self._found.kind
        assert kind.stage is not None  # such kinds are not complete
        cases = kind.stage.type.strip().cases
        if cases is None:
            return Invalid("its stage is not described")
        return live_case(cases, self._found.stage)

    def _part(self, variant: str) -> Value | None:
        case, stage = self._case, self._found.kind.stage
        if stage is None or isinstance(case, Invalid) or case.name != variant:
            return None
        inside = self._value(stage).at(case.type, case.offset)
        return inside.at_field(case.type.fields[0]) if case.type.fields else None

    def _value(self, place: Place) -> Value:
        whole = Memory(Address(self.address + place.offset))
        return Value(place.type, whole, self._context)


def starts_thread(kind: TaskKind) -> bool:
    """Whether such tasks are how a runtime starts threads of its own."""
    threads = threads_of(kind.layout.runtime)
    return threads is not None and re.match(threads.worker, kind.future_type.path) is not None
