"""Constants: those of generic instances by their names, others by the source that was built."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from crabtrap.errors import CrabtrapError
from crabtrap.session import constants
from crabtrap.symbols import source_files
from tests.support.inferiors import build, require_profile
from tests.support.sessions import Debug, Driver

EXPECTED = {
    "associated": {
        "INNER": "31",
        "LIMIT": "7",
        "NAME": r'"the \"name\""',
        "Self::WIDTH": "2.5",
        "Square::DEPTH": "-12",
        "Self::SIDES": "4",
    },
    "generic": {"N": "3", "LIMIT": "7"},
    "method": {"N": "2", "DEEP": "true", "M": "-5"},
    "local": {
        "LIMIT": "200",
        "LETTER": "'é'",
        "RATIO": "1500.0",
        "FLAG": "true",
        "COMPUTED": "400",
    },
}
COMPUTED = {
    "associated": {"LIMIT * 2": "14", "NAME.len()": "10", "Self::WIDTH > 2.0": "true"},
    "generic": {"N + 1": "4"},
    "method": {"N == 2 && DEEP": "true"},
    "local": {"LIMIT as i32 + 100": "300"},
}


@pytest.mark.parametrize(
    "profile", ["debug", "debian-rustc", "debian-rustc-web", "debian-rustc-web-oldest"]
)
def test_a_constant_is_what_the_source_or_the_instance_says_and_is_marked_so(
    debug: Debug, profile: str
):
    require_profile(profile)
    driver = debug("constants", profile)
    for marker in ("associated", "generic", "method", "local"):
        driver.run_to(marker)
        for name, value in EXPECTED[marker].items():
            shown, _, origin = driver.shown(name).partition(" (")
            assert (name, shown) == (name, value)
            assert origin.startswith(("from the source, main.rs:", "const generic"))
        found = {text: driver.shown(text) for text in COMPUTED[marker]}
        assert found == COMPUTED[marker]
    for unknown in ("WIDTH", "Self::WIDTH", "Square::MISSING"):
        with pytest.raises(CrabtrapError, match="no variable, static or function"):
            driver.shown(unknown)


def test_a_file_that_is_newer_than_the_program_tells_no_constant(debug: Debug, tmp_path: Path):
    driver = debug("constants")
    driver.run_to("local")
    source = build("constants").source
    copy = tmp_path / source.name
    shutil.copy(source, copy)
    driver.session.sources.substitute(os.fspath(source.parent), os.fspath(tmp_path))
    driver.session.next()
    with pytest.raises(CrabtrapError):
        driver.shown("LETTER")


@pytest.mark.parametrize(("change", "is_known"), [("", True), ("\n", False)])
def test_an_old_file_tells_constants_where_its_lines_are_those_that_have_code(
    debug: Debug, tmp_path: Path, change: str, is_known: bool
):
    driver = debug("constants")
    driver.run_to("local")
    inferior = build("constants")
    copy = tmp_path / inferior.source.name
    copy.write_text(change + inferior.source.read_text())
    built = inferior.path.stat().st_mtime
    os.utime(copy, (built - 3600, built - 3600))
    driver.session.sources.substitute(os.fspath(inferior.source.parent), os.fspath(tmp_path))
    driver.session.next()
    shown = driver.session.sources.find(driver.session.frame.path or "")
    assert (shown.path, shown.stale) == (os.fspath(copy), not is_known)
    if is_known:
        assert driver.shown("LETTER").startswith("'é' (from the source, main.rs:")
    else:
        with pytest.raises(CrabtrapError):
            driver.shown("LETTER")


NOT_EVALUATED = {
    "FN": "doubled",
    "LOOPED": "while",
    "CHOSEN": "cfg",
}
"""What is not in the expression language, with a word of the reason."""


@pytest.mark.parametrize("profile", ["debug", "debian-rustc", "debian-rustc-web"])
def test_a_computed_constant_is_what_the_program_prints_or_says_why_not(debug: Debug, profile: str):
    require_profile(profile)
    program = build("constants", profile).path
    printed = dict(
        line.split(" = ", 1) for line in subprocess.check_output([program], text=True).splitlines()
    )
    driver = debug("constants", profile)
    shown: dict[str, str] = {}
    for marker in ("computed", "defaulted"):
        driver.run_to(marker)
        for name in printed:
            if name.startswith("Self::") == (marker == "defaulted"):
                shown[name] = shown_or_error(driver, name)
    assert shown.keys() == printed.keys()
    assert "3 (from the source, limits.rs:3)" in driver.shown("limits::NEAR")
    for name, text in shown.items():
        if name in NOT_EVALUATED:
            assert f"{name} is `" in text
            assert NOT_EVALUATED[name] in text
        else:
            value, _, origin = text.rpartition(" (")
            assert (name, value.lstrip("&")) == (name, printed[name])
            assert origin.startswith("from the source, ")


def shown_or_error(driver: Driver, name: str) -> str:
    try:
        return driver.shown(name)
    except CrabtrapError as error:
        return str(error)


def test_a_source_is_read_once_for_many_constants(debug: Debug, monkeypatch: pytest.MonkeyPatch):
    driver = debug("constants")
    driver.run_to("associated")
    read: list[str] = []
    original = source_files.read_regular_file

    def watched(path: str, limit: int) -> tuple[bytes, float]:
        read.append(path)
        return original(path, limit)

    monkeypatch.setattr(source_files, "read_regular_file", watched)
    constants._parsed.cache_clear()  # pyright: ignore[reportPrivateUsage] - of other tests
    for _ in range(3):
        assert driver.shown("LIMIT").startswith("7 (from the source")
        assert driver.shown("INNER").startswith("31 (from the source")
    assert len([path for path in read if path.endswith("main.rs")]) == 1
