"""Programs with random damage: an answer or an error for every question, soon, in little memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.damaging import check, damage
from tests.support.seeds import Language

MUTANTS = 250


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("language", ["rust", "c"])
def test_damaged_programs_are_read_as_far_as_possible(language: Language, tmp_path: Path) -> None:
    check(damage(tmp_path, language, range(MUTANTS)), MUTANTS)
