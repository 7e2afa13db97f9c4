"""The tool that unpacks Debian's compilers, as far as it needs no network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.debian_rustc import parse_dependencies

TOOL = Path(__file__).parents[2] / "tools" / "debian_rustc.py"


def test_dependencies_with_versions_and_alternatives():
    text = "libc6 (>= 2.34), libstd-rust-dev (= 1.63.0-2), gcc | cc, python3:any, ab (= 1:2)"
    assert parse_dependencies(text) == [
        ("libc6", ""),
        ("libstd-rust-dev", "1.63.0-2"),
        ("gcc", ""),
        ("python3", ""),
        ("ab", "1:2"),
    ]
    assert parse_dependencies("") == []


def run(directory: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": str(directory)}
    command = [sys.executable, TOOL, directory / "out"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def make_command(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_machine_without_apt_is_reported_so(tmp_path: Path):
    done = run(tmp_path)
    assert done.returncode == 1
    assert "need apt-get and dpkg" in done.stderr


def test_a_package_that_apt_does_not_know_is_named_with_what_to_do(tmp_path: Path):
    for name in ("apt-get", "dpkg", "apt-cache"):
        make_command(tmp_path / name, ":")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "apt knows no package rustc" in done.stderr
    assert "apt-get update" in done.stderr
    assert not (tmp_path / "out").exists()
