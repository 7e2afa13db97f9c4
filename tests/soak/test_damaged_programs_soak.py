"""Ten thousand programs with random damage, and those that cost a careless reader everything."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.damaging import check, damage
from tests.support.seeds import Language


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("language", ["rust", "c"])
def test_damaged_programs(
    language: Language,
    tmp_path: Path,
    pytestconfig: pytest.Config,
    report: Callable[[str], None],
) -> None:
    count = pytestconfig.getoption("--mutants") // 2
    # The first ones are those of the small run.
    toll = damage(tmp_path, language, range(1000, 1000 + count))
    report(f"{language}: {toll}")
    check(toll, count)
