"""A hundred thousand tasks in a process of a gibibyte, which is stopped for a moment alone."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.from_outside import list_from_outside
from tests.support.inferiors import build

TASKS = 100_000
RARE = TASKS // 100
STOPPED = 1.0
"""Seconds."""


@pytest.mark.timeout(600)
def test_tasks_of_a_large_process(report: Callable[[str], None]):
    listed = list_from_outside(build("many_tasks", "release-debug"), TASKS, mebibytes=1024)
    report(f"{TASKS} tasks, {listed.resident >> 20} MiB: stopped for {listed.stopped} s")
    assert listed.groups[0] == (TASKS - RARE, "many_tasks::top")
    assert sum(count for count, name in listed.groups if name == "many_tasks::top") == TASKS
    assert listed.resident >= 1 << 30
    assert listed.stopped < STOPPED
