"""The outcome of a repair in words, and when one is asked for at all."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from crabtrap.target import repair as module
from crabtrap.target.repair import Repair, repair_orphans


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Repair(7, "gone"), "process 7 has ended"),
        (Repair(7, "clean"), "process 7 is intact: nothing of a debugger's was left in it"),
        (Repair(7, "refused", reason="why"), "process 7 was not repaired: why"),
        (Repair(7, "repaired", traps=1), "process 7 was repaired: 1 trap lifted"),
        (
            Repair(7, "repaired", traps=2, watched=3, signals=1),
            "process 7 was repaired: 2 traps lifted, 3 threads' debug registers cleared, "
            "1 signal given back",
        ),
        (
            Repair(7, "clean", unknown=("/tmp/a (deleted)",)),
            "process 7 is intact: nothing of a debugger's was left in it; "
            "no file is left to compare it with for /tmp/a (deleted)",
        ),
    ],
)
def test_every_outcome_is_a_sentence(found: Repair, text: str) -> None:
    assert found.summary == text


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    asked: list[int | None] = []

    def note(pid: int | None = None) -> tuple[Repair, ...]:
        asked.append(pid)
        return (Repair(1, "clean"),)

    monkeypatch.setattr(module, "repair", note)
    return tmp_path / "crabtrap" / "live"


def test_without_journals_nobody_is_asked(folder: Path) -> None:
    assert repair_orphans() == ()
    folder.mkdir(parents=True)
    assert repair_orphans() == ()


def test_a_journal_that_is_minded_is_no_orphan(folder: Path) -> None:
    folder.mkdir(parents=True)
    with open(folder / "boot-1-2", "w") as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        assert repair_orphans() == ()
    assert repair_orphans() == (Repair(1, "clean"),)
