"""The arguments of a request, read with care: clients leave out, add and send ``null``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar, cast

from crabtrap.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")


class Arguments:
    """An object of a request; ``null`` and what is left out are the same."""

    def __init__(self, fields: object, where: str = "arguments") -> None:
        """Wrap an object.

        Args:
            fields: What the client has sent in its place.
            where: What messages call it.

        Raises:
            UsageError: It is no object.
        """
        if fields is None:
            fields = {}
        if not isinstance(fields, Mapping):
            raise UsageError(f"{where}: an object is needed, not {_shown(fields)}")
        self.fields = cast("Mapping[str, object]", fields)
        self._where = where

    def __contains__(self, name: str) -> bool:
        return self.fields.get(name) is not None

    def text(self, name: str) -> str:
        """A text that must be there."""
        return self._needed(name, self.text_or_none(name))

    def text_or(self, name: str, default: str) -> str:
        """A text."""
        found = self.text_or_none(name)
        return default if found is None else found

    def text_or_none(self, name: str) -> str | None:
        """A text, ``None`` where there is none."""
        return self._typed(name, str, "a text")

    def number(self, name: str) -> int:
        """A whole number that must be there."""
        return self._needed(name, self.number_or_none(name))

    def number_or(self, name: str, default: int) -> int:
        """A whole number."""
        found = self.number_or_none(name)
        return default if found is None else found

    def number_or_none(self, name: str) -> int | None:
        """A whole number, ``None`` where there is none.

        Templates of some clients have texts alone: ``"4711"`` is a number as well.
        """
        found = self.fields.get(name)
        if isinstance(found, str) and found.isascii() and found.isdecimal():
            return int(found)
        if isinstance(found, float) and found.is_integer():
            return int(found)
        if isinstance(found, bool):
            raise self._wrong(name, "a number")
        return self._typed(name, int, "a number")

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean."""
        found = self._typed(name, bool, "true or false")
        return default if found is None else found

    def object(self, name: str) -> Arguments:
        """An object, empty where there is none."""
        return Arguments(self.fields.get(name), f"{self._where}.{name}")

    def objects(self, name: str) -> list[Arguments]:
        """A list of objects, empty where there is none."""
        items = self.items(name)
        return [Arguments(each, f"{self._where}.{name}[{n}]") for n, each in enumerate(items)]

    def texts(self, name: str) -> list[str]:
        """A list of texts, empty where there is none."""
        items = self.items(name)
        if not all(isinstance(each, str) for each in items):
            raise self._wrong(name, "a list of texts")
        return cast("list[str]", list(items))

    def items(self, name: str) -> Sequence[object]:
        """A list of anything, empty where there is none."""
        found = self.fields.get(name)
        if found is None:
            return ()
        if not isinstance(found, list):
            raise self._wrong(name, "a list")
        return cast("list[object]", found)

    def _typed(self, name: str, kind: type[T], what: str) -> T | None:
        found = self.fields.get(name)
        if found is None or isinstance(found, kind):
            return found
        raise self._wrong(name, what)

    def _needed(self, name: str, found: T | None) -> T:
        if found is None:
            raise UsageError(f"{self._where}.{name} is needed")
        return found

    def _wrong(self, name: str, what: str) -> UsageError:
        return UsageError(f"{self._where}.{name} is to be {what}, not {_shown(self.fields[name])}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
