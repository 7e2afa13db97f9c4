"""Minutes of stepping under Ctrl-C, which comes every few milliseconds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.interrupting import step_under_interrupts
from tests.support.sessions import Server


@pytest.mark.timeout(7200)
def test_stepping_for_minutes_under_interrupts(
    server: Server, pytestconfig: pytest.Config, report: Callable[[str], None]
) -> None:
    seconds = float(str(pytestconfig.getoption("--interrupted")))
    verbs, interrupted = step_under_interrupts(server, 5, seconds)
    report(f"{server}: {interrupted} of {verbs} verbs were interrupted")
