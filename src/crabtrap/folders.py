"""The user's own folders, by the XDG base directory specification.

Relative paths are ignored, as it demands: what they lead to depends on the current directory,
which may be anybody's.
"""

from __future__ import annotations

import errno
import os


def config_folder() -> str:
    """Return where the user's init file is.

    Raises:
        FileNotFoundError: The user has no home.
    """
    return os.path.join(_absolute("XDG_CONFIG_HOME") or _in_home(".config"), "crabtrap")


def state_folder() -> str:
    """Return where history and journals are.

    Raises:
        FileNotFoundError: The user has no home.
    """
    return os.path.join(_absolute("XDG_STATE_HOME") or _in_home(".local/state"), "crabtrap")


def run_folder() -> str:
    """Return where the files and sockets of running sessions are.

    Raises:
        FileNotFoundError: The user has no home.
    """
    runtime = _absolute("XDG_RUNTIME_DIR")
    return os.path.join(runtime, "crabtrap") if runtime else os.path.join(state_folder(), "run")


def _absolute(name: str) -> str:
    path = os.environ.get(name, "")
    return path if os.path.isabs(path) else ""


def _in_home(name: str) -> str:
    home = _absolute("HOME")
    if not home:
        raise FileNotFoundError(errno.ENOENT, "HOME is not set to an absolute path")
    return os.path.join(home, name)
