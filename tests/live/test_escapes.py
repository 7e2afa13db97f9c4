"""No byte of a program, a server or a file acts on the terminal that crabtrap writes to."""

from __future__ import annotations

import errno
import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pexpect
import pytest

from crabtrap.target.rsp.packets import frame, split
from tests.support.hostile import PAYLOADS, hostile_program, unsafe_characters
from tests.support.hostile_points import LEAST, points
from tests.support.inferiors import build

CRABTRAP = [sys.executable, "-m", "crabtrap.frontends.cli"]
ESCAPE = re.compile(r"\\+u(\{1b\}|001b|fffd)|\\+x1b|\ufffd")
"""An escape character written out, in text or in JSON, or replaced."""
POINT = re.compile(r"@@(\d+)@@")


def through_pipe(command: list[str], directory: Path) -> bytes:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=directory,
        timeout=28,
        check=False,
    )
    return done.stdout


def as_json(command: list[str], directory: Path) -> bytes:
    return through_pipe([*command[:3], "--json", *command[3:]], directory)


def to_terminal(command: list[str], directory: Path) -> bytes:
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [*command[:3], "--color=always", *command[3:]],
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
        cwd=directory,
    ):
        os.close(theirs)
        parts: list[bytes] = []
        while part := _read_terminal(ours):
            parts.append(part)
    os.close(ours)
    return b"".join(parts)


def _read_terminal(terminal: int) -> bytes:
    try:
        return os.read(terminal, 1 << 16)
    except OSError as error:
        if error.errno != errno.EIO:  # nobody has it open any more
            raise
        return b""


CHANNELS: dict[str, Callable[[list[str], Path], bytes]] = {
    "pipe": through_pipe,
    "json": as_json,
    "terminal": to_terminal,
}


def make_command(options: list[str], commands: list[str], program: Path, payload: str) -> list[str]:
    words = [word for command in commands for word in ("-ex", command)]
    streams = ["--stdout", "/dev/null", "--stderr", "/dev/null", "--env", f"NAME={payload}"]
    return [*CRABTRAP, "--batch", *options, *streams, *words, "--args", str(program), payload]


@pytest.fixture(params=PAYLOADS)
def payload(request: pytest.FixtureRequest) -> str:
    return PAYLOADS[request.param].decode("utf-8", "surrogateescape")


@pytest.fixture
def folder(tmp_path: Path, payload: str) -> Path:
    """A directory of the name, with the program in it."""
    made = tmp_path / f"d{payload}"
    made.mkdir()
    return made


@pytest.mark.parametrize("channel", CHANNELS)
def test_no_point_of_entry_leads_to_the_terminal(channel: str, folder: Path, payload: str) -> None:
    program = hostile_program(folder, payload)
    entries = points(payload, folder, build("hostile"))
    assert len(entries) >= LEAST
    commands: list[str] = []
    for number, lines in enumerate(entries.values()):
        commands += [f"echo @@{number}@@\\n", *lines]
    output = CHANNELS[channel](make_command([], commands, program, payload), folder)
    assert not unsafe_characters(output, terminal=channel == "terminal")
    assert b"Traceback" not in output
    shown = _by_point(output.decode())
    assert [name for number, name in enumerate(entries) if not ESCAPE.search(shown[number])] == []


def _by_point(output: str) -> dict[int, str]:
    parts = POINT.split(output)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


SOURCE = """\
// \x1b]0;title\x07 \u202e \x9b \x7f
fn main() {
    let text = "\x1b[2J\x9b"; /* \x1b]0;title\x07 */
    println!("{text}"); // \x08 \x0b \x0c
}
"""


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_source_file_is_safe_to_look_at(channel: str, tmp_path: Path) -> None:
    (tmp_path / "main.rs").write_text(SOURCE, newline="\n")
    allowed = ("-A", "text_direction_codepoint_in_comment")
    subprocess.run(["rustc", "-g", *allowed, "main.rs"], cwd=tmp_path, check=True)
    commands = ["break main.rs:4", "run", "list 1,9", "disassemble /s", "info source"]
    command = make_command([], commands, tmp_path / "main", "")
    output = CHANNELS[channel](command, tmp_path)
    assert len(ESCAPE.findall(output.decode())) >= 3
    assert not unsafe_characters(output, terminal=channel == "terminal")


