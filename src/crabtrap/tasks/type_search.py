"""Whether values of a type may have something in them: a search through the types of parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crabtrap.symbols.types import Type


class TypeSearch:
    """Searches types for those of some kind; remembers every answer."""

    def __init__(
        self, is_wanted: Callable[[Type], bool], parts: Callable[[Type], Iterable[Type]]
    ) -> None:
        """Search for some types.

        Args:
            is_wanted: Whether a stripped type is what is searched for.
            parts: The types of what is part of a value of such a type.
        """
        self._is_wanted, self._parts = is_wanted, parts
        self._known: dict[Type, bool] = {}

    def finds(self, type_: Type) -> bool:
        """Whether a type is wanted, or a value of it may have a part that is."""
        start = type_.strip()
        known = self._known.get(start)
        if known is None:
            known = self._known[start] = self._search(start)
        return known

    def _search(self, start: Type) -> bool:
        seen, left = {start}, [start]
        while left:
            shape = left.pop()
            known = self._known.get(shape)
            if known or (known is None and self._is_wanted(shape)):
                return True
            if known is None:
                inner = {part.strip() for part in self._parts(shape)} - seen
                seen |= inner
                left += inner
        self._known.update(dict.fromkeys(seen, False))  # what is in these was looked through, too
        return False


def owned_types(shape: Type) -> list[Type]:
    """The types of the fields and items of a type, of all its variants."""
    found = [field.type for field in shape.fields]
    if shape.cases is not None:
        found += [field.type for case in shape.cases.cases for field in case.type.fields]
    if shape.kind == "array" and shape.target is not None:
        found.append(shape.target)
    return found
