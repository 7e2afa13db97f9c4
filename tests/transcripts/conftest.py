"""Runs the sessions that are shown in Markdown pages; see ``player.py`` for their form.

``CRABTRAP_TRANSCRIPTS=write`` puts what came into the files instead of comparing it; read
the difference before you commit it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.transcripts.player import TranscriptMismatch, check_page, write_page


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.File | None:
    if file_path.suffix == ".md":
        return TranscriptFile.from_parent(parent, path=file_path)
    return None


class TranscriptFile(pytest.File):
    def collect(self) -> Iterator[pytest.Item]:
        yield TranscriptItem.from_parent(self, name=self.path.stem)


class TranscriptItem(pytest.Item):
    """All blocks of one page."""

    def runtest(self) -> None:
        if os.environ.get("CRABTRAP_TRANSCRIPTS") == "write":
            write_page(self.path)
        else:
            check_page(self.path)

    def repr_failure(
        self, excinfo: pytest.ExceptionInfo[BaseException], style: str | None = None
    ) -> str:
        if isinstance(excinfo.value, TranscriptMismatch):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name
