"""Programs that are held for another session, because theirs has died.

The guard holds a stopped program for a while when its front end is gone, and listens on a unix
socket; beside it lies a file of what only the front end knew.  Both are named after the process,
in a folder for the user alone.  The file outlives the time of the guard, so that a program that
was let go can be attached to with the breakpoints that it had.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from typing import Any, cast

from crabtrap.errors import StateError
from crabtrap.folders import run_folder
from crabtrap.records import dataclass, field

_VERSION = 1
_LONGEST = 16 << 20
_SETTLING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class SavedSession:
    """What a session needs to go on where another one was.

    Attributes:
        pid: The program.
        start: Its start time, in clock ticks since boot.
        owner: The process of the session.
        owner_start: Its start time.
        seconds: How long it is held.
        program: Path of its executable, ``None`` where that was never known.
        launched: It was launched, and is to end with its session.
        thread: The selected thread (tid).
        frame: The selected frame.
        signals: Signal numbers by tid, to be delivered when it goes on.
        stop_pcs: pc by tid, of the threads that have made their stop there.
        stoppoints: Breakpoints, watchpoints and catchpoints, by number.
        next_number: The number of the next of them.
        problem: Why the file could not be read, ``""`` if it could; the rest is then unknown.
    """

    pid: int
    start: int
    owner: int = 0
    owner_start: int = 0
    seconds: int = 0
    program: str | None = None
    launched: bool = False
    thread: int = 0
    frame: int = 0
    signals: dict[str, int] = field(default_factory=dict[str, int])
    stop_pcs: dict[str, int] = field(default_factory=dict[str, int])
    stoppoints: tuple[dict[str, Any], ...] = ()
    next_number: int = 1
    problem: str = ""

    @property
    def is_held(self) -> bool:
        """Whether the guard still holds it; if not, the program was let go and runs."""
        return os.path.exists(socket_path(self.pid))

    @property
    def is_orphaned(self) -> bool:
        """Whether the process of the session is gone."""
        return not self.owner_start or start_time(self.owner) != self.owner_start

    @property
    def seconds_left(self) -> int:
        """How long it is still held, about."""
        with contextlib.suppress(OSError):
            age = time.time() - os.stat(socket_path(self.pid)).st_mtime
            return max(0, round(self.seconds - age))
        return 0


def socket_path(pid: int) -> str:
    """Return where the guard of a program listens for another session."""
    return os.path.join(run_folder(), f"{pid}.sock")


def make_folder() -> None:
    """Make the folder, for the user alone.

    Raises:
        StateError: It cannot be made, or others may write to it.
    """
    try:
        folder = run_folder()
        os.makedirs(folder, mode=0o700, exist_ok=True)
        status = os.stat(folder, follow_symlinks=False)
    except OSError as error:
        what = f"cannot make {error.filename}: " if error.filename else ""
        raise StateError(f"{what}{error.strerror}") from None
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:
        raise StateError(f"others may write to {folder}")


def save(saved: SavedSession) -> None:
    """Write a session's file; whoever reads it finds the old one or the new one.

    Raises:
        OSError: It cannot be written.
    """
    import json  # noqa: PLC0415 - slow to import

    fields = {name: getattr(saved, name) for name in SavedSession.__slots__ if name != "problem"}
    text = json.dumps({"crabtrap_session": _VERSION, **fields})
    path = _file_path(saved.pid)
    # A name of its own should two sessions write at a time.
    temporary = os.path.join(run_folder(), f"{saved.pid}.{os.getpid()}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        with open(os.open(temporary, flags, 0o600), "w", encoding="utf-8") as file:
            # Not to the disk: what the machine's end leaves of it concerns a guard that has ended.
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def load(pid: int) -> SavedSession | None:
    """Read a session's file; ``None`` where there is none.

    A file that cannot be read, or that others may have written, is moved aside, and the result
    says so.
    """
    path = _file_path(pid)
    try:
        return _parse(_read_own(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, RecursionError) as error:
        aside = path.removesuffix(".json") + ".unreadable"
        with contextlib.suppress(OSError):
            os.replace(path, aside)
        return SavedSession(pid, start_time(pid), problem=f"{error}; kept as {aside}")


def _read_own(path: str) -> str:
    """Read a regular file of the user.

    Raises:
        OSError: It cannot be read.
        ValueError: It is too long or not UTF-8, or others may write to it.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    with open(os.open(path, flags), encoding="utf-8") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LONGEST:
            raise ValueError("it is not a file of ours")
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise ValueError("others may have written it")
        return file.read(_LONGEST)


