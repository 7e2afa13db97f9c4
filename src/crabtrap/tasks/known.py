"""What the program's files tell about its tasks, kept from stop to stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.records import dataclass
from crabtrap.tasks.future_types import FutureTypes, find_implementors
from crabtrap.tasks.kinds import find_kinds
from crabtrap.tasks.layouts import LAYOUTS
from crabtrap.tasks.polls import PollFunctions
from crabtrap.tasks.wakers import find_waker_kinds

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process
    from crabtrap.symbols.module import Module
    from crabtrap.tasks.kinds import TaskKind
    from crabtrap.tasks.wakers import WakerKind


@dataclass(frozen=True, slots=True)
class _InModule:
    """What one module tells.

    Attributes:
        kinds: The kinds of tasks whose functions it has; ``None`` before it was relocated.
        futures: Paths of the types that it implements ``Future`` for.
        wakers: Kinds of wakers that tell the type of what they wake.
        untold: Runtimes whose functions it has, and whose tasks cannot be found.
    """

    kinds: tuple[TaskKind, ...] | None
    futures: frozenset[str]
    wakers: tuple[WakerKind, ...]
    untold: tuple[str, ...]


class KnownOfTasks:
    """The kinds of tasks and futures of a program, looked up once for each module."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._modules: dict[Module, _InModule] = {}
        self._types = FutureTypes(())
        self._polls = PollFunctions()

    def update(self, process: Process) -> None:
        """Look up what the modules tell that were not there before, and forget those gone."""
        found: dict[Module, _InModule] = {}
        for module in process.modules:
            known = self._modules.get(module)
            if known is None or known.kinds is None:
                kinds = _kinds(process, module)
                futures = find_implementors(module) if known is None else known.futures
                known = _InModule(
                    kinds, futures, find_waker_kinds(process, module), _untold(module)
                )
            found[module] = known
        if found.keys() != self._modules.keys():
            self._types = FutureTypes(head for each in found.values() for head in each.futures)
            self._polls = PollFunctions(found)
        self._modules = found

    @property
    def kinds(self) -> tuple[TaskKind, ...]:
        """All kinds of tasks."""
        return tuple(kind for each in self._modules.values() for kind in each.kinds or ())

    @property
    def wakers(self) -> tuple[WakerKind, ...]:
        """All kinds of wakers that tell what they wake."""
        return tuple(kind for each in self._modules.values() for kind in each.wakers)

    @property
    def problems(self) -> tuple[str, ...]:
        """Why tasks there may be are not found, in words."""
        return tuple(
            f"tasks of {runtime} in {module.name} cannot be found: its debug information has"
            " no types; build it with debug = 2"
            for module, each in self._modules.items()
            for runtime in each.untold
        )

    @property
    def types(self) -> FutureTypes:
        """Which types are futures."""
        return self._types

    @property
    def polls(self) -> PollFunctions:
        """The functions that poll its coroutines."""
        return self._polls


def _kinds(process: Process, module: Module) -> tuple[TaskKind, ...] | None:
    found = [find_kinds(process, module, layout) for layout in LAYOUTS]
    if any(kinds is None for kinds in found):
        return None
    return tuple(kind for kinds in found for kind in kinds or ())


def _untold(module: Module) -> tuple[str, ...]:
    """The runtimes whose functions a module has, without types that tell how tasks are laid out."""
    if module.debug_level == "full":
        return ()
    return tuple(layout.runtime for layout in LAYOUTS if module.find_code(layout.functions[0][1]))
