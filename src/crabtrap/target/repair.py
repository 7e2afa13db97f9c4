"""Repairing programs whose guard was killed.

The guard keeps a journal of what it has put into an attached program, and has a warden that
takes it out the moment the guard dies.  Here is who asks for the outcome, and who looks for
programs that still need it: decided here, done by ``crabtrap-guard --repair``, since it
needs ptrace.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from typing import Any, Literal, cast

from crabtrap.errors import RemoteError
from crabtrap.folders import state_folder
from crabtrap.log import Log
from crabtrap.records import dataclass
from crabtrap.target.server import find_guard

_log = Log("crabtrap.repair")

_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Repair:
    """What was found in one process, and is not there any more.

    Attributes:
        pid: The process.
        outcome: "repaired", "clean": nothing was found, "gone": it has ended, or "refused".
        by_warden: It was done by the guard's warden as the guard died.
        traps: Trap bytes lifted.
        slots: Relocated instructions removed.
        moved: Threads moved from a relocated instruction to where they belong.
        watched: Threads whose debug registers were cleared.
        calls: Threads put back from a function that a debugger had them call.
        signals: Signals given back that had been taken and not delivered.
        unknown: Files of its code that could not be compared with it.
        reason: Why it was refused, or "".
    """

    pid: int
    outcome: Literal["repaired", "clean", "gone", "refused"]
    by_warden: bool = False
    traps: int = 0
    slots: int = 0
    moved: int = 0
    watched: int = 0
    calls: int = 0
    signals: int = 0
    unknown: tuple[str, ...] = ()
    reason: str = ""

    @property
    def summary(self) -> str:
        """One sentence, without a full stop."""
        match self.outcome:
            case "gone":
                return f"process {self.pid} has ended"
            case "refused":
                return f"process {self.pid} was not repaired: {self.reason}"
            case "clean":
                text = f"process {self.pid} is intact: nothing of a debugger's was left in it"
            case "repaired":
                text = f"process {self.pid} was repaired: {', '.join(self._found())}"
        if self.unknown:
            text += f"; no file is left to compare it with for {', '.join(self.unknown)}"
        return text

    def _found(self) -> list[str]:
        counted = (
            (self.traps, "trap lifted", "traps lifted"),
            (self.slots, "relocated instruction removed", "relocated instructions removed"),
            (self.moved, "thread moved to where it belongs", "threads moved to where they belong"),
            (self.watched, "thread's debug registers cleared", "threads' debug registers cleared"),
            (self.calls, "thread put back from a call", "threads put back from calls"),
            (self.signals, "signal given back", "signals given back"),
        )
        return [f"{count} {one if count == 1 else many}" for count, one, many in counted if count]


def repair(pid: int | None = None) -> tuple[Repair, ...]:
    """Repair a process, or all in which a killed guard may have left something.

    A process that is being debugged is refused.  Repairing one that needs nothing does no
    harm but to stop it for some milliseconds.

    Args:
        pid: The process; ``None`` for all that have a journal.

    Raises:
        LaunchError: The guard is not installed.
        RemoteError: It fails.
    """
    command = [find_guard(), "--repair", "all" if pid is None else str(pid)]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RemoteError(f"nothing was repaired: {error}") from error
    if done.returncode:
        text = done.stderr.decode("utf-8", "replace").strip()
        raise RemoteError(f"nothing was repaired: {text}")
    found = tuple(_parse(line) for line in done.stdout.split(b"\n") if line)
    for each in found:
        _log.debug("%s", each)
    return found


def repair_orphans() -> tuple[Repair, ...]:
    """Do as ``repair()``, if there is anything to be done: at the cost of one ``listdir``.

    Raises:
        LaunchError: The guard is not installed.
        RemoteError: It fails.
    """
    return repair() if _has_orphans() else ()


def _has_orphans() -> bool:
    try:
        # Where guards keep their journals.
        folder = os.path.join(state_folder(), "live")
        names = os.listdir(folder)
    except OSError:
        return False
    return any(_is_orphan(os.path.join(folder, name)) for name in names)


def _is_orphan(path: str) -> bool:
    """Whether nobody minds a journal: whoever does holds its lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _parse(line: bytes) -> Repair:
    import json  # noqa: PLC0415 - slow to import

    try:
        fields = cast("dict[str, Any]", json.loads(line))
        fields["unknown"] = tuple(fields.get("unknown", ()))
        return Repair(**fields)
    except (ValueError, TypeError) as error:
        raise RemoteError(f"the guard's answer is not understood: {error}") from error
