"""Ordinary misfortune: closed streams, full disks, deleted directories, limits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from crabtrap.target.server import find_guard
from tests.support.inferiors import build, running

CRABTRAP = f"{sys.executable} -m crabtrap.frontends.cli"
RUN = "--batch -ex 'break norm2' -ex run -ex bt"


def shell(script: str, *arguments: str, directory: Path | None = None) -> tuple[int, str, str]:
    """Run a shell script; ``$C`` is crabtrap, ``$P`` a program; arguments are ``$1`` and so on."""
    done = subprocess.run(
        ["bash", "-c", script, "bash", *arguments],
        env=os.environ | {"C": CRABTRAP, "P": str(build("basics").path)},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=25,
        cwd=directory,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("redirection", ["<&-", "<&- 2>&-", "2>/dev/full", "2>&-"])
def test_a_session_needs_neither_input_nor_errors(redirection: str) -> None:
    code, output, _ = shell(f"$C {RUN} --args $P {redirection}")
    assert code == 0
    assert "basics::Point::norm2" in output
    assert "#1  basics::main ()" in output


def test_a_closed_input_has_ended() -> None:
    code, output, errors = shell("$C -ex 'break norm2' $P <&-")
    assert (code, errors) == (0, "")
    assert "Breakpoint 1" in output


OUTPUTS = {
    "closed": (">&-", "Bad file descriptor"),
    "full": (">/dev/full", "No space left on device"),
}


@pytest.mark.parametrize("how", OUTPUTS)
@pytest.mark.parametrize(
    "what", [f"{RUN} --args $P", f"--json {RUN} --args $P", "--help", "--version", "doctor"]
)
def test_output_that_cannot_be_written_is_an_error(how: str, what: str) -> None:
    redirection, reason = OUTPUTS[how]
    code, output, errors = shell(f"$C {what} {redirection}")
    assert (code, output) == (1, "")
    assert errors == f"crabtrap: cannot write the output: {reason}\n"


def test_a_reader_that_leaves_is_no_error_to_tell() -> None:
    code, _, errors = shell(f"$C {RUN} --args $P | true; exit ${{PIPESTATUS[0]}}")
    assert code in (0, 1)
    assert errors == ""


def test_input_that_cannot_be_read_is_an_error() -> None:
    code, _, errors = shell("$C $P 0>/dev/null")
    assert code == 2
    assert errors == "crabtrap: cannot read commands: Bad file descriptor\n"
    code, _, errors = shell("$C $P </dev/zero")
    assert code == 2
    assert "line 1 of the input is longer than a command can be" in errors


def test_input_that_is_no_text_is_a_wrong_command() -> None:
    code, output, errors = shell(r"printf '\xff\xfe\n' | $C --batch -x /dev/stdin $P")
    assert code == 1
    assert "no command named" in output + errors


def test_a_deleted_working_directory(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f'rmdir "$1"; $C {RUN} -ex "rules unload mine.toml" -ex pwd -ex "cd /" -ex pwd $P'
    code, output, errors = shell(script, str(gone), directory=gone)
    assert code == 1  # of `rules unload` and `pwd`
    assert f"at {build('basics').source}" in output
    assert output.endswith("\n/\n")
    assert "the working directory was deleted" in errors
    code, _, errors = shell('rmdir "$1"; $C missing', str(gone), directory=_made(gone))
    assert code == 2
    assert "cannot read missing" in errors


def _made(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.parametrize("megabytes", [40, 48, 56, 64, 80])
def test_little_memory(megabytes: int) -> None:
    code, _, errors = shell(f"unset RUST_BACKTRACE; ulimit -v {megabytes << 10}; $C {RUN} $P")
    # Rust cannot go on where an allocation fails: it says so and aborts.
    assert code in (0, 1, -signal.SIGABRT), errors
    if code:
        assert "memory" in errors


@pytest.mark.parametrize("count", range(6, 20, 2))
def test_few_descriptors(count: int) -> None:
    code, output, errors = shell(f"ulimit -n {count}; $C {RUN} $P")
    assert code in (0, 1, 2), errors
    if code:
        assert "open files" in errors
    # A program that cannot be held is ended: it must not run as if nothing were wrong.
    assert "cat on" not in output


def test_arguments_as_long_as_the_system_takes() -> None:
    lots = "$(head -c 100000 /dev/zero | tr '\\0' a)"
    code, output, _ = shell(f"$C {RUN} -ex 'info args' --args $P $(seq 1 20000) {lots} {lots}")
    assert code == 0
    assert "norm2" in output


def test_arguments_that_the_system_refuses() -> None:
    word = "$(head -c 300000 /dev/zero | tr '\\0' a)"
    code, _, errors = shell(f"echo run {word} | $C $P")
    assert code == 0
    assert "Argument list too long" in errors
    assert "getconf ARG_MAX" in errors


def test_a_script_is_a_file_or_a_pipe() -> None:
    code, output, _ = shell("$C --batch -x <(echo 'echo piped') $P")
    assert (code, output) == (0, "piped")
    code, _, errors = shell("$C --batch -x /dev/zero $P")
    assert code == 2
    assert "neither a regular file nor a pipe" in errors
    code, _, errors = shell("$C --batch --rules /dev/zero $P")
    assert code == 2
    assert "neither a regular file nor a pipe" in errors


def test_a_script_that_runs_itself(tmp_path: Path) -> None:
    script = tmp_path / "again"
    script.write_text(f"source {script}\n")
    code, _, errors = shell(f"$C --batch -x {script} $P")
    assert code == 1
    assert "more than 16 files deep" in errors


def test_an_environment_as_long_as_the_system_takes() -> None:
    lots = "$(head -c 100000 /dev/zero | tr '\\0' a)"
    code, output, _ = shell(f"export A={lots} B={lots}; $C {RUN} -E C={lots} $P")
    assert code == 0
    assert "norm2" in output


@pytest.mark.parametrize(
    "setting",
    ["unset TERM", "TERM=", "TERM=dumb LANG=C LC_ALL=C", "TERM=nonsense LC_ALL=xx_YY.nonsense"],
)
def test_terminals_and_locales_of_which_nothing_is_known(setting: str) -> None:
    code, output, errors = shell(
        f"{setting}; export TERM LANG LC_ALL; PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 $C {RUN} "
        "-ex 'echo \u00fc\u4e2d\n' -ex 'break \u00fc' -ex list -ex 'info locals' $P"
    )
    assert code == 0, errors
    assert "norm2" in output
    assert "pending" in output


def test_names_that_are_no_utf8(tmp_path: Path) -> None:
    script = (
        "D=$1/$(printf 'd\\377'); mkdir $D; cp $P $D/prog; cd $D; echo 'echo read\\n' >$D/script; "
        f"echo >$D/rules; $C {RUN} -x $D/script --rules $D/rules --stdout $D/out -ex 'info proc' "
        "-ex 'info sharedlibrary' -ex 'info args' -ex continue --args $D/prog $(printf '\\376'); "
        "code=$?; test -e $D/out && exit $code"
    )
    code, output, errors = shell(script, str(tmp_path))
    assert code == 0, errors
    assert "norm2" in output
    assert "read" in output
    assert "\\u{dcff}/prog" in output


HOMES = {
    "missing": "export HOME=/proc/none XDG_STATE_HOME=/proc/none XDG_CONFIG_HOME=/proc/none",
    "unset": "unset HOME XDG_STATE_HOME XDG_CONFIG_HOME XDG_RUNTIME_DIR",
    "relative": "export HOME=x XDG_STATE_HOME=y XDG_CONFIG_HOME=z XDG_RUNTIME_DIR=w",
    "a file": "export HOME=/etc/passwd XDG_STATE_HOME=/etc/passwd XDG_RUNTIME_DIR=/etc/passwd",
    "a device": "export HOME=/dev/full XDG_STATE_HOME=/dev/null XDG_RUNTIME_DIR=/dev/zero",
    "unwritable": "export HOME=/proc XDG_STATE_HOME=/proc XDG_RUNTIME_DIR=/proc",
}


@pytest.mark.parametrize("home", HOMES)
def test_homes_where_nothing_can_be_kept(home: str, tmp_path: Path) -> None:
    script = f"{HOMES[home]}; $C {RUN} -ex 'set hold 30' -ex continue $P"
    code, output, errors = shell(script, directory=tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert code in (0, 1)
    assert "norm2" in output
    if code:
        assert "cannot be kept" in errors or "nothing will hold" in errors, errors


@pytest.mark.parametrize("home", HOMES)
def test_a_program_that_is_attached_to_where_nothing_can_be_kept(home: str) -> None:
    with running(build("attachme"), "1") as program:
        code, output, errors = shell(
            f"{HOMES[home]}; $C --batch -p {program.pid} -ex 'tbreak tick' -ex continue -ex bt"
        )
        assert program.process.poll() is None
        # The guard says that nobody could repair the program, and goes on without a journal.
        assert code == 0, errors
        assert "attachme::tick" in output
        program.process.terminate()
        ended, _ = program.process.communicate(timeout=20)
    assert "intact true" in ended


def test_a_disk_that_is_full_of_something_else(tmp_path: Path) -> None:
    """A limit on the size of files stands for it: a disk of one's own needs root."""
    with running(build("attachme"), "1") as program:
        code, output, errors = shell(
            f"export XDG_STATE_HOME=$1 HOME=$1; trap '' XFSZ; ulimit -f 0; $C --batch "
            f"-p {program.pid} -ex 'set hold 30' -ex 'tbreak tick' -ex continue -ex bt 2>&1 | cat",
            str(tmp_path),
        )
        assert program.process.poll() is None
        assert "attachme::tick" in output, output + errors
        assert code == 0
        program.process.terminate()
        ended, _ = program.process.communicate(timeout=20)
    assert "intact true" in ended


def test_a_remote_that_has_no_such_program() -> None:
    script = 'echo "run" | $C --batch --connect "stdio:$G --stdio" -x /dev/stdin /nonexistent/prog'
    code, _, errors = shell(f"G={find_guard(None)}; {script}")
    assert code == 2
    assert "cannot read /nonexistent/prog" in errors
    script = '$C --batch --connect "stdio:$G --stdio -- /nonexistent/prog" -ex bt'
    code, _, errors = shell(f"G={find_guard(None)}; {script}")
    assert code == 1
    assert "/nonexistent/prog" in errors
    assert "try:" in errors
