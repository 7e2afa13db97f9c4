"""The ``cargo`` block of a configuration: what to debug is built first."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from crabtrap.errors import LaunchError, UsageError
from crabtrap.frontends.cargo import Artefact, parse_messages
from crabtrap.frontends.cargo_world import find_world
from crabtrap.frontends.dap.configuration import CargoBlock
from crabtrap.records import dataclass, replace

if TYPE_CHECKING:
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.configuration import Configuration

_VERBS = {"run": "build", "r": "build", "b": "build", "t": "test"}


@dataclass(frozen=True, slots=True)
class _Build:
    """One call of cargo.

    Attributes:
        verb: "build", "test" or "bench".
        options: Its options.
        program: Arguments for the program, after ``--``.
    """

    verb: str
    options: list[str]
    program: list[str]


def build_program(adapter: Adapter, configuration: Configuration) -> Configuration:
    """Build what the ``cargo`` block says; return the configuration with its program.

    The program gets the directory and the environment that cargo would give it, which the
    configuration's own override.

    Raises:
        LaunchError: cargo is missing or has failed.
        UsageError: It has built no program, or several.
    """
    block = configuration.cargo
    if block is None:
        return configuration
    build = _parse(block)
    wanted = dict(os.environ) | dict(block.environment)
    environment = {name: value for name, value in wanted.items() if value is not None}
    directory = block.directory or configuration.directory
    built = _run(adapter, build, directory, environment)
    chosen = _choose(built, block)
    world = find_world(chosen, build.options, directory, environment)
    if world is None:
        adapter.say(f"cargo does not say how it runs {chosen.target}; its environment is ours")
    variables = {} if world is None else world.environment
    tests = chosen.test or chosen.kind == "bench"
    return replace(
        configuration,
        program=chosen.path,
        arguments=(*build.program, *configuration.arguments),
        # As `cargo run`, a program starts where the user is; tests in their package's folder.
        directory=configuration.directory or (world.directory if world and tests else directory),
        environment=(*variables.items(), *configuration.environment),
    )


def _parse(block: CargoBlock) -> _Build:
    arguments, program = list(block.arguments), list[str]()
    if "--" in arguments:
        at = arguments.index("--")
        arguments, program = arguments[:at], arguments[at + 1 :]
    verb = arguments.pop(0) if arguments and not arguments[0].startswith("-") else "build"
    verb = _VERBS.get(verb, verb)
    if verb not in ("build", "test", "bench"):
        raise UsageError(f"cargo {verb} builds no program", hint="build, run, test or bench")
    return _Build(verb, [each for each in arguments if each != "--no-run"], program)


def _run(
    adapter: Adapter, build: _Build, directory: str | None, environment: dict[str, str]
) -> list[Artefact]:
    """Run cargo, whose messages are shown as they come."""
    cargo = environment.get("CARGO", "cargo")
    command = [cargo, build.verb, *build.options, *(["--no-run"] * (build.verb != "build"))]
    shown = " ".join(["cargo", *command[1:]])
    command.append("--message-format=json-render-diagnostics")
    try:
        process = subprocess.Popen(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise LaunchError(
            f"cannot run {cargo}: {error.strerror}", hint="install Rust with rustup"
        ) from error
    with process, adapter.cancelling(process.terminate):
        messages = _relay(adapter, process, shown)
    if process.returncode:
        raise LaunchError(f"{shown} has failed", hint="its messages are in the debug console")
    return parse_messages(messages)


def _relay(adapter: Adapter, process: subprocess.Popen[bytes], shown: str) -> str:
    """Show what cargo writes to its standard error, in a group; return its standard output."""
    import threading

    assert process.stdout is not None
    assert process.stderr is not None
    parts: list[bytes] = []
    reader = threading.Thread(target=lambda: parts.append(process.stdout.read()))  # type: ignore[union-attr]
    reader.start()
    adapter.outbox.event("output", _line(shown, group="startCollapsed"))
    for line in process.stderr:
        adapter.outbox.event("output", _line(line.decode("utf-8", "replace").rstrip("\n")))
    reader.join()
    process.wait()
    adapter.outbox.event("output", _line("", group="end"))
    return b"".join(parts).decode("utf-8", "replace")


def _line(text: str, group: str = "") -> dict[str, object]:
    body: dict[str, object] = {"category": "console", "output": f"{text}\n" if text else ""}
    return body | ({"group": group} if group else {})


def _choose(built: list[Artefact], block: CargoBlock) -> Artefact:
    """Return the one program that is meant.

    Raises:
        UsageError: There is none, or there are several; the text names them all.
    """
    fitting = [each for each in built if block.allows(each.target, _kind(each))]
    if len(fitting) == 1:
        return fitting[0]
    if not built:
        raise UsageError("cargo has built nothing that can be run")
    names = ", ".join(f"{each.target} ({_kind(each)})" for each in fitting or built)
    if not fitting:
        raise UsageError(f"no program fits cargo.filter; there are {names}")
    example = f'"filter": {{"name": "{fitting[0].target}", "kind": "{_kind(fitting[0])}"}}'
    raise UsageError(f"cargo has built several programs: {names}", hint=f"say which: {example}")


def _kind(artefact: Artefact) -> str:
    """Return what the filter calls a program: the tests of a binary are not the binary."""
    return (
        f"{artefact.kind} tests"
        if artefact.test and artefact.kind in ("bin", "lib")
        else artefact.kind
    )
