"""What a bomb is, and how the modules beside this one collect theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Make = Callable[[Path], None]


@dataclass(frozen=True)
class Bomb:
    """A hostile file.

    Attributes:
        make: Writes it.
        told: Pattern of what its reader tells of it; empty where all of it can be read.
    """

    make: Make
    told: str


def collector(bombs: dict[str, Bomb]) -> Callable[[str], Callable[[Make], Make]]:
    """Return a decorator, called with what has to be told, that adds bombs to ``bombs``."""

    def bomb(told: str) -> Callable[[Make], Make]:
        def add(make: Make) -> Make:
            bombs[make.__name__] = Bomb(make, told)
            return make

        return add

    return bomb
