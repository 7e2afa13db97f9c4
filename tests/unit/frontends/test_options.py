"""The command lines of ``crabtrap`` and ``cargo crabtrap``."""

from __future__ import annotations

import json

import pytest

from crabtrap.errors import LaunchError, NotFoundError, UsageError
from crabtrap.frontends.cargo import Artefact, choose, parse_messages, parse_request
from crabtrap.frontends.options import FLAGS, CommandLine, parse_options, usage


def test_a_program_and_its_arguments() -> None:
    options = parse_options(["./demo", "--batch", "x"])
    assert (options.program, options.arguments, options.batch) == (
        "./demo",
        ["--batch", "x"],
        False,
    )


def test_options_before_the_program() -> None:
    options = parse_options(
        ["--batch", "-ex", "b main", "-x", "f", "-ex=run", "--cwd=/tmp", "--env", "A=b=c", "--args",
         "./demo", "-p"]
    )  # fmt: skip
    assert options == CommandLine(
        program="./demo",
        arguments=["-p"],
        commands=[("ex", "b main"), ("x", "f"), ("ex", "run")],
        batch=True,
        directory="/tmp",
        environment={"A": "b=c"},
    )


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["--bach"], "unknown option --bach", "--batch"),
        (["-ex"], "needs a value", ""),
        (["-p", "x"], "not a process id", "ps"),
        (["--env", "A"], "a name and a value", "NAME=VALUE"),
        (["--color=red"], "auto, always or never", ""),
        (["--json=1"], "takes no value", ""),
        (["-p", "1", "--connect", "x"], "exclude", ""),
    ],
)
def test_wrong_usage(arguments: list[str], message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        parse_options(arguments)
    assert hint in caught.value.hint


def test_repair_takes_a_process_or_none() -> None:
    assert parse_options(["repair"]).repair
    options = parse_options(["repair", "12", "--json"])
    assert (options.repair, options.pid, options.json) == (True, 12, True)
    assert parse_options(["./repair", "12"]).program == "./repair"
    with pytest.raises(UsageError, match="x is not a process id"):
        parse_options(["repair", "x"])


def test_reattach_takes_a_process_or_none() -> None:
    assert parse_options(["reattach"]).reattach
    options = parse_options(["reattach", "12"])
    assert (options.reattach, options.pid, options.program) == (True, 12, None)
    assert parse_options(["./reattach"]).program == "./reattach"
    with pytest.raises(UsageError, match="x is not a process id"):
        parse_options(["reattach", "x"])


def test_doctor_and_a_program_called_doctor() -> None:
    assert parse_options(["doctor"]).doctor
    assert parse_options(["./doctor"]).program == "./doctor"
    assert parse_options(["doctor", "--json"]).json


def test_usage_names_every_option() -> None:
    text = usage()
    for flag in FLAGS:
        assert flag.names[0] in text
    assert max(map(len, text.splitlines())) <= 100


def test_cargo_requests() -> None:
    request = parse_request(
        ["--batch", "test", "--lib", "-p", "core", "parser::empty", "-ex", "run", "--", "--quiet"]
    )
    assert request.debugger == ["--batch", "-ex", "run"]
    assert request.verb == "test"
    assert request.cargo == ["--lib", "-p", "core"]
    assert request.test_name == "parser::empty"
    assert request.program == ["--quiet"]


def test_cargo_runs_by_default() -> None:
    request = parse_request(["--release", "--", "input.txt"])
    assert (request.verb, request.cargo, request.program) == ("run", ["--release"], ["input.txt"])


def test_cargo_verbs_that_build_nothing() -> None:
    with pytest.raises(UsageError, match="clippy"):
        parse_request(["clippy"])


def message(name: str, executable: str | None, *, kind: str = "bin", test: bool = False) -> str:
    return json.dumps(
        {
            "reason": "compiler-artifact",
            "package_id": "demo",
            "target": {"name": name, "kind": [kind]},
            "profile": {"test": test},
            "executable": executable,
        }
    )


def test_cargo_messages() -> None:
    lines = ["not json", '{"reason":"build-finished"}', message("lib", None), message("a", "/t/a")]
    assert parse_messages("\n".join(lines)) == [Artefact("/t/a", "a", False, "bin", "demo")]


def test_which_program_is_meant() -> None:
    one, other = Artefact("/t/a", "a", False), Artefact("/t/b", "b", False)
    request = parse_request(["run"])
    assert choose([one], request) is one
    with pytest.raises(NotFoundError, match="executable"):
        choose([], request)
    with pytest.raises(UsageError, match="a, b") as caught:
        choose([one, other], request)
    assert "--bin" in caught.value.hint


def test_cargo_that_cannot_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    from crabtrap.frontends.cargo import cargo_arguments

    monkeypatch.setenv("CARGO", "/nonexistent/cargo")
    with pytest.raises(LaunchError, match="cannot run cargo"):
        cargo_arguments(["run"])
