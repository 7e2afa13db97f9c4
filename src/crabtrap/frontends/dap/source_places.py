"""Source files as the protocol describes them: where a file is, or how its text is to be had."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crabtrap import Session, SourceFile
    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.client_abilities import ClientAbilities


class SourcePlaces:
    """The source files of a program, each found once.

    A file that is not on this machine has a number, by which ``source`` tells why.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._places: dict[str, str | None] = {}
        self._missing: list[str] = []

    def forget(self) -> None:
        """Look for all files again: the program was built anew, or sources were found."""
        self._places.clear()

    def path(self, name: str) -> str | None:
        """Return the path on this machine of a file of the debug information, if it is there."""
        if name not in self._places:
            self._places[name] = self._session.sources.locate(name)
        return self._places[name]

    def describe(
        self, name: str, client: ClientAbilities, *, foreign: bool = False
    ) -> protocol.Source:
        """Describe a file.

        Args:
            name: Path, as the debug information has it.
            client: Who is told.
            foreign: It is not the user's code.
        """
        path = self.path(name)
        source: protocol.Source = {"name": os.path.basename(name)}
        if path is not None:
            source["path"] = client.path_to_client(path)
        else:
            source["path"] = client.path_to_client(name)
            source["sourceReference"] = self._number(name)
        if foreign:
            source["presentationHint"] = "deemphasize"
        return source

    def _number(self, name: str) -> int:
        if name not in self._missing:
            self._missing.append(name)
        return self._missing.index(name) + 1

    def missing(self, number: int) -> SourceFile | None:
        """Look again for the file with a number that ``describe`` has given."""
        if not 1 <= number <= len(self._missing):
            return None
        return self._session.sources.find(self._missing[number - 1])
