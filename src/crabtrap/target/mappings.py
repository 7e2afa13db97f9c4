"""Parser of ``/proc/PID/maps``, see ``proc_pid_maps(5)``."""

from __future__ import annotations

from crabtrap.address import Address
from crabtrap.errors import TargetError
from crabtrap.target.interface import Mapping


def parse_maps(text: bytes) -> tuple[Mapping, ...]:
    r"""Parse the mappings of a program's address space.

    Raises:
        TargetError: A line is malformed.

    Example:
        >>> parse_maps(b"1000-2000 r-xp 00000000 08:01 42   /bin/a b\n")
        (Mapping(start=4096, end=8192, permissions='r-xp', offset=0, inode=42, path='/bin/a b'),)
    """
    # At newlines alone: a path may have every other character that ends a line elsewhere.
    return tuple(_parse_line(line) for line in text.split(b"\n") if line)


def _parse_line(line: bytes) -> Mapping:
    # The path is the sixth field and may hold spaces; maps shows its newlines as \012.
    fields = line.split(maxsplit=5)
    try:
        start, _, end = fields[0].partition(b"-")
        return Mapping(
            Address(int(start, 16)),
            Address(int(end, 16)),
            fields[1].decode("ascii"),
            int(fields[2], 16),
            int(fields[4]),
            fields[5].decode("utf-8", "surrogateescape").replace("\\012", "\n")
            if len(fields) > 5
            else "",
        )
    except (ValueError, IndexError):
        raise TargetError(f"malformed line in the program's maps: {line[:80]!r}") from None
