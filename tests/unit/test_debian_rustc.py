"""The tool that unpacks Debian's compilers, as far as it needs no network."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tools.debian_rustc import COMPILERS, parse_dependencies

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


def run(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PATH": str(directory)}
    command = [sys.executable, TOOL, *options, directory / "out"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def make_command(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_machine_without_apt_is_reported_so(tmp_path: Path):
    done = run(tmp_path)
    assert done.returncode == 1
    assert "need apt-get and dpkg" in done.stderr


def make_apt(directory: Path, **scripts: str) -> None:
    """An apt that does nothing and knows nothing, but for the scripts."""
    for name in ("apt-get", "dpkg", "apt-cache"):
        make_command(directory / name, scripts.get(name.replace("-", "_"), ":"))


def test_a_package_that_apt_does_not_know_is_named(tmp_path: Path):
    make_apt(tmp_path)
    done = run(tmp_path)
    assert done.returncode == 1
    assert "apt knows no package rustc, which Debian 12 (bookworm) has" in done.stderr
    assert not (tmp_path / "out").exists()


def test_lists_are_fetched_where_there_are_none(tmp_path: Path):
    make_apt(tmp_path, apt_get='echo "$*" >&2; exit 1')
    done = run(tmp_path)
    assert done.returncode == 1
    assert "update" in done.stderr
    assert "--option=Dir::State::Lists=" in done.stderr


def test_another_system_with_a_rustc_of_its_own_is_left_alone(tmp_path: Path):
    make_apt(
        tmp_path,
        apt_cache='case "$*" in *rustc-web) ;; *) echo "rustc | 1.75 | main Packages";; esac',
        apt_get="echo it was called >&2; exit 1",
    )
    done = run(tmp_path)
    assert done.returncode == 1
    assert "apt knows no package rustc-web" in done.stderr
    assert not (tmp_path / "out").exists()


def test_those_who_can_do_without_are_told_in_one_line(tmp_path: Path):
    make_apt(tmp_path, apt_get="echo no network >&2; echo at all >&2; exit 100")
    done = run(tmp_path, "--within", "20")
    assert done.returncode == 0
    assert done.stderr == ""
    assert done.stdout.startswith("going on without rustc, rustc-web, rustc-web-oldest of Debian: ")
    assert done.stdout.endswith("no network\n")
    assert done.stdout.count("\n") == 1


def test_what_is_there_is_not_asked_for_again(tmp_path: Path):
    make_apt(tmp_path, apt_get="exit 1")
    for name in COMPILERS:
        (tmp_path / "out" / name).mkdir(parents=True)
        make_command(tmp_path / "out" / name / "rustc", ":")
    done = run(tmp_path, "--within", "20")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_network_that_hangs_is_given_up(tmp_path: Path):
    make_apt(tmp_path, apt_cache="exec /bin/sleep 60")
    done = run(tmp_path, "--within", "1")
    assert done.returncode == 0
    assert done.stdout.endswith("it is not there after 1 s\n")
