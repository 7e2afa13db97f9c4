"""Compare many random expressions with rustc: ``make fuzz-expressions N=100000 SEED=1``.

``--write`` keeps the expressions and verdicts of a run as the corpus of the test suite.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Literal

from crabtrap import Session
from tests.support.oracle import compiled, verdicts
from tests.support.oracle.compiled import Verdict
from tests.support.oracle.generator import Generator
from tests.support.oracle.verdicts import CORPUS, Outcome, session_at_stop, write

_BATCH = 1000
_SHOWN = 20
_SLOW = 0.25
"""Seconds that an expression of the corpus may take at most."""


def main() -> int:
    """Run batches, print what differs, and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    generator = Generator(options.seed)
    counts: Counter[str] = Counter()
    kept: list[tuple[str, Verdict]] = []
    with session_at_stop() as session, tempfile.TemporaryDirectory() as directory:
        done = 0
        while done < options.count:
            batch = [generator.expression() for _ in range(min(_BATCH, options.count - done))]
            for expression, verdict in zip(
                batch, compiled.judge(batch, Path(directory)), strict=True
            ):
                started = time.monotonic()
                outcome, found = _outcome(session, expression, verdict)
                fast = time.monotonic() - started < _SLOW
                counts[outcome] += 1
                if outcome not in ("same", "unjudged") and counts[outcome] <= _SHOWN:
                    _show(outcome, expression, verdict, found)
                if fast and outcome != "unjudged":
                    kept.append((expression, verdict))
            done += len(batch)
            sys.stdout.write(f"{done}: {dict(counts)}\n")
            sys.stdout.flush()
    if options.write:
        write(options.seed, dict(kept))
        sys.stdout.write(f"wrote {CORPUS}\n")
    return int(bool(counts["different"] or counts["traceback"]))


def _outcome(
    session: Session, expression: str, verdict: Verdict
) -> tuple[Outcome | Literal["traceback"], str]:
    try:
        return verdicts.outcome_of(session, expression, verdict)
    except Exception as error:
        return "traceback", f"{type(error).__name__}: {error}"


def _show(outcome: str, expression: str, verdict: Verdict, found: str) -> None:
    sys.stdout.write(
        f"{outcome} | {expression}\n    rustc: {verdict.kind} {verdict.text[:200]}\n"
        f"    crabtrap: {found[:200]}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
