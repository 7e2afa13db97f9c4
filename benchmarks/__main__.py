"""``python -m benchmarks``: measured, goal and peers, one line per scenario.

The debuggers take turns, so that a slow minute of the machine hits all of them. The
smallest value of each counts; ratios are of smallest values of the same set of turns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Sample, measure
from benchmarks.peers import Peer, all_peers
from benchmarks.scenario import Scenario, load_scenarios


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
    def problem(self) -> str:
        """The first failure; one is enough to distrust the rest."""
        return next((sample.problem for sample in self.samples if sample.problem), "")

    @property
    def memory(self) -> float:
        """Largest peak, MiB."""
        return max(sample.memory for sample in self.samples)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a goal was missed or an answer was wrong."""
    options = _parse(arguments)
    peers = [peer for peer in all_peers() if not options.peers or peer.name in options.peers]
    scenarios = [s for s in load_scenarios() if not options.only or s.name in options.only]
    for peer in peers:
        if reason := peer.missing():
            print(f"{peer.name}: missing ({reason})")
    peers = [peer for peer in peers if not peer.missing()]
    print(f"{platform.release()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}\n")
    met = True
    report: dict[str, dict[str, object]] = {}
    for scenario in scenarios:
        program = scenario.build()
        outcomes = _take_turns(peers, scenario, program, options.rounds or scenario.rounds)
        met &= _print_scenario(scenario, outcomes)
        report[scenario.name] = {
            outcome.peer: {"values": outcome.values, "memory": outcome.memory}
            for outcome in outcomes
        }
    if options.json:
        options.json.write_text(json.dumps(report, indent=1))
    return 0 if met else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", type=_names, help="scenarios, separated by commas")
    parser.add_argument("--peers", type=_names, help="debuggers, separated by commas")
    parser.add_argument("--rounds", type=int, help="turns, instead of those in budgets.toml")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    return text.split(",")


def _take_turns(
    peers: Sequence[Peer], scenario: Scenario, program: Path, rounds: int
) -> list[Outcome]:
    samples: dict[str, list[Sample]] = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            samples[peer.name].append(measure(peer, scenario, program))
    return [Outcome(name, tuple(runs)) for name, runs in samples.items()]


def _print_scenario(scenario: Scenario, outcomes: Sequence[Outcome]) -> bool:
    unit = scenario.unit
    goal = f"goal {scenario.goal:g} {unit}"
    if scenario.memory is not None:
        goal += f", {scenario.memory:g} MiB"
    print(f"{scenario.name}: {scenario.title} ({goal})")
    own = next((o for o in outcomes if o.peer == "crabtrap"), None)
    base = min(own.values) if own and own.values else None
    for outcome in outcomes:
        print(f"  {_describe(outcome, unit, base)}")
    print(flush=True)
    return own is None or _meets(scenario, own)


def _describe(outcome: Outcome, unit: str, base: float | None) -> str:
    if outcome.problem:
        return f"{outcome.peer:<9} wrong: {outcome.problem}"
    best, middle = min(outcome.values), statistics.median(outcome.values)
    text = f"{outcome.peer:<9}{_digits(best):>8} {unit}  median {_digits(middle):>7} {unit}"
    text += f"  {outcome.memory:>5.0f} MiB"
    return text + (f"  {best / base:>6.1f}x" if base else "")


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _meets(scenario: Scenario, own: Outcome) -> bool:
    if own.problem or min(own.values) > scenario.goal:
        return False
    return scenario.memory is None or own.memory <= scenario.memory


if __name__ == "__main__":
    sys.exit(main())
