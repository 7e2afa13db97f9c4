"""Nothing is imported from the directory that crabtrap is started in."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.support.inferiors import build

COMMANDS = {
    "module": [sys.executable, "-m", "crabtrap"],
    "safe module": [sys.executable, "-P", "-m", "crabtrap"],
    "command": [str(Path(sysconfig.get_path("scripts"), "crabtrap"))],
}
SESSION = ["--batch", "-ex", "break norm2", "-ex", "run", "-ex", "bt", "-ex", "print self"]


@pytest.mark.parametrize("how", COMMANDS)
def test_planted_modules_do_not_run(how: str, tmp_path: Path) -> None:
    output = _output_among_baits(how, [*SESSION, str(build("basics").path)], tmp_path)
    assert "basics::Point::norm2" in output


def test_the_doctor_runs_no_planted_modules(tmp_path: Path) -> None:
    assert "ptrace" in _output_among_baits("command", ["doctor"], tmp_path)


def _output_among_baits(how: str, arguments: list[str], directory: Path) -> str:
    """Run crabtrap where every module of the standard library is planted; none may run."""
    log = directory / "executed"
    planted = directory / "planted"
    planted.mkdir()
    names = {*sys.stdlib_module_names, "sitecustomize", "usercustomize", "_core"}
    if how == "module":
        names -= _imported_by_python_itself(directory)
    for name in names:
        (planted / f"{name}.py").write_text(f"open({str(log)!r}, 'a').write({name + chr(10)!r})\n")
    done = subprocess.run(
        [*COMMANDS[how], *arguments],
        cwd=planted,
        capture_output=True,
        text=True,
        timeout=25,
        check=False,
    )
    assert not log.exists(), log.read_text()
    return done.stdout + done.stderr


def _imported_by_python_itself(directory: Path) -> set[str]:
    """What ``python -m`` has imported before the first line of the module it was given."""
    (directory / "first_line.py").write_text("import sys; print(*sys.modules)")
    command = [sys.executable, "-m", "first_line"]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=True)
    return set(done.stdout.split())
