"""Reading the program's memory: the one thing values need of a process.

A ``Reader`` gives exactly the bytes asked for or raises.  ``PagedReader`` puts a page
cache and a budget in front of one, so that showing a value costs a bounded number of
reads whatever garbage the value holds.
"""

from __future__ import annotations

from typing import Protocol

from crabtrap.errors import MemoryFault, TargetError

PAGE = 4096
_BULK = 8 * PAGE
"""Reads at least this long go past the cache: they would only push other pages out."""
_MAX_PAGES = 4096


class Reader(Protocol):
    """Memory of a stopped program; ``_core.FileMemory`` and ``CallbackMemory`` are ones."""

    def read(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes at run-time ``address``.

        Raises:
            MemoryFault: Any byte of the range cannot be read.
        """
        ...


class BudgetError(TargetError):
    """A value wanted more bytes than its reader was allowed to fetch.

    Attributes:
        limit: Bytes allowed.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"more than {limit} bytes would have to be read",
            hint="ask for a part of the value, or raise the limit",
        )
        self.limit = limit


class PagedReader:
    """A reader that keeps whole pages, for one stop of the program only.

    Args:
        source: Where bytes come from.
        limit: Most bytes to fetch from ``source``; ``None`` for no limit.
    """

    def __init__(self, source: Reader, *, limit: int | None = None) -> None:
        self._source = source
        self._pages: dict[int, bytes] = {}
        self._limit = limit
        self.fetched = 0

    def forget(self) -> None:
        """Drop the pages: somebody wrote to the program."""
        self._pages.clear()

    def read(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes.

        Raises:
            MemoryFault: Any byte of the range cannot be read.
            BudgetError: The limit of this reader is reached.
        """
        if size <= 0:
            return b""
        if address < 0 or address + size > 1 << 64:
            raise MemoryFault(address, size, detail="outside the address space")
        if size >= _BULK:
            return self._fetch(address, size)
        first = address & -PAGE
        offset = address - first
        if offset + size <= PAGE:
            page = self._pages.get(first)
            if page is None:
                page = self._page(first)
            return page[offset : offset + size] if page else self._fetch(address, size)
        return self._read_across(address, size)

    def _read_across(self, address: int, size: int) -> bytes:
        parts: list[bytes] = []
        end = address + size
        while address < end:
            step = min(end, (address & -PAGE) + PAGE) - address
            parts.append(self.read(address, step))
            address += step
        return b"".join(parts)

    def _page(self, first: int) -> bytes:
        """The page at ``first``, or ``b""`` where only parts of it can be read."""
        try:
            page = self._fetch(first, PAGE)
        except MemoryFault:
            page = b""
        if len(self._pages) >= _MAX_PAGES:
            self._pages.clear()
        self._pages[first] = page
        return page

    def _fetch(self, address: int, size: int) -> bytes:
        if self._limit is not None and self.fetched + size > self._limit:
            raise BudgetError(self._limit)
        self.fetched += size
        return self._source.read(address, size)


class BytesReader:
    """Memory made of byte strings at addresses, for tests and for bytes already copied."""

    def __init__(self, segments: dict[int, bytes]) -> None:
        self.segments = dict(segments)

    def read(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes, all of one segment."""
        for start, data in self.segments.items():
            if start <= address and address + size <= start + len(data):
                return data[address - start : address - start + size]
        raise MemoryFault(address, size)
