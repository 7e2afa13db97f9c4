"""Damaged programs, read in processes of their own, and what that costs."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support.seeds import Language, small_library

BATCH = 125
SECONDS = 5.0
"""Of processor time that one file may take."""
_PATIENCE = 600.0
"""Seconds for a batch, which takes ten on an idle machine: what counts is processor time."""
MEMORY = 1 << 30
"""Bytes that a process may have in memory at once."""


@dataclass(frozen=True, slots=True)
class Toll:
    """What reading many damaged programs took.

    Attributes:
        refusing: How many of them some question was refused for.
        slowest: Seconds of processor time for one of them.
        memory: The most bytes in memory at once.
    """

    count: int
    refusing: int
    slowest: float
    memory: int


def damage(directory: Path, language: Language, seeds: range) -> Toll:
    """Damage a program once for each seed, and ask everything of what is left.

    Raises:
        AssertionError: A question raised anything but a ``CrabtrapError``, or never ended.
    """
    library = small_library(directory, language)
    answers: list[dict[str, object]] = []
    for first in range(seeds.start, seeds.stop, BATCH):
        end = min(first + BATCH, seeds.stop)
        done = subprocess.run(
            [sys.executable, "-m", "tests.support.mutants", library, directory,
             str(first), str(end)],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )  # fmt: skip
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert done.returncode == 0, f"{lines[-1:]}: {done.stderr[-3000:]}"
        answers += lines
    read = [each for each in answers if "seed" in each]
    return Toll(
        len(read),
        sum(1 for each in read if each["said"]),
        max(float(str(each["seconds"])) for each in read),
        max(int(str(each["memory"])) for each in answers if "memory" in each),
    )


def check(toll: Toll, count: int) -> None:
    """Check that every program was read within the limits."""
    assert toll.count == count
    assert toll.slowest <= SECONDS
    assert toll.memory <= MEMORY
    # Most damage costs an answer or two; were it none, nothing would have been damaged.
    assert toll.refusing > count // 4
