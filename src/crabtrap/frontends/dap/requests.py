"""What a request is, and what a reply."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

from crabtrap.records import dataclass

Body = Mapping[str, object]


class Later(Enum):
    """The answer of a request that is answered by ``Adapter`` at a later moment."""

    LATER = 0


LATER: Final = Later.LATER

Reply = Body | Later | None


@dataclass(frozen=True, slots=True)
class Request:
    """A request of the client.

    Attributes:
        seq: Its number.
        command: Its name.
        fields: Its arguments, as they were sent.
    """

    seq: int
    command: str
    fields: object = None
