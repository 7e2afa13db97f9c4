"""``python -m benchmarks``: measured, goal and peers, one line per scenario.

The debuggers take turns, so that a slow minute of the machine hits all of them. The
smallest value of each counts; ratios are of smallest values of the same set of turns.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Sample, measure
from benchmarks.peers import Peer, all_peers
from benchmarks.report import OWN, Outcome, Row, render_table
from benchmarks.scenario import Scenario, load_scenarios


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 if a goal was missed or an answer was wrong."""
    options = _parse(arguments)
    wanted = [peer for peer in all_peers() if not options.peers or peer.name in options.peers]
    scenarios = [s for s in load_scenarios() if not options.only or s.name in options.only]
    for peer in wanted:
        if reason := peer.missing():
            print(f"{peer.name} is missing: {reason}")
    peers = [peer for peer in wanted if not peer.missing()]
    print(f"Linux {platform.release()}, {os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}")
    rows = [_measure(scenario, peers, options.rounds) for scenario in scenarios]
    print(f"load {os.getloadavg()[0]:.1f} at the end\n")
    print(render_table(rows, [peer.name for peer in peers]))
    if options.json:
        options.json.write_text(json.dumps(_numbers(rows), indent=1))
    return 0 if all(row.met for row in rows) else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", type=_names, help="scenarios, separated by commas")
    parser.add_argument("--peers", type=_names, help="debuggers, separated by commas")
    parser.add_argument("--rounds", type=int, help="turns, instead of those in budgets.toml")
    parser.add_argument("--json", type=Path, help="also write the numbers to this file")
    return parser.parse_args(arguments)


def _names(text: str) -> list[str]:
    return text.split(",")


def _measure(scenario: Scenario, peers: Sequence[Peer], rounds: int | None) -> Row:
    print(f"{scenario.name} ...", file=sys.stderr, flush=True)
    program = scenario.build()
    samples: dict[str, list[Sample]] = {peer.name: [] for peer in peers}
    for _ in range(rounds or scenario.rounds):
        for peer in peers:
            if scenario.alone and peer.name != OWN:
                continue
            samples[peer.name].append(measure(peer, scenario, program))
    return Row(
        scenario, tuple(Outcome(name, tuple(runs)) for name, runs in samples.items() if runs)
    )


def _numbers(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, object]]]:
    return {
        row.scenario.name: {
            outcome.peer: {"values": outcome.values, "memory": outcome.memory}
            for outcome in row.outcomes
        }
        for row in rows
    }


if __name__ == "__main__":
    sys.exit(main())
