"""The rows of the bar, and how often each does what it does."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.support.bar import calls, front_ends, hits, processes, signals, visits


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the bar.

    Attributes:
        name: Its name in ``docs/reliability.md``.
        run: Does it so many times, and says what it has counted.
        small: How often in the suite.
        full: How often in the long run.
    """

    name: str
    run: Callable[[int, random.Random], str]
    small: int
    full: int

    def check(self, count: int) -> str:
        """Do it; the seed of a failure can be given again by ``CRABTRAP_SEED``.

        Raises:
            AssertionError: A program noticed.
        """
        seed = int(os.environ.get("CRABTRAP_SEED", random.randrange(1 << 32)))
        try:
            return self.run(count, random.Random(seed))
        except Exception as error:
            error.add_note(f"CRABTRAP_SEED={seed}")
            raise


ROWS = (
    Row("R1 visits", visits.visit_workers, small=100, full=1000),
    Row("R2 thread churn", visits.visit_churn, small=30, full=500),
    Row("R3 hits", hits.count_hits, small=1000, full=10_000),
    Row("R4 toggles", visits.toggle, small=200, full=2000),
    Row("R4 interrupts", visits.interrupt, small=20, full=1000),
    Row("R6 front end killed", front_ends.kill_front_ends, small=20, full=200),
    Row("R8 queued signals", signals.queue_across_everything, small=4000, full=100_000),
    Row("R8 pending signal", signals.terminate_at_detach, small=20, full=100),
    Row("R9 stop and continue", signals.stop_and_continue, small=20, full=500),
    Row("R10 children", processes.spawn, small=50, full=500),
    Row("R11 exec", processes.replace, small=20, full=300),
    Row("R15 calls", calls.call_anywhere, small=100, full=2000),
    Row("R15 abandoned calls", calls.abandon_calls, small=5, full=50),
)