def _parse(text: str) -> SavedSession:
    """Make a session of a file's text.

    Raises:
        ValueError: It is not what ``save`` writes, or another version's.
    """
    import json  # noqa: PLC0415 - slow to import

    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise ValueError("it does not hold a session")
    fields = cast("dict[str, Any]", fields)
    version = fields.pop("crabtrap_session", None)
    if version != _VERSION:
        raise ValueError(f"it is of version {version}, and this reads version {_VERSION}")
    _check_types(fields)
    stoppoints = fields.pop("stoppoints", ())
    if not all(isinstance(each, dict) for each in stoppoints):
        raise ValueError("a breakpoint is missing")
    return SavedSession(**fields, stoppoints=tuple(stoppoints))


def _check_types(fields: dict[str, Any]) -> None:
    """Check that values are of the types that ``save`` writes.

    Raises:
        ValueError: One is not.
    """
    example = SavedSession(0, 0)
    for name, value in fields.items():
        match name:
            case "program":
                is_right = value is None or isinstance(value, str)
            case "stoppoints":
                is_right = isinstance(value, list)
            case _:
                is_right = isinstance(value, type(getattr(example, name, None)))
        if not is_right:
            raise ValueError(f"{name} is {value!r}")


def forget(pid: int) -> None:
    """Remove a session's file, and what killed saves have left; nothing there is fine."""
    for name in _names():
        parts = name.split(".")
        if parts[0] == str(pid) and parts[-1] not in ("sock", "unreadable"):
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(run_folder(), name))


def find_held() -> tuple[SavedSession, ...]:
    """List the programs whose session has died, by process id.

    Those are held, or (``is_held``) were let go and are not debugged by anybody now.  What
    sessions have left of programs that are gone is removed.
    """
    found: list[SavedSession] = []
    for pid in _pids():
        saved = load(pid)
        if saved is None and start_time(pid) and os.path.exists(socket_path(pid)):
            saved = SavedSession(pid, start_time(pid), problem="it has no file")
        if saved is None or not saved.start or start_time(pid) != saved.start:
            forget(pid)
            with contextlib.suppress(OSError):
                os.unlink(socket_path(pid))
        elif wait_for_guard(saved) if saved.problem else saved.is_held or saved.is_orphaned:
            found.append(saved)
    return tuple(sorted(found, key=lambda saved: saved.pid))


def _pids() -> set[int]:
    """List the processes of which there is a file or a socket."""
    stems = (name.partition(".")[0] for name in _names())
    return {int(stem) for stem in stems if stem.isdecimal()}


def _names() -> list[str]:
    try:
        return os.listdir(run_folder())
    except OSError:
        return []


def wait_for_guard(saved: SavedSession) -> bool:
    """Wait until the guard of a session that has died holds the program, or has let it go.

    Returns:
        Whether it is held.
    """
    deadline = time.monotonic() + _SETTLING_SECONDS
    while not saved.is_held and _tracer_of(saved.pid) and time.monotonic() < deadline:
        time.sleep(0.005)
    return saved.is_held


def _tracer_of(pid: int) -> int:
    """Return which process traces another one, 0 for none."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/status", "rb") as file:
        for line in file:
            if line.startswith(b"TracerPid:"):
                return int(line.split()[1])
    return 0


def start_time(pid: int) -> int:
    """Return when a process was started, in clock ticks since boot; 0 for one that is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
            return 0 if fields[0] in (b"Z", b"X") else int(fields[19])
    except (OSError, IndexError, ValueError):
        return 0


def _file_path(pid: int) -> str:
    return os.path.join(run_folder(), f"{pid}.json")
