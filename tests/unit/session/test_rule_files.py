"""Rule files in use: which rules are asked, and in which order."""

from __future__ import annotations

import pytest

from crabtrap.errors import NotFoundError
from crabtrap.present import render, std_presenter
from crabtrap.present.rules.user_rules import RuleFileError
from crabtrap.session.rule_files import RuleFiles
from tests.support.synthetic_types import World


def rule(type_: str, name: str) -> str:
    return f'[[rule]]\ntype = "{type_}"\nwrapper = {{ inner = "x", name = "{name}" }}\n'


@pytest.fixture
def presenter():
    return std_presenter()


@pytest.fixture
def files(presenter):
    return RuleFiles(presenter.book, lambda _: None)


def shown(presenter) -> str:
    world = World()
    die = world.struct("m::T", [("x", world.base("u8")), ("y", world.base("u8"))])
    return render(world.value(die, b"\1\2"), presenter)


def test_the_file_loaded_last_is_asked_first(files, presenter, tmp_path):
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(rule("m::T", "First"))
    second.write_text(rule("m::T", "Second"))
    assert shown(presenter) == "T { x: 1, y: 2 }"
    assert [each.pattern for each in files.load(first)] == ["m::T"]
    assert shown(presenter) == "First(1)"
    files.load(second)
    assert shown(presenter) == "Second(1)"
    files.load(first)
    assert shown(presenter) == "First(1)"
    assert [path for path, _ in files.loaded] == [str(first), str(second)]
    files.unload(first)
    assert shown(presenter) == "Second(1)"
    with pytest.raises(NotFoundError):
        files.unload(first)


def test_an_edited_file_is_read_again_unless_it_is_broken(files, presenter, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(rule("m::T", "Old"))
    files.load(file)
    file.write_text("[[rule]]")
    with pytest.raises(RuleFileError):
        files.load(file)
    assert shown(presenter) == "Old(1)"
    file.write_text(rule("m::T", "New"))
    files.load(file)
    assert shown(presenter) == "New(1)"


def test_files_that_cannot_be_read(files, tmp_path):
    with pytest.raises(FileNotFoundError):
        files.load(tmp_path / "missing.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RuleFileError, match="UTF-8"):
        files.load(tmp_path / "binary.toml")


def test_rules_of_std_can_be_overruled(files, presenter, tmp_path):
    file = tmp_path / "mine.toml"
    file.write_text(
        '[[rule]]\ntype = "alloc::vec::Vec<$T>"\nwrapper = { inner = "len", name = "Vec of" }\n'
    )
    vec = World().vec_value("i32", [1, 2])
    assert render(vec, presenter) == "[1, 2]"
    files.load(file)
    assert render(vec, presenter) == "Vec of(2)"
