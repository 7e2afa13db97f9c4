"""What is compiled meanwhile is no part of a test's time."""

from __future__ import annotations

import signal
import threading

from tests.support.clock import clock_stopped


def test_the_timer_stands_still_meanwhile_and_goes_on_afterwards() -> None:
    before, _ = signal.getitimer(signal.ITIMER_REAL)
    with clock_stopped():
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    after, _ = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < after <= before


def test_another_thread_leaves_the_timer_alone() -> None:
    seen: list[float] = []

    def look() -> None:
        with clock_stopped():
            seen.append(signal.getitimer(signal.ITIMER_REAL)[0])

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen[0] > 0