def test_a_log_is_safe_to_look_at(folder: Path, payload: str) -> None:
    program = hostile_program(folder, payload)
    commands = ["break innermost", "rbreak innermost", "run", "info threads", "info source"]
    command = make_command(["--log", "all=debug"], commands, program, payload)
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=28, check=False
    )
    assert ESCAPE.search(done.stderr.decode())
    assert b"crabtrap.engine: " in done.stderr
    assert not unsafe_characters(done.stderr, terminal=False)


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize(
    "arguments",
    [
        ["{0}"], ["--{0}"], ["--cwd", "{0}", "/bin/true"], ["--rules", "{0}", "/bin/true"],
        ["-x", "{0}", "/bin/true"], ["-p", "{0}"], ["--connect", "{0}"],
        ["--log", "x={0}", "/bin/true"], ["--tty", "{0}", "-ex", "run", "/bin/true"],
        ["--stdin", "{0}", "-ex", "run", "/bin/true"], ["repair", "{0}"], ["reattach", "{0}"],
    ],
)  # fmt: skip
def test_a_refused_command_line_is_safe_to_look_at(
    options: list[str], arguments: list[str], payload: str, tmp_path: Path
) -> None:
    words = [word.format(payload) for word in arguments]
    output = through_pipe([*CRABTRAP, "--batch", *options, *words], tmp_path)
    assert ESCAPE.search(output.decode())
    assert b"Traceback" not in output
    assert not unsafe_characters(output, terminal=False)


def test_what_a_server_says_is_safe_to_look_at(payload: str, tmp_path: Path) -> None:
    path = tmp_path / "server.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        server = threading.Thread(target=_refuse_everything, args=(listener, payload))
        server.start()
        output = through_pipe([*CRABTRAP, "--batch", "--connect", f"unix:{path}"], tmp_path)
        server.join(20)
    assert ESCAPE.search(output.decode())
    assert b"Traceback" not in output
    assert not unsafe_characters(output, terminal=False)


def _refuse_everything(listener: socket.socket, payload: str) -> None:
    """Serve one client: whatever it asks, the answer is an error with the hostile text."""
    client, _ = listener.accept()
    with client:
        while data := client.recv(1 << 16):
            for _ in split(data).replies:
                client.sendall(b"+" + frame(b"E." + os.fsencode(payload)))


def test_a_programs_output_moves_nothing_on_our_terminal(tmp_path: Path) -> None:
    """Where one person has one terminal for both; all but colours and redrawing is escaped."""
    source = tmp_path / "bell.rs"
    shown = "".join(f"\\u{{{code:x}}}" for code in [*range(32), *range(0x7F, 0xA0), 0x202E])
    source.write_text(f'fn main() {{ println!("\\u{{1b}}]2;t\\u{{7}}{shown}\\u{{1b}}[2Jend"); }}\n')
    subprocess.run(["rustc", "-o", tmp_path / "bell", source], check=True)
    child = pexpect.spawn(
        CRABTRAP[0],
        [*CRABTRAP[1:], "-ex", "set hold 0", "-ex", "run", str(tmp_path / "bell")],
        env={**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"},
        timeout=20,
    )
    child.expect(rb"\\u\{1b\}\]2;t(.*)end\r+\n")
    relayed = child.match.group(1)
    child.expect(r"\(crabtrap\)")
    child.send("\x04")
    child.expect(pexpect.EOF)
    child.close()
    kept = {chr(code) for code in range(32) if chr(code).encode() in relayed}
    assert kept == set("\b\t\n\r")
    assert not re.search("[\x7f-\x9f\u202e]", relayed.decode())
