"""The clock by which a program's timers are set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError

if TYPE_CHECKING:
    from crabtrap.engine.inspect.process import Process


def monotonic_time(process: Process) -> float | None:
    """Return a program's ``CLOCK_MONOTONIC`` at a stop, in seconds; ``None`` where it is elsewhere.

    Only this machine's clock can be read.  A time namespace adds an offset to it, see
    ``time_namespaces(7)``.
    """
    if not process.is_local:
        return None
    return process.seen_at + _offset(process)


def _offset(process: Process) -> float:
    path = f"/proc/{process.pid}/timens_offsets"
    try:
        lines = process.target.read_file(path).decode("ascii", "replace").splitlines()
    except CrabtrapError:
        return 0.0  # a kernel without time namespaces
    for line in lines:
        name, *numbers = line.split()
        if name == "monotonic" and len(numbers) == 2:
            return int(numbers[0]) + int(numbers[1]) * 1e-9
    return 0.0
