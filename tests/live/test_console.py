"""The console as a process: exit codes, streams, terminals, hostile names."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Generator
from pathlib import Path

import pexpect
import pytest

from tests.support.inferiors import build, running

CRABTRAP = [sys.executable, "-m", "crabtrap.frontends.cli"]
ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\r")
TIMEOUT = 15


def crabtrap(
    *arguments: str | Path,
    typed: str = "",
    environment: dict[str, str] | None = None,
    directory: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with pipes for its streams."""
    return subprocess.run(
        [*CRABTRAP, *map(str, arguments)],
        input=typed,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        cwd=directory,
        env=os.environ | (environment or {}),
        check=False,
    )


def test_batch_shows_what_was_asked_for() -> None:
    inferior = build("basics")
    done = crabtrap(
        "--batch", "-ex", "break norm2", "-ex", "run", "-ex", "bt", "-ex", "print *self",
        "--args", inferior.path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    line = inferior.marker("norm2") - 1
    assert f"main.rs:{line}" in done.stdout
    assert "*self = Point { x: 3, y: 4 }" in done.stdout
    assert re.search(r"^#1  basics::main \(\) at ", done.stdout, re.MULTILINE)


def test_rule_files_of_the_command_line(tmp_path: Path) -> None:
    rules = build("app").source.parents[1] / "app.toml"
    shown = crabtrap(
        "--batch", "--rules", str(rules), "-ex", "break ready::keep", "-ex", "run", "-ex", "up",
        "-ex", "print name", str(build("app").path),
    )  # fmt: skip
    assert 'name = "bob"' in shown.stdout
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("\n[[rule]]\n")
    for file, message in ((wrong, f"{wrong}:2: "), (tmp_path / "none", "No such file")):
        failed = crabtrap("--batch", "--rules", str(file), str(build("app").path))
        assert failed.returncode == 2
        assert message in failed.stderr


@pytest.mark.parametrize(
    ("argument", "code"), [("0", 0), ("7", 7), ("abort", 128 + signal.SIGABRT)]
)
def test_batch_returns_the_programs_exit_code(argument: str, code: int) -> None:
    inferior = build("exits")
    commands = ("-ex", "handle SIGABRT nostop", "-ex", "run")
    done = crabtrap("--batch", *commands, "--args", inferior.path, argument)
    assert done.returncode == code, done.stderr


def test_batch_returns_1_when_a_command_failed() -> None:
    done = crabtrap("--batch", "-ex", "frobnicate", "-ex", "run", build("exits").path)
    assert done.returncode == 1
    assert "no command named 'frobnicate'" in done.stderr
    assert "exited normally" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--bathc"], 2, "unknown option --bathc"),
        (["/nonexistent/program"], 2, "cannot read /nonexistent/program"),
        (["/etc/passwd"], 1, "not an ELF file"),
        (["/"], 1, "not a regular file"),
        (["--cwd", "/nonexistent", "/bin/true"], 2, "no such directory"),
        (["--batch", "-x", "/nonexistent/script", "/bin/true"], 2, "cannot read"),
        (["--batch", "-p", "999999999"], 1, "999999999"),
        (["--log", "engine=loud", "/bin/true"], 2, "unknown level"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(
    arguments: list[str], code: int, message: str
) -> None:
    done = crabtrap(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_script_is_left_at_its_first_error(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("# comment\n\necho one\\n\nnonsense\necho two\\n")
    done = crabtrap("--batch", "-x", script, build("exits").path)
    assert done.returncode == 1
    assert "one" in done.stdout
    assert "two" not in done.stdout


def test_commands_from_standard_input_are_not_the_programs_input() -> None:
    done = crabtrap(build("io").path, typed="run\npwd\nquit 5\n")
    assert done.returncode == 5, done.stderr
    assert "lines 0" in done.stderr
    assert "exited normally" in done.stdout


def test_redirections_and_environment(tmp_path: Path) -> None:
    (tmp_path / "in").write_text("hello\n")
    done = crabtrap(
        "--batch", "--cwd", tmp_path, "--env", "CRABTRAP_TEST=x y",
        "-ex", f"run <{tmp_path}/in >{tmp_path}/out 2>{tmp_path}/err", build("io").path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_text() == "1: HELLO\n"
    assert (tmp_path / "err").read_text().startswith(f'variable "x y" directory {tmp_path}\n')


def test_json_is_one_object_a_line_and_nothing_else() -> None:
    done = crabtrap("--json", build("io").path, typed="b answer\nrun\nnonsense\n")
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    assert all(one["crabtrap"] == 1 for one in objects)
    assert [one["command"] for one in objects if one["kind"] != "event"] == [
        "break", "run", "nonsense",
    ]  # fmt: skip
    output = [one["data"] for one in objects if one.get("event") == "output"]
    assert {one["stream"] for one in output} == {"stderr"}
    assert [one["data"]["code"] for one in objects if one.get("event") == "exited"] == [0]
    assert done.stderr == ""


def test_no_styles_where_no_terminal_is() -> None:
    arguments = ("--batch", "-ex", "break norm2", "-ex", "run", build("basics").path)
    assert "\x1b" not in crabtrap(*arguments).stdout
    assert "\x1b[" in crabtrap(*arguments, environment={"CLICOLOR_FORCE": "1"}).stdout
    assert "\x1b[" in crabtrap("--color=always", *arguments).stdout


def test_names_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    hostile = "x\x1b]0;title\x07\x9b31m\u202e\r"
    directory = tmp_path / hostile
    directory.mkdir()
    program = directory / f"bin{hostile}"
    shutil.copy(build("basics").path, program)
    commands = [
        "info sharedlibrary", "break norm2", "run", "info proc", "info program", "info threads",
        f"print {hostile}", f"break {hostile}", f"list {hostile}:3", f"set var {hostile} = 1",
        f"{hostile}", f"info symbol {hostile}", f"source {hostile}", f"cd {hostile}",
        f"handle {hostile} stop", f"catch {hostile}", f"x/s {hostile}", f"set {hostile} 1",
        f"echo {hostile}", f"display {hostile}", f"help {hostile}", f"set args {hostile}",
        "show args", f"watch {hostile}", f"until {hostile}", f"attach {hostile}",
        f"thread find {hostile}", f"frame function {hostile}", f"info functions {hostile}",
        f"dprintf {hostile}", f"rbreak {hostile}", f"apropos {hostile}",
    ]  # fmt: skip
    for options in ([], ["--json"], ["--color=always"]):
        flags = [part for command in commands for part in ("-ex", command)]
        done = crabtrap("--batch", *options, *flags, "--args", program, hostile)
        written = done.stdout + done.stderr
        assert "Traceback" not in written
        shown = re.sub(r"\x1b\[[0-9;]*m", "", written)
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
        assert "title" in shown


class Terminal:
    """A person at a terminal."""

    def __init__(self, *arguments: str | Path) -> None:
        # Nobody answers the prompt's question where the cursor is.
        environment = os.environ | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
        self.child = pexpect.spawn(
            CRABTRAP[0],
            # The terminal is closed at the end, whatever the program does.
            [*CRABTRAP[1:], "-ex", "set hold 0", *map(str, arguments)],
            env=environment,
            encoding="utf-8",
            timeout=TIMEOUT,
            dimensions=(40, 120),
        )
        self.prompt()

    def prompt(self) -> str:
        """What was shown up to the next prompt, without styles."""
        self.child.expect(r"\(crabtrap\)")
        return ANSI.sub("", self.child.before or "")

    def type(self, line: str) -> str:
        """Type a command; what it shows."""
        self.child.send(line + "\r")
        # The prompt redraws the line that was typed; what follows it is the answer.
        self.child.expect(r"\n")
        return self.prompt()

    def see(self, pattern: str) -> None:
        self.child.expect(pattern)


@pytest.fixture
def person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[type[Terminal]]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made: list[Terminal] = []

    class Made(Terminal):
        def __init__(self, *arguments: str | Path) -> None:
            made.append(self)
            super().__init__(*arguments)

    yield Made
    for one in made:
        one.child.close(force=True)


def test_the_program_has_a_terminal_of_its_own(person: type[Terminal]) -> None:
    inferior = build("io")
    terminal = person(inferior.path)
    terminal.child.send("run\r")
    terminal.see("directory")
    terminal.child.send("first\r")
    terminal.see("1: FIRST")
    terminal.child.send("secx\x7fond\r")
    terminal.see("2: SECOND")
    terminal.child.send("\x03")
    assert "Interrupted" in terminal.prompt()
    assert "io::main" in terminal.type("bt")
    terminal.child.send("continue\r")
    terminal.child.send("\x04")
    terminal.see("lines 2")
    terminal.see("exited normally")
    terminal.prompt()
    terminal.child.send("\x04")
    terminal.child.expect(pexpect.EOF)
    terminal.child.close()
    assert terminal.child.exitstatus == 0


def test_the_programs_terminal_has_the_size_of_ours(person: type[Terminal]) -> None:
    terminal = person("/bin/sh")
    terminal.type("set args -c 'stty size; read x; stty size; read x'")
    terminal.child.send("run\r")
    terminal.see("40 120")
    terminal.child.setwinsize(30, 90)
    terminal.child.send("\r")
    terminal.see("30 90")
    terminal.child.send("\x1a")
    assert "SIGTSTP" in terminal.prompt()


def test_leaving_asks_while_the_program_lives(person: type[Terminal]) -> None:
    terminal = person(build("io").path)
    terminal.type("break main")
    terminal.type("run")
    terminal.child.send("\x04")
    terminal.see(r"Leave\? \(y or n\)")
    terminal.child.send("n\r")
    terminal.prompt()
    assert "io::main" in terminal.type("bt")
    terminal.child.send("quit\r")
    terminal.see(r"Leave\? \(y or n\)")
    terminal.child.send("y\r")
    terminal.child.expect(pexpect.EOF)


def test_an_empty_line_steps_again_and_history_is_kept(
    person: type[Terminal], tmp_path: Path
) -> None:
    inferior = build("basics")
    terminal = person(inferior.path)
    terminal.type("break main")
    terminal.type("run")
    first, second = inferior.marker("first"), inferior.marker("second")
    assert f"▶ {first}" in terminal.type("next")
    assert f"▶ {second}" in terminal.type("")
    history = (tmp_path / "crabtrap" / "history").read_text()
    assert "+next" in history
    assert (tmp_path / "crabtrap" / "history").stat().st_mode & 0o077 == 0


def test_the_users_own_commands_are_run_first(
    person: type[Terminal], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    init = tmp_path / "crabtrap" / "init"
    init.parent.mkdir()
    init.write_text("set listsize 3\n")
    program = build("basics").path
    assert "listsize  3" in person(program).type("show listsize")
    assert "listsize  10" in person("-nx", program).type("show listsize")
    init.chmod(0o666)
    assert "listsize  10" in person(program).type("show listsize")


def test_completion_offers_commands_and_functions(person: type[Terminal]) -> None:
    terminal = person(build("basics").path)
    terminal.child.send("disas\t")
    terminal.see("semble")
    terminal.child.send("\x15break factor\t")
    terminal.see("ial")


@pytest.mark.parametrize("moment", ["prompt", "running"])
def test_the_terminal_survives_a_killed_debugger(
    moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    # A shell of its own stands between, as in real life: it owns the terminal.
    child = pexpect.spawn("sh", ["-i"], encoding="utf-8", timeout=TIMEOUT, env=_plain())
    child.expect(r"\$ ")
    before = termios.tcgetattr(child.child_fd)
    child.sendline(" ".join([*CRABTRAP, str(build("io").path)]))
    child.expect(r"\(crabtrap\)")
    if moment == "running":
        child.send("run\r")
        child.expect("directory")
    (pid,) = _children_of(child.pid)
    os.kill(pid, signal.SIGKILL)
    child.expect("Killed")
    child.expect(r"\$ ")
    child.sendline("stty -a; echo done")
    child.expect("done\r\n")
    assert termios.tcgetattr(child.child_fd)[:4] == before[:4]
    child.close(force=True)


def _plain() -> dict[str, str]:
    return {**os.environ, "PS1": "$ ", "ENV": "/dev/null", "TERM": "dumb"}


def _children_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_an_attached_program_lives_on() -> None:
    inferior = build("attachme")
    with running(inferior) as program:
        done = crabtrap("--batch", "-p", program.pid, "-ex", "info threads", "-ex", "bt")
        assert done.returncode == 0, done.stderr
        assert "attachme::" in done.stdout
        program.process.send_signal(signal.SIGTERM)
        output, _ = program.process.communicate(timeout=TIMEOUT)
        assert program.process.returncode == 0, output


def test_cargo_crabtrap_debugs_what_it_built(tmp_path: Path) -> None:
    package = tmp_path / "tiny"
    (package / "src").mkdir(parents=True)
    (package / "Cargo.toml").write_text(
        '[package]\nname = "tiny"\nversion = "0.1.0"\nedition = "2021"\n'
    )
    (package / "src" / "main.rs").write_text(
        "fn main() {\n    let code = 3;\n    std::process::exit(code);\n}\n"
        "#[test]\nfn adds() {\n    let sum = 1 + 1;\n    assert_eq!(sum, 2);\n}\n"
    )
    script = f"import sys; sys.argv[0] = 'cargo-crabtrap'; {_MAIN}"
    run = [sys.executable, "-c", script, "crabtrap"]
    done = subprocess.run(
        [*run, "run", "--batch", "-ex", "run"], cwd=package, capture_output=True, check=False
    )
    assert done.returncode == 3, done.stderr
    done = subprocess.run(
        [*run, "test", "adds", "--batch", "-ex", "break adds", "-ex", "run", "-ex", "next",
         "-ex", "print sum"],
        cwd=package, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "sum = 2" in done.stdout


_MAIN = "from crabtrap.frontends.cli import main; sys.exit(main())"


def test_ctrl_c_gives_up_a_command_and_not_the_session(
    person: type[Terminal], tmp_path: Path
) -> None:
    slow = tmp_path / "slow"
    os.mkfifo(slow)
    terminal = person(build("io").path)
    terminal.type("break main")
    terminal.type("run")
    for _ in range(2):
        terminal.child.send(f"source {slow}\r")
        writer = os.open(slow, os.O_WRONLY)  # as soon as it waits for us
        terminal.child.send("\x03")
        terminal.see("interrupted")
        terminal.prompt()
        os.close(writer)
    assert "io::main" in terminal.type("bt")


_ENDLESS = "(0..1_000_000).map(|n| (0..1000).map(|m| (n + m) % 7).sum::<u64>()).max()"


def test_what_takes_long_is_shown_until_ctrl_c_ends_it(person: type[Terminal]) -> None:
    terminal = person(build("io").path)
    terminal.child.send(f"print {_ENDLESS}\r")
    terminal.see(r"evaluating: \d+% \(Ctrl-C ends it\)")
    terminal.child.send("\x03")
    terminal.see(r"\r\x1b\[K[^\r\n]*error: [^\r\n]*interrupted")
    terminal.prompt()
    assert "= 7" in terminal.type("print 3 + 4")


def test_ctrl_z_suspends_at_the_prompt() -> None:
    # A terminal that takes commands: the prompt is not drawn again on others.
    environment = {**_plain(), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    shell = pexpect.spawn(
        "bash", ["--norc", "-i"], encoding="utf-8", timeout=TIMEOUT, env=environment
    )
    shell.expect(r"\$ ")
    shell.sendline(" ".join([*CRABTRAP, str(build("basics").path)]))
    shell.expect(r"\(crabtrap\)")
    shell.send("\x1a")
    shell.expect("Stopped")
    shell.sendline("echo in the $((1 + 1))nd shell; fg")
    shell.expect("in the 2nd shell")
    shell.expect(r"\(crabtrap\)")
    shell.sendline("quit 7")
    shell.sendline("echo left with $?")
    shell.expect("left with 7")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()
