"""Opening the main program where its file is not at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from crabtrap.engine.modules.module_loader import ModuleLoader
from crabtrap.errors import RemoteError, StateError, TargetError
from tests.support.elf import minimal_elf
from tests.support.fake_target import FakeTarget

REMOTE = "/nonexistent/remote/program"


class Distant(FakeTarget):
    """A program on another machine, whose server may give access to files."""

    def read_file(self, path: str) -> bytes:
        if path not in self.file_texts:
            raise RemoteError(f"cannot read {path}: No such file or directory")
        return self.file_texts[path]


def test_a_file_that_is_not_here_is_read_by_the_server() -> None:
    target = Distant(executable=REMOTE)
    target.file_texts[REMOTE] = minimal_elf()
    table = ModuleLoader().load(target)
    assert table.main is not None
    assert table.main.path == REMOTE


def test_a_file_that_nobody_has_is_an_error() -> None:
    with pytest.raises(TargetError, match=r"cannot be read: .*No such file") as caught:
        ModuleLoader().load(Distant(executable=REMOTE))
    assert "--connect ADDRESS PROGRAM" in caught.value.hint


def test_the_users_copy_stands_in_for_it(tmp_path: Path) -> None:
    path = tmp_path / "copy"
    path.write_bytes(minimal_elf())
    loader = ModuleLoader()
    named = loader.open_static(str(path))
    for executable in (REMOTE, ""):
        table = loader.load(Distant(executable=executable), named)
        assert table.main is not None
        assert os.path.exists(named.modules[0].path)
        assert table.main.image is named.modules[0].image


def test_closing_gives_back_what_is_still_referred_to(tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(minimal_elf())
    loader = ModuleLoader()
    module = loader.open_static(str(path)).modules[0]
    loader.close()
    loader.close()
    with pytest.raises(StateError, match="was closed"):
        module.symbols_named("main")
