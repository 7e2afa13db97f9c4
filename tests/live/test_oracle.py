"""Thousands of expressions: crabtrap says what rustc and the compiled program say."""

from __future__ import annotations

from collections import defaultdict

import pytest

from tests.support.inferiors import require_profile
from tests.support.oracle.verdicts import answer, compare, read, session_at_stop

_FEWEST = 2500
_MOST_REFUSED = 20
_MOST_LAX = 20


@pytest.mark.timeout(90)
@pytest.mark.parametrize("profile", ["debug", "dwarf5"])
def test_expressions_are_what_rustc_says(profile: str):
    require_profile(profile)
    found: defaultdict[str, list[str]] = defaultdict(list)
    with session_at_stop(profile) as session:
        for expression, verdict in read().items():
            says = answer(session, expression)
            line = f"{expression}\n  rustc {verdict.kind}: {verdict.text}\n  crabtrap: {says[1]}"
            found[compare(verdict, says)].append(line)
    assert not found["different"], "\n".join(found["different"])
    assert len(found["refused"]) <= _MOST_REFUSED, "\n".join(found["refused"])
    assert len(found["lax"]) <= _MOST_LAX, "\n".join(found["lax"])
    assert len(found["same"]) >= _FEWEST
