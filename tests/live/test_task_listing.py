"""`crabtrap tasks PID`: the tasks of a process that goes on as if nothing had been."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.inferiors import USUAL_PROFILES, Inferior, build, running


@pytest.fixture(params=USUAL_PROFILES)
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("echo", request.param)


def listed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crabtrap", "tasks", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def tracer(pid: int) -> str:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(line.split()[1] for line in status.splitlines() if line.startswith("TracerPid"))


def test_connections_are_listed_with_what_they_wait_for(program: Inferior) -> None:
    with running(program) as process:
        result = listed(str(process.pid))
        assert result.returncode == 0, result.stderr
        rows = [row.split() for row in result.stdout.splitlines()]
        handlers = [row for row in rows if "echo::handle" in row]
        assert len(handlers) == 3
        line = program.marker("think")
        assert all(row[1] == "idle" and row[3].endswith(f"main.rs:{line}") for row in handlers)
        assert all("sleep" in row for row in handlers)
        assert any("echo::main::{async_block#0}" in row for row in rows)
        assert "The program was stopped for 0." in result.stdout
        assert process.process.poll() is None
        assert tracer(process.pid) == "0"


def test_connections_with_the_same_stack_are_one_entry(program: Inferior) -> None:
    with running(program) as process:
        result = listed("--group", str(process.pid))
    assert "3 × echo::handle, idle" in result.stdout
    assert "The program was stopped for" in result.stdout


def test_the_same_as_json(program: Inferior) -> None:
    with running(program) as process:
        result = listed("--json", "-p", str(process.pid))
    replies = [json.loads(line) for line in result.stdout.splitlines()]
    tasks, stopped = replies[-2], replies[-1]
    names = [task["name"] for task in tasks["data"]["tasks"]]
    assert names.count("echo::handle") == 3
    assert 0 < stopped["data"]["seconds"] < 30


def test_a_process_must_be_named() -> None:
    result = listed()
    assert result.returncode == 2
    assert "crabtrap tasks PID" in result.stderr


def test_a_process_that_is_not_there() -> None:
    result = listed("4194303")
    assert result.returncode == 1
    assert result.stdout == ""
