"""Compare loops with the general evaluator: ``make fuzz-loops N=10000 SEED=1``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter as Tally

from tests.support.loops.data import Count, Data, both
from tests.support.loops.generator import Generator

_SHOWN = 20
_PER_DATA = 200
"""Chains over the same data."""


def main() -> int:
    """Evaluate random chains in both ways, print what differs, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    options = parser.parse_args()
    tally: Tally[str] = Tally()
    for done in range(0, options.count, _PER_DATA):
        seed = options.seed * 1_000_003 + done
        data = Data(seed)
        generator = Generator(seed, data.types)
        for _ in range(min(_PER_DATA, options.count - done)):
            text = generator.chain()
            counted = Count()
            with counted.counting():
                general, loop = both(data, text)
            kind = "value" if general[0] == "value" else "error"
            tally[f"{kind} {'by loop' if counted.loops else 'in general'}"] += 1
            if general != loop:
                tally["different"] += 1
                if tally["different"] <= _SHOWN:
                    sys.stdout.write(f"{text}\n  general: {general}\n  loop:    {loop}\n")
    sys.stdout.write(f"{dict(tally)}\n")
    return int(bool(tally["different"]))


if __name__ == "__main__":
    sys.exit(main())
