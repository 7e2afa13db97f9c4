"""What a Rust panic says, read at the moment it begins, without running the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crabtrap.engine.thread import Thread
    from crabtrap.symbols.places import Place
    from crabtrap.symbols.table import ModuleTable


@dataclass(frozen=True, slots=True)
class PanicFacts:
    """What is known of a panic; what could not be read for certain is ``None``.

    Attributes:
        message: The panic message.
        path, line, column: Where it was raised; line and column 1-based.
        frame: Index of the user's own frame, the innermost that is theirs; 0 if none is.
    """

    message: str | None
    path: str | None
    line: int | None
    column: int | None
    frame: int


def find_panic_places(table: ModuleTable) -> tuple[Place, ...]:
    """Where to stop so that every panic is seen once, with its message still readable."""
    raise NotImplementedError


def read_panic(thread: Thread) -> PanicFacts:
    """The facts of the panic that ``thread`` has just begun (stopped at a panic place)."""
    raise NotImplementedError
