"""The bar of ``docs/reliability.md`` in full, or as ``--count`` says."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.support.bar.table import ROWS, Row


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_program_notices(
    row: Row, pytestconfig: pytest.Config, report: Callable[[str], None]
) -> None:
    began = time.perf_counter()
    said = row.check(pytestconfig.getoption("--count") or row.full)
    report(f"{row.name}: {said}; {time.perf_counter() - began:.0f} s")
