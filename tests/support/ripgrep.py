"""A real program to debug: ripgrep from crates.io, in a debug and in a release build."""

from __future__ import annotations

import fcntl
import functools
import os
import subprocess
from pathlib import Path
from typing import Literal

from tests.support.inferiors import TARGET
from tests.support.needs import lack

Build = Literal["debug", "release"]

# Pinned, so that lines and functions named by tests stay where they are.
VERSION = "14.1.1"


def ripgrep(build: Build) -> Path:
    """Return the ``rg`` executable, installing it on first use.

    The first use compiles for a minute or two: a test that calls this needs a timeout of
    its own.  Skips the test where the registry cannot be reached.

    Args:
        build: "debug", or "release" with full debug information and without LTO.
    """
    executable = _provide(build)
    if executable is None:
        lack("crates.io")
    return executable


def source_directory() -> Path:
    """Return where cargo unpacked ripgrep's own source."""
    registry = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")) / "registry" / "src"
    return next(registry.glob(f"*/ripgrep-{VERSION}"))


# One attempt is enough: without a network, each may take a minute.
@functools.cache
def _provide(build: Build) -> Path | None:
    root = TARGET / f"ripgrep-{build}"
    executable = root / "bin" / "rg"
    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return executable if executable.exists() or _install(build, root) else None


def _install(build: Build, root: Path) -> bool:
    command = ["cargo", "install", "--quiet", "--locked", "--root", str(root)]
    # Kept, because split debug information is in it, and a second try continues from it.
    command += ["--target-dir", str(root / "target"), "--version", VERSION, "ripgrep"]
    settings = {"RUSTFLAGS": ""}
    if build == "debug":
        command.append("--debug")
    else:
        settings |= {"CARGO_PROFILE_RELEASE_DEBUG": "2", "CARGO_PROFILE_RELEASE_LTO": "off"}
    result = subprocess.run(
        command, env=os.environ | settings, capture_output=True, text=True, check=False
    )
    if result.returncode != 0 and not _unreachable(result.stderr):
        raise RuntimeError(f"{' '.join(command)}\n{result.stderr}")
    return result.returncode == 0


def _unreachable(text: str) -> bool:
    signs = ("failed to download", "Could not resolve host", "network", "spurious")
    return any(sign in text for sign in signs)


def line_of(text: str, file: str = "crates/core/search.rs") -> int:
    """Return the line of ripgrep's source that contains ``text``, counted from 1.

    Raises:
        ValueError: No line does, or several do.
    """
    lines = (source_directory() / file).read_text().splitlines()
    found = [number for number, line in enumerate(lines, start=1) if text in line]
    if len(found) != 1:
        raise ValueError(f"{len(found)} lines of {file} contain {text!r}")
    return found[0]
