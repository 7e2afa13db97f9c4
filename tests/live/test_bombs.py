"""Small files that would cost gigabytes or hours: both have a limit, and what it cuts is told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.bombs import BOMBS
from tests.support.damaging import MEMORY, SECONDS


@pytest.mark.slow
@pytest.mark.timeout(120)  # of which little is ours on a busy machine
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_costs_little_and_what_is_skipped_is_told(name: str, tmp_path: Path) -> None:
    bomb, path = BOMBS[name], tmp_path / "bomb"
    bomb.make(path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.examination", path],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    path.unlink()
    assert done.returncode == 0, done.stderr[-3000:]
    answer = json.loads(done.stdout)
    told = "\n".join((*answer["said"], *answer["problems"]))
    assert answer["memory"] <= MEMORY, told[-3000:]
    assert answer["seconds"] <= SECONDS, told[-3000:]
    assert re.search(bomb.told, told), told[-3000:]
