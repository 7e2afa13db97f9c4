"""The bar of ``docs/reliability.md``, small; ``make soak`` runs it in full."""

from __future__ import annotations

import pytest

from tests.support.bar.table import ROWS, Row


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_program_notices(row: Row) -> None:
    row.check(row.small)
