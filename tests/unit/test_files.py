"""Files that others name: bounded, and never waited for without end."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from crabtrap import files
from crabtrap.files import absolute_path, read_file_or_pipe, read_regular_file


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_regular_file(str(path), 5)[0] == b"12345"
    assert read_file_or_pipe(str(path), 5) == b"12345"
    for read in (read_regular_file, read_file_or_pipe):
        with pytest.raises(OSError, match="too large"):
            read(str(path), 4)


@pytest.mark.parametrize("path", ["/dev/zero", "/"])
def test_what_is_no_file_is_refused(path: str) -> None:
    for read in (read_regular_file, read_file_or_pipe):
        with pytest.raises(OSError, match=r"regular file|directory"):
            read(path, 5)


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_a_pipe_is_read_to_its_end(pipe: Path) -> None:
    with pytest.raises(OSError, match="not a regular file"):
        read_regular_file(str(pipe), 5)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"a" * 100_000))
    writer.start()
    assert len(read_file_or_pipe(str(pipe), 1 << 20)) == 100_000
    writer.join()


def test_a_pipe_is_not_read_beyond_its_limit(pipe: Path) -> None:
    writer = os.open(pipe, os.O_RDWR)
    os.write(writer, b"too much")
    with pytest.raises(OSError, match="too large"):
        read_file_or_pipe(str(pipe), 5)
    os.close(writer)


def test_a_pipe_without_a_writer_is_given_up(pipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PATIENCE_SECONDS", 0.05)
    with pytest.raises(OSError, match="nobody writes"):
        read_file_or_pipe(str(pipe), 5)


def test_paths_from_a_deleted_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    assert absolute_path("a/../b") == str(gone / "b")
    gone.rmdir()
    assert absolute_path("a/../b") == "b"
    assert absolute_path("/a//b") == "/a/b"
