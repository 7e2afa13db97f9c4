"""What Rust people type every day is what rustc says it is, or is refused and listed so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.oracle.compiled import judge
from tests.support.oracle.verdicts import answer, compare, session_at_stop

CORPUS = Path(__file__).with_name("rust_as_typed.txt")
_REFUSED = "refused | "
_FEWEST = 1100


@pytest.mark.timeout(90)
def test_every_line_is_what_rustc_says(tmp_path: Path) -> None:
    lines = [line for line in CORPUS.read_text().splitlines() if line and line[0] != "#"]
    expressions = [line.removeprefix(_REFUSED) for line in lines]
    wrong: list[str] = []
    verdicts = judge(expressions, tmp_path, edition="2024")
    with session_at_stop() as session:
        for line, verdict in zip(lines, verdicts, strict=True):
            found = answer(session, line.removeprefix(_REFUSED))
            wanted = "refused" if line.startswith(_REFUSED) else "same"
            outcome = compare(verdict, found)
            if outcome != wanted:
                wrong.append(f"{outcome} | {line}\n  rustc: {verdict}\n  crabtrap: {found[1]}")
    assert not wrong, "\n".join(wrong)
    assert len(lines) >= _FEWEST
