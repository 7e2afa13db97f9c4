"""What takes the place of a file's image once the session that opened it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

from crabtrap.errors import StateError

if TYPE_CHECKING:
    from crabtrap import _core


class _ClosedImage:
    """Refuses every question."""

    def __getattr__(self, name: str) -> NoReturn:
        raise StateError("the session that has read this file was closed")


_CLOSED = cast("_core.Image", _ClosedImage())


def closed_image() -> _core.Image:
    """Return an image of which every attribute raises ``StateError``."""
    return _CLOSED
