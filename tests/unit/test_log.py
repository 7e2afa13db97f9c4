"""Debug lines reach ``logging``, which is not imported for them."""

import logging
import subprocess
import sys

import pytest

from crabtrap.log import Log


def test_lines_are_logged_where_their_logger_is_enabled(caplog: pytest.LogCaptureFixture) -> None:
    log = Log("crabtrap.test")
    log.debug("discarded %d", 1)
    assert not log.is_enabled
    with caplog.at_level(logging.DEBUG, "crabtrap.test"):
        assert log.is_enabled
        log.debug("written %d", 2)
    assert caplog.messages == ["written 2"]
    assert caplog.records[0].funcName == "test_lines_are_logged_where_their_logger_is_enabled"


@pytest.mark.parametrize(
    "module", ["logging", "dataclasses", "inspect", "pathlib", "difflib", "crabtrap.expr"]
)
def test_slow_modules_are_not_needed_to_start(module: str) -> None:
    code = f"import sys, crabtrap, crabtrap.frontends.cli; sys.exit({module!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("module", ["crabtrap.expr.evaluate", "tempfile", "shutil", "random"])
def test_slow_modules_are_not_needed_for_a_session(module: str) -> None:
    code = (
        "import sys, crabtrap, crabtrap.frontends.console.start; crabtrap.Session(None); "
        f"sys.exit({module!r} in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
