"""The program's standard streams: what is opened, relayed and closed."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from crabtrap.errors import LaunchError, StateError
from crabtrap.events import OutputReceived
from crabtrap.target.stdio import Stdio, Streams


class Poller:
    """Calls the callbacks of readable descriptors, as a target's ``wait`` does."""

    def __init__(self) -> None:
        self.watched: dict[int, Callable[[], None]] = {}

    def watch_descriptor(self, fd: int, ready: Callable[[], None] | None) -> None:
        if ready is None:
            self.watched.pop(fd, None)
        else:
            self.watched[fd] = ready

    def run(self, until: Callable[[], bool]) -> None:
        while not until():
            readable, _, _ = select.select(list(self.watched), [], [], 10)
            assert readable, "nothing came"
            for fd in readable:
                self.watched[fd]()


class Launched:
    """A child process on ``Streams``, and the events of its output."""

    def __init__(self, stdio: Stdio, *command: str) -> None:
        self.streams: Streams = stdio.open()
        stdin, stdout, stderr = self.streams.descriptors
        self.child = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr)
        self.streams.release()
        self.poller = Poller()
        self.events: list[OutputReceived] = []
        self.streams.watch(self.poller, self.events.append)

    def text(self, stream: str) -> bytes:
        return b"".join(event.data for event in self.events if event.stream == stream)

    def finish(self) -> int:
        status = self.child.wait(10)
        self.streams.close()
        return status


def open_descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


@pytest.fixture(autouse=True)
def no_descriptor_is_left():
    before = len(open_descriptors())
    yield
    assert len(open_descriptors()) == before


@pytest.mark.parametrize("stdio", [Stdio.pipes(), Stdio.pty()])
def test_output_and_errors_are_distinguished(stdio: Stdio) -> None:
    launched = Launched(stdio, "sh", "-c", "echo out; echo err >&2")
    assert launched.finish() == 0
    assert launched.text("stdout").split() == [b"out"]
    assert launched.text("stderr").split() == [b"err"]


def test_pty_is_a_terminal_on_all_three() -> None:
    launched = Launched(Stdio.pty(), "sh", "-c", "test -t 0 && test -t 1 && test -t 2")
    assert launched.finish() == 0


def test_pipes_have_an_empty_input() -> None:
    launched = Launched(Stdio.pipes(), "cat")
    assert launched.finish() == 0
    assert launched.text("stdout") == b""


def test_written_text_is_the_programs_input() -> None:
    launched = Launched(Stdio.pty(), "sh", "-c", "read line; echo got $line")
    launched.streams.write(b"hello\n")
    launched.poller.run(lambda: b"got hello" in launched.text("stdout"))
    assert launched.finish() == 0


def test_keyboard_is_forwarded() -> None:
    read, write = os.pipe()
    launched = Launched(Stdio.pty(keyboard=read), "sh", "-c", "read line; echo got $line")
    os.write(write, b"typed\n")
    launched.poller.run(lambda: b"got typed" in launched.text("stdout"))
    assert launched.finish() == 0
    os.close(read)
    os.close(write)


def test_large_output_is_complete() -> None:
    launched = Launched(Stdio.pipes(), "sh", "-c", "head -c 1000000 /dev/zero")
    launched.poller.run(lambda: len(launched.text("stdout")) == 1_000_000)
    assert launched.finish() == 0


def test_writing_to_an_input_that_is_not_ours_is_refused() -> None:
    streams = Stdio.pipes().open()
    with pytest.raises(StateError, match="standard input"):
        streams.write(b"x")
    streams.close()


def test_size_of_the_terminal() -> None:
    launched = Launched(Stdio.pty(), "sh", "-c", "read go; stty size")
    launched.streams.resize(33, 101)
    launched.streams.write(b"\n")
    launched.poller.run(lambda: b"33 101" in launched.text("stdout"))
    assert launched.finish() == 0


@pytest.mark.parametrize("base", [Stdio.inherit(), Stdio.pipes(), Stdio.pty()])
def test_streams_are_redirected_to_files(base: Stdio, tmp_path: Path) -> None:
    source, out, err = tmp_path / "in", tmp_path / "out", tmp_path / "err"
    source.write_text("from file\n")
    out.write_text("old\n")
    stdio = base.redirect(stdin=str(source), stdout=str(out), stderr=str(err))
    launched = Launched(stdio, "sh", "-c", "cat; echo oops >&2")
    assert launched.finish() == 0
    assert out.read_text() == "from file\n"
    assert err.read_text() == "oops\n"


def test_append_and_one_file_for_both(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("old\n")
    stdio = Stdio.pipes().redirect(stdout=str(out), stderr=str(out), append=True)
    launched = Launched(stdio, "sh", "-c", "echo one; echo two >&2")
    assert launched.finish() == 0
    assert out.read_text() == "old\none\ntwo\n"


@pytest.mark.parametrize("base", [Stdio.inherit(), Stdio.pipes(), Stdio.pty()])
def test_a_missing_file_is_named(base: Stdio, tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="no-such"):
        base.redirect(stdin=str(tmp_path / "no-such")).open()


def test_inherit_relays_nothing() -> None:
    streams = Stdio.inherit().open()
    assert streams.descriptors == (0, 1, 2)
    poller = Poller()
    streams.watch(poller, lambda _: None)
    assert not poller.watched
    streams.close()
