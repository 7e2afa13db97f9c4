"""An index of what is waited for or held, by where it is."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap.tasks.waits.wait import Resource

T = TypeVar("T")


class ResourceIndex(Generic[T]):
    """Things that belong to resources, found by resources that are the same or part of these.

    Resources lie within each other or apart, as values do; what lies within another belongs
    to it.
    """

    def __init__(self, entries: Iterable[tuple[Resource, T]]) -> None:
        """Index things by their resources."""
        self._entries = sorted(entries, key=lambda entry: (entry[0].address, -entry[0].size))
        self._starts = [int(resource.address) for resource, _ in self._entries]
        self._longest = max((resource.size for resource, _ in self._entries), default=0)

    def find(self, resource: Resource) -> list[T]:
        """What belongs to a resource, to what it is part of, and to what is part of it."""
        start = bisect_left(self._starts, resource.address - self._longest)
        end = bisect_left(self._starts, resource.address + max(resource.size, 1))
        return [thing for each, thing in self._entries[start:end] if each.meets(resource)]
