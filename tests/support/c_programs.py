"""Programs in C to be debugged, for what Rust's standard library has no words for."""

from __future__ import annotations

import functools
import subprocess
from pathlib import Path

from tests.support.inferiors import TARGET, locked
from tests.support.needs import require

SOURCES = Path(__file__).parents[1] / "guard" / "inferiors"


@functools.cache
def build_c(name: str) -> Path:
    """Build a program, or find it built; skip the test where there is no compiler."""
    require("cc")
    source, built = SOURCES / f"{name}.c", TARGET / "c" / name
    with locked("c"):
        if not built.exists() or built.stat().st_mtime_ns < source.stat().st_mtime_ns:
            built.parent.mkdir(parents=True, exist_ok=True)
            flags = ["-O1", "-g", "-no-pie", "-pthread"]
            subprocess.run(["cc", *flags, source, "-o", built], check=True)
    return built
