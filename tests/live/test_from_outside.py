"""Many tasks of a process that must not stop for long, among memory that has none."""

from __future__ import annotations

import pytest

from tests.support.from_outside import list_from_outside
from tests.support.inferiors import build

TASKS = 2000
RARE = TASKS // 100


@pytest.mark.parametrize("profile", ["release-debug", "tokio-1.20-o", "tokio-1.44-o"])
def test_all_tasks_are_grouped_and_the_process_goes_on(profile: str):
    listed = list_from_outside(build("many_tasks", profile), TASKS, mebibytes=64)
    assert listed.groups[0] == (TASKS - RARE, "many_tasks::top")
    assert sum(count for count, name in listed.groups if name == "many_tasks::top") == TASKS
    assert listed.resident > 64 << 20
