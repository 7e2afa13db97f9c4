"""Sites as ``Z`` and ``z`` packets, and the changes to send with the next resume."""

from __future__ import annotations

from collections.abc import Sequence

from crabtrap.target.interface import SiteKind, SiteRequest

_LETTERS: dict[SiteKind, bytes] = {
    "software": b"0",
    "hardware": b"1",
    "write": b"2",
    "read": b"3",
    "access": b"4",
}


def insert_packet(site: SiteRequest) -> bytes:
    """Make the packet that inserts a site, with its conditions.

    Example:
        >>> from crabtrap.address import Address
        >>> insert_packet(SiteRequest("software", Address(0x1000), conditions=(b"'",)))
        b'Z0,1000,1;X1,27'
    """
    packet = b"Z%b,%x,%x" % (_LETTERS[site.kind], site.address, site.size)
    if site.conditions:
        packet += b";" + b"".join(
            b"X%x,%b" % (len(code), code.hex().encode()) for code in site.conditions
        )
    return packet


def remove_packet(site: SiteRequest) -> bytes:
    """Make the packet that removes a site."""
    return b"z%b,%x,%x" % (_LETTERS[site.kind], site.address, site.size)


class PendingSites:
    """Changes to sites that were requested and not sent yet.

    Removing a site and inserting it again before they are sent cancels out.
    """

    __slots__ = ("_insert", "_remove")

    def __init__(self) -> None:
        self._remove: dict[SiteRequest, None] = {}
        self._insert: dict[SiteRequest, None] = {}

    def __bool__(self) -> bool:
        return bool(self._remove or self._insert)

    def update(self, remove: Sequence[SiteRequest], insert: Sequence[SiteRequest]) -> None:
        """Add changes after the pending ones."""
        for site in remove:
            if site in self._insert:
                del self._insert[site]
            else:
                self._remove[site] = None
        for site in insert:
            if site in self._remove:
                del self._remove[site]
            else:
                self._insert[site] = None

    def take(self) -> tuple[tuple[SiteRequest, ...], tuple[SiteRequest, ...]]:
        """Return the sites to remove and those to insert; none are pending any more."""
        taken = tuple(self._remove), tuple(self._insert)
        self.clear()
        return taken

    def clear(self) -> None:
        """Drop all changes, after the process has ended or executed another program."""
        self._remove, self._insert = {}, {}
