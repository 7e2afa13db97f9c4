"""The programs under test, without any debugger: the baseline that live tests build on."""

import signal
import subprocess

import pytest

from tests.support.inferiors import (
    PROFILES,
    WORKSPACE,
    InferiorError,
    build,
    running,
)

SOURCES = sorted(WORKSPACE.glob("programs/*/src/*.rs"))


def run(package: str, *arguments: str, profile: str = "debug") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [build(package, profile).path, *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={"RUST_BACKTRACE": "0"},
    )


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_markers_are_unique(source) -> None:
    names = [part.split()[0] for part in source.read_text().split("// @")[1:]]
    assert len(names) == len(set(names))


def test_marker_on_its_own_line_means_the_line_above() -> None:
    inferior = build("iterators")
    line = inferior.source.read_text().splitlines()[inferior.marker("for_chain") - 1]
    assert line.strip() == "for item in first.iter().chain(second) {"


def test_marker_of_another_file() -> None:
    inferior = build("values")
    lines = inferior.source.with_name("texts.rs").read_text().splitlines()
    assert "// @texts" in lines[inferior.marker("texts", "texts.rs") - 1]


def test_unknown_marker_and_program_are_errors() -> None:
    with pytest.raises(InferiorError, match="no_such_marker"):
        build("basics").marker("no_such_marker")
    with pytest.raises(InferiorError, match="no_such_program"):
        build("no_such_program")


@pytest.mark.parametrize("profile", [name for name, each in PROFILES.items() if not each.workspace])
def test_every_profile_gives_a_program_that_runs(profile: str) -> None:
    finished = run("basics", profile=profile)
    assert finished.stdout.splitlines()[-1] == "120 7 50 42 42 10 hello"


@pytest.mark.parametrize(
    ("package", "arguments", "code", "last"),
    [
        ("threads", ("8", "100"), 0, "calls 800 sum 39692"),
        ("values", (), 0, "end"),
        ("watch", (), 0, None),
        ("deep", (), 0, "50015000"),
        ("inlined", (), 0, "75 49"),
        ("dynlib", (), 0, "result 1"),
        ("forks", ("spawn", "2"), 0, "end 42"),
        ("forks", ("exec-thread",), 10, None),
        ("panics", (), 0, "end"),
        ("panics", ("inlined",), 101, None),
        ("exits", ("3",), 3, None),
        ("exits", ("leader",), 5, None),
        ("signals", (), 0, "handled 2"),
        ("signals", ("segv",), -signal.SIGSEGV, None),
        ("signals", ("fpe",), -signal.SIGFPE, None),
        ("signals", ("int3",), -signal.SIGTRAP, None),
    ],
)
def test_programs_end_as_they_say(package, arguments, code, last) -> None:
    finished = run(package, *arguments)
    assert finished.returncode == code, finished.stderr
    if last is not None:
        assert finished.stdout.splitlines()[-1] == last


def test_attachme_reports_intact_counters() -> None:
    with running(build("attachme"), "2") as program:
        program.process.send_signal(signal.SIGTERM)
        output, _ = program.process.communicate()
    assert program.process.returncode == 0
    assert "intact true" in output


def test_a_program_that_ends_early_is_not_ready() -> None:
    with pytest.raises(InferiorError, match="ended before"), running(build("forks"), "leaf", "1"):
        pass
