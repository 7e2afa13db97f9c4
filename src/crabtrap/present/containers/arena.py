"""Arenas: slots of which some are free, and entries by the numbers of the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crabtrap.present.containers.walkers import ContiguousItems
from crabtrap.records import dataclass
from crabtrap.values import UnavailableError, Value


@dataclass(frozen=True, slots=True)
class Slots:
    """Slots side by side.

    Attributes:
        occupant: Returns what is in a slot, ``None`` for a free one.
    """

    items: ContiguousItems
    occupant: Callable[[Value], Value | None]

    def occupied(self) -> Iterator[tuple[int, Value, Value]]:
        """Yield the number of each slot that is in use, the slot, and what is in it."""
        for number, slot in enumerate(self.items.walk(0, self.items.length)):
            inside = self.occupant(slot)
            if inside is not None:
                yield number, slot, inside


@dataclass(frozen=True, slots=True)
class ArenaEntries:
    """What is in the slots, by a key made of a slot's number.

    Attributes:
        length: Number of slots in use, ``None`` where it is not counted.
        key: Makes the key of a slot, from its number and itself.
    """

    slots: Slots
    length: int | None
    key: Callable[[int, Value], Value]

    def walk(self, start: int, stop: int) -> Iterator[tuple[Value, Value]]:
        """Yield entries ``[start, stop)`` in the order of their slots."""
        found = 0
        for number, slot, inside in self.slots.occupied():
            if self.length is not None and found >= self.length:
                raise UnavailableError(f"more than {self.length} slots are in use")
            if found >= stop:
                return
            if found >= start:
                yield self.key(number, slot), inside
            found += 1
        if self.length is not None and found < self.length:
            raise UnavailableError(f"only {found} of {self.length} slots are in use")
