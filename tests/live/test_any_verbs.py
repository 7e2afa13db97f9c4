"""All verbs in any order, on six programs, for a minute."""

from __future__ import annotations

import pytest

from tests.support.any_verbs import run

SECONDS = 60.0


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_any_verbs_in_any_order() -> None:
    tally, _, _ = run(SECONDS)
    assert tally.total() > 50
