"""The console's commands about who waits for whom."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator

import pytest

from crabtrap import Session, Stdio
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.json_lines import JsonOutput
from crabtrap.frontends.console.output import Output
from tests.support.inferiors import Inferior, build

Run = Callable[..., tuple[Console, str]]


@pytest.fixture(params=("debug", "release-debug"))
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("waiting", request.param)


@pytest.fixture
def run(program: Inferior) -> Iterator[Run]:
    """Stop in the last task and run a command; addresses are named in their order."""
    with Session(str(program.path)) as session:

        def run(what: str, command: str, *, json: bool = False) -> tuple[Console, str]:
            session.breakpoints.add("waiting::look")
            session.launch((what,), stdio=Stdio.pipes())
            session.continue_()
            stream = io.StringIO()
            output = JsonOutput(stream) if json else Output(stream, colour=False)
            console = Console(session, output, stdio=Stdio.pipes())
            console.execute(command)
            return console, stream.getvalue()

        yield run


def shown(text: str) -> list[str]:
    """Lines with addresses as letters, and places as a line of a file."""
    names: dict[str, str] = {}

    def name(match: re.Match[str]) -> str:
        return names.setdefault(match[0], f"@{'ABCDEFGH'[len(names)]}")

    text = re.sub(r"\S*/(\w+\.rs:\d+)", r"\1", text)
    return re.sub(r"0x[0-9a-f]+", name, text).splitlines()


def test_a_deadlock_is_told_and_counts_as_failed(run: Run, program: Inferior):
    dead, itself = program.marker("dead", "locks.rs"), program.marker("itself", "locks.rs")
    console, text = run("crossed", "deadlocks --check")
    assert console.failed
    assert shown(text) == [
        "deadlock of 2:",
        f"  task 1 waiting::locks::dead at locks.rs:{dead}",
        "    has Mutex @A (a)",
        "    waits for Mutex @B, 1 of 1 in the queue",
        f"  task 2 waiting::locks::dead at locks.rs:{dead}",
        "    has Mutex @B (a)",
        "    waits for Mutex @A, 2 of 2 in the queue",
        "  behind it: task 3 waiting::locks::waits",
        "self-deadlock:",
        f"  task 4 waiting::locks::itself at locks.rs:{itself}",
        "    has Mutex @C (first)",
        "    waits for Mutex @C, 1 of 1 in the queue",
    ]


def test_a_check_that_finds_nothing_succeeds(run: Run):
    console, text = run("locks", "deadlocks --check")
    assert not console.failed
    assert text == "No deadlock is found.\n"


def test_waits_are_told_with_holders_and_what_is_not_known(run: Run, program: Inferior):
    _, text = run("channels", "waits")
    lines = shown(text)
    keeps = program.marker("keeps", "channels.rs")
    first = lines.index(
        f"task 1 waiting::channels::receives at channels.rs:"
        f"{program.marker('receives', 'channels.rs')}"
    )
    assert lines[first + 1 : first + 3] == [
        "  => mpsc channel @A, to receive, 0 of 4 queued, senders 1",
        f"       sender: task 2 waiting::channels::keeps (kept) at channels.rs:{keeps}",
    ]
    assert "       no sender is known: none is in a variable of a task or thread" in lines
    assert lines[-1] == "6 more end by themselves, from outside or in libraries: waits -all"


def test_a_task_that_does_not_exist_waits_for_nothing(run: Run):
    console, text = run("time", "waits 99")
    assert console.failed
    assert "task" in text
    assert "99" in text


def test_what_waits_is_named_by_number_range_and_label(run: Run):
    console, text = run("time", "waits 2-3 block_on#1")
    assert not console.failed, text
    heads = [line.partition(" at ")[0] for line in text.splitlines() if line[0] != " "]
    assert heads == [
        "task 2 waiting::joins",
        "task 3 waiting::ticks",
        "block_on#1 waiting::spawn_all",
    ]


def test_a_join_is_told_with_the_task(run: Run):
    _, text = run("time", "waits")
    lines = text.splitlines()
    assert lines[1:3] == ["  => task", "       for task 5 waiting::slept, idle"]


def test_the_graph_is_dot(run: Run):
    _, text = run("crossed", "waits -dot")
    lines = text.splitlines()
    assert (lines[0], lines[-1]) == ("digraph waits {", "}")
    nodes = {line.split()[0] for line in lines if "shape=" in line}
    edges = {tuple(line.split()[0:3:2]) for line in lines if "->" in line}
    assert {end for edge in edges for end in edge} <= nodes
    assert len(edges) == 5 + 4 + 1, "five wait for four mutexes with a holder each, main for a task"


def test_all_of_it_is_json(run: Run):
    _, text = run("crossed", "deadlocks", json=True)
    (crossed, own) = json.loads(text)["data"]["diagnoses"]
    assert (crossed["kind"], own["kind"]) == ("deadlock", "self-deadlock")
    assert [link["who"]["task"] for link in crossed["links"]] == ["1", "2"]
    (hold,) = crossed["links"][0]["holds"]
    (wait,) = crossed["links"][1]["waits"]
    assert hold["variable"] == "a"
    assert hold["address"] == wait["address"]
