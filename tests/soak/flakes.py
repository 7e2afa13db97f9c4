"""The suite again and again while every processor is busy: ``python -m tests.soak.flakes 20``.

A test that fails once is a failed test: nothing is retried. What failed, and how often, is told.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter

_BUSY = "while True: pass"
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


def run_once(arguments: list[str]) -> list[str]:
    """Run the suite once, and return what has failed."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--no-header", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    failed = _FAILED.findall(done.stdout)
    if done.returncode and not failed:
        failed.append(f"pytest itself: {done.stdout[-500:]}{done.stderr[-500:]}")
    return failed


def main() -> int:
    """Run the suite as often as the command line says."""
    rounds, *arguments = sys.argv[1:]
    failures: Counter[str] = Counter()
    busy = [
        subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(len(os.sched_getaffinity(0)))
    ]
    try:
        for number in range(1, int(rounds) + 1):
            failed = run_once(arguments)
            failures.update(failed)
            print(f"round {number}: {len(failed)} failed", flush=True)
    finally:
        for process in busy:
            process.kill()
            process.wait()
    for name, count in failures.most_common():
        print(f"{count} of {rounds}: {name}")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
