"""The user's folders: absolute, or none."""

from __future__ import annotations

import pytest

from crabtrap.folders import config_folder, run_folder, state_folder


def test_the_variables_say_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "/c")
    monkeypatch.setenv("XDG_STATE_HOME", "/s")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/r")
    assert (config_folder(), state_folder(), run_folder()) == (
        "/c/crabtrap",
        "/s/crabtrap",
        "/r/crabtrap",
    )


@pytest.mark.parametrize("value", ["", ".", "here", "../there"])
def test_relative_ones_are_ignored(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", "/home/me")
    assert (config_folder(), state_folder(), run_folder()) == (
        "/home/me/.config/crabtrap",
        "/home/me/.local/state/crabtrap",
        "/home/me/.local/state/crabtrap/run",
    )
    monkeypatch.setenv("HOME", value)
    for folder in (config_folder, state_folder, run_folder):
        with pytest.raises(FileNotFoundError, match="HOME"):
            folder()
