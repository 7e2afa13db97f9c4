"""The table: one line per scenario, measured, goal and peers."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import Sample
from benchmarks.scenario import Scenario

OWN = "crabtrap"


@dataclass(frozen=True, slots=True)
class Outcome:
    """All runs of one debugger in one scenario."""

    peer: str
    samples: tuple[Sample, ...]

    @property
    def values(self) -> list[float]:
        """What succeeded, in the scenario's unit."""
        return [sample.value for sample in self.samples if sample.value is not None]

    @property
    def best(self) -> float | None:
        """The smallest value, ``None`` where an answer was wrong: a time for nothing."""
        return None if self.problem else min(self.values)

    @property
    def problem(self) -> str:
        """The first failure; one is enough to distrust the rest."""
        return next((sample.problem for sample in self.samples if sample.problem), "")

    @property
    def capped(self) -> float:
        """Seconds after which it was stopped, 0 where it came to an end."""
        return max(sample.capped for sample in self.samples)

    @property
    def memory(self) -> float:
        """Largest peak, MiB."""
        return max(sample.memory for sample in self.samples)


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario with what every debugger made of it."""

    scenario: Scenario
    outcomes: tuple[Outcome, ...]

    @property
    def own(self) -> Outcome | None:
        """Our own outcome, ``None`` where we did not take part."""
        return next((o for o in self.outcomes if o.peer == OWN), None)

    @property
    def met(self) -> bool:
        """The goals for time and memory are kept, with right answers."""
        own = self.own
        if own is None:
            return True
        if own.best is None or own.best > self.scenario.goal:
            return False
        return self.scenario.memory is None or own.memory <= self.scenario.memory


def render_table(rows: Sequence[Row], peers: Sequence[str]) -> str:
    """Return the table, the titles of its lines and what went wrong."""
    head = ["", *peers[:1], "goal", *peers[1:], ""]
    lines = [head, *(_line(row, peers) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    titles = [f"{row.scenario.name}: {row.scenario.title}" for row in rows]
    problems = [
        f"wrong answer: {outcome.peer}, {row.scenario.name}: {outcome.problem}"
        for row in rows
        for outcome in row.outcomes
        if outcome.problem and not outcome.capped
    ]
    note = "Smallest value (median), peak memory, and how many times ours a peer takes."
    return "\n".join([*table, "", note, *titles, *problems])


def _line(row: Row, peers: Sequence[str]) -> list[str]:
    scenario = row.scenario
    goal = f"{_digits(scenario.goal)} {scenario.unit}"
    if scenario.memory is not None:
        goal += f", {scenario.memory:.0f} MiB"
    by_name = {outcome.peer: outcome for outcome in row.outcomes}
    base = row.own.best if row.own else None
    cells = [_cell(by_name[name], scenario, base) if name in by_name else "-" for name in peers]
    verdict = "" if row.own is None else "met" if row.met else "MISSED"
    return [scenario.name, *cells[:1], goal, *cells[1:], verdict]


def _cell(outcome: Outcome, scenario: Scenario, base: float | None) -> str:
    if outcome.capped:
        return f"more than {outcome.capped:.0f} s"
    if outcome.best is None:
        return "wrong answer"
    middle = statistics.median(outcome.values)
    text = f"{_digits(outcome.best)} {scenario.unit} ({_digits(middle)}) {outcome.memory:.0f} MiB"
    if base is None or outcome.peer == OWN:
        return text
    return f"{text} {outcome.best / base:.1f}x"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
