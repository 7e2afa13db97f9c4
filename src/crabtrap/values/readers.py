"""Readers of the program's memory.

A ``Reader`` returns exactly the bytes asked for or raises.  ``PagedReader`` adds a page
cache and a limit, so that showing a value costs a bounded number of reads even where its
lengths are garbage.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from crabtrap.errors import MemoryFault, TargetError

PAGE = 4096
_BULK = 8 * PAGE
"""Reads at least this long bypass the cache, where they would only evict other pages."""
_MAX_PAGES = 4096


class Reader(Protocol):
    """Memory of a stopped program, such as ``_core.FileMemory`` and ``CallbackMemory``."""

    def read(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes at run-time ``address``.

        Raises:
            MemoryFault: Any byte of the range cannot be read.
        """
        ...


class BudgetError(TargetError):
    """A value needs more bytes than its reader is allowed to fetch.

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
    """A reader with a cache of whole pages, valid for one stop of the program.

    Args:
        source: The reader below.
        limit: Most bytes to fetch from ``source``; ``None`` for no limit.
        check: Called before every read; raises where reading is not allowed any more.

    Attributes:
        fetched: Bytes fetched from ``source`` so far.
    """

    def __init__(
        self,
        source: Reader,
        *,
        limit: int | None = None,
        check: Callable[[], None] | None = None,
    ) -> None:
        self._source = source
        self._check = check
        self._pages: dict[int, bytes] = {}
        self._limit = limit
        self.fetched = 0

    def forget(self) -> None:
        """Clear the cache, after the program's memory was written."""
        self._pages.clear()

    def read(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes.

        Raises:
            MemoryFault: Any byte of the range cannot be read.
            BudgetError: More than the limit would have to be fetched.
        """
        if size <= 0:
            return b""
        if self._check is not None:
            self._check()
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
        """Return the page at ``first``, or ``b""`` where not all of it can be read."""
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
    """Memory given as byte strings by address, for tests and for bytes already read."""

    def __init__(self, segments: dict[int, bytes]) -> None:
        self.segments = dict(segments)

    def read(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes, which must be in one segment."""
        for start, data in self.segments.items():
            if start <= address and address + size <= start + len(data):
                return data[address - start : address - start + size]
        raise MemoryFault(address, size)
