"""The files of sessions: written whole or not at all, and read with suspicion."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path

import pytest

from crabtrap.errors import StateError
from crabtrap.records import replace
from crabtrap.session import held_programs
from crabtrap.session.held_programs import SavedSession

KILLS = 100


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    held_programs.make_folder()
    return tmp_path / "crabtrap"


def session_of_this_process() -> SavedSession:
    pid = os.getpid()
    return SavedSession(
        pid,
        held_programs.start_time(pid),
        seconds=30,
        program="/bin/true",
        thread=pid,
        signals={str(pid): 10},
        stop_pcs={str(pid): 0x401000},
        stoppoints=({"type": "Breakpoint", "number": 1, "spec": "main"},),
        next_number=2,
    )


def save_until_killed(saved: SavedSession, told: int) -> None:
    """Save one generation after the other, in a child; a byte for each goes to ``told``."""
    generation = 0
    while True:
        generation += 1
        breakpoints = tuple({"number": number} for number in range(generation % 100))
        held_programs.save(replace(saved, next_number=generation, stoppoints=breakpoints))
        os.write(told, b".")


def kill_while_saving(saved: SavedSession, saves: int) -> None:
    """Kill a process after so many saves, in the midst of the next or of one soon after."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            save_until_killed(saved, writer)
        finally:
            os._exit(1)
    os.close(writer)
    seen = 0
    while seen < saves:
        seen += len(os.read(reader, saves - seen))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    while data := os.read(reader, 4096):
        seen += len(data)
    os.close(reader)
    found = held_programs.load(saved.pid)
    assert found is not None
    assert not found.problem
    # The last that was said to be saved, or the one that was being saved.
    assert found.next_number in (seen, seen + 1)
    assert len(found.stoppoints) == found.next_number % 100


def test_a_session_comes_back_as_it_was(folder: Path) -> None:
    saved = session_of_this_process()
    held_programs.save(saved)
    assert held_programs.load(saved.pid) == saved
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert held_programs.load(1) is None


def test_killed_while_saving_the_file_is_the_old_or_the_new_one() -> None:
    saved, chance = session_of_this_process(), random.Random(7)
    for _ in range(KILLS):
        kill_while_saving(saved, chance.randrange(1, 12))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[]", "does not hold a session"),
        ('{"crabtrap_session": 2}', "version 2"),
        ('{"crabtrap_session": 1, "pid": "x"}', "pid is 'x'"),
        ('{"crabtrap_session": 1, "pid": 1, "start": 1, "stoppoints": [1]}', "breakpoint"),
        ('{"crabtrap_session": 1, "pid": 1, "start": 1, "other": 1}', "other is 1"),
        ("[" * 100_000, "recursion"),
    ],
)
def test_what_cannot_be_read_is_moved_aside(folder: Path, text: str, why: str) -> None:
    pid = os.getpid()
    (folder / f"{pid}.json").write_text(text)
    found = held_programs.load(pid)
    assert found is not None
    assert why in found.problem
    assert (folder / f"{pid}.unreadable").read_text() == text
    assert held_programs.load(pid) is None


def test_what_others_may_have_written_is_not_believed(folder: Path) -> None:
    saved = session_of_this_process()
    held_programs.save(saved)
    file = folder / f"{saved.pid}.json"
    file.chmod(0o666)
    found = held_programs.load(saved.pid)
    assert found is not None
    assert "others" in found.problem
    os.mkfifo(file)
    found = held_programs.load(saved.pid)
    assert found is not None
    assert found.problem


def test_what_is_left_of_programs_that_are_gone_goes_away(folder: Path) -> None:
    saved = session_of_this_process()
    held_programs.save(replace(saved, start=saved.start + 1))
    (folder / f"{saved.pid}.k1ll3d").touch()
    assert held_programs.find_held() == ()
    assert list(folder.iterdir()) == []


def test_a_living_session_is_not_offered() -> None:
    saved = session_of_this_process()
    owned = replace(saved, owner=saved.pid, owner_start=saved.start)
    held_programs.save(owned)
    assert held_programs.find_held() == ()
    held_programs.save(saved)
    assert held_programs.find_held() == (saved,)
    assert not saved.is_held


def test_a_folder_that_others_may_write_to_is_refused(folder: Path) -> None:
    folder.chmod(0o777)
    with pytest.raises(StateError, match="others may write"):
        held_programs.make_folder()
