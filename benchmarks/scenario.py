"""What is measured, against which goal, and what proves that an answer was right."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.generate import PACKAGED, RECURSION, SIZES, big, packaged, small

BUDGETS = Path(__file__).with_name("budgets.toml")
DONE = "BENCHMARK-DONE"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One line of the table.

    Attributes:
        name: Key in ``budgets.toml``.
        title: For people.
        unit: "s", "ms" or "µs".
        goal: At most this, in ``unit``.
        memory: At most this many MiB, ``None`` where memory is not judged.
        program: A size of the large program, or the name of a small one.
        rounds: How many times each debugger is started.
        events: Events per round; 0 where the whole process is timed.
        cap: Seconds after which a debugger is stopped.
        alone: No peer has anything like it.
    """

    name: str
    title: str
    unit: str
    goal: float
    program: str
    rounds: int
    memory: float | None = None
    events: int = 0
    cap: float = 300.0
    alone: bool = False

    @property
    def timed_from_outside(self) -> bool:
        """The time runs from the start of the debugger to its last answer."""
        return self.name.startswith("start_")

    def build(self) -> Path:
        """Build the program, or find it built."""
        if self.program in SIZES:
            return big(self.program)
        return packaged(self.program) if self.program in PACKAGED else small(self.program)


def load_scenarios() -> list[Scenario]:
    """Read ``budgets.toml``."""
    budgets = tomllib.loads(BUDGETS.read_text())
    return [Scenario(name=name, **fields) for name, fields in budgets.items()]


def check_transcript(scenario: Scenario, transcript: str) -> str:
    """Say what is wrong with the output of a ``start_*`` scenario; ``""`` if nothing is."""
    if DONE not in transcript:
        return "it did not come to the end of its commands"
    recursions = RECURSION if scenario.program in SIZES else 0
    total = RECURSION + 1 if recursions else 20
    # The entry of depth 0 calls the leaf, so there is one frame more than calls.
    expected = recursions + 1 if recursions else 0
    found = len(set(re.findall(r"#(\d+).*\bdescend\b", transcript)))
    if found != expected:
        return f"{found} frames of the recursion instead of {expected}"
    if not re.search(rf"\btarget_leaf\b.*\btotal ?= ?{total}\b", transcript):
        return f"no frame of target_leaf with total = {total}"
    return ""


def check_facts(scenario: Scenario, facts: Mapping[str, object], rounds: int = 3) -> str:
    """Say what is wrong with what an inside driver saw; ``""`` if nothing is."""
    passed = scenario.events // rounds * rounds
    expected: dict[str, dict[str, object]] = {
        "condition": {"rounds": rounds, "stops": rounds},
        "stop": {"passed": passed},
        # A turn of the loop has five lines.
        "next": {"function": "step::stepped", "turns": passed // 5},
        # A turn has three lines.
        "awaits": {"turns": passed // 3},
        "tasks": {"tasks": 100_000, "groups": 4, "largest": 99_000},
        "backtrace": {"recursions": 10_001, "main": 1},
        "vec_all": {"items": 1_000_000, "last": 999_999},
        "map_page": {"entries": 100},
        "map_all": {"entries": 1_000_000},
        "damaged": {"values": scenario.events},
        "chains": {"greatest": 999_999},
        "tree_lookup": {"double": 246_912},
        # A round has 15,000 changes.
        "watch": {"rounds": scenario.events // 15_000},
    }
    wrong = [
        f"{key} is {facts.get(key)!r} instead of {value!r}"
        for key, value in expected[scenario.name].items()
        if not _close(scenario, key, facts.get(key), value)
    ]
    return "; ".join(wrong)


def _close(scenario: Scenario, key: str, found: object, expected: object) -> bool:
    # Debuggers differ by a line in where they stop first.
    if scenario.name in ("next", "awaits") and key == "turns" and isinstance(found, int):
        return isinstance(expected, int) and abs(found - expected) <= 1
    return found == expected
