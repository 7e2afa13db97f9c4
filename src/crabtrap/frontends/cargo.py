"""``cargo crabtrap``: build with cargo, debug the program it built."""

from __future__ import annotations

import json
import os
import subprocess

from crabtrap.errors import LaunchError, NotFoundError, UsageError
from crabtrap.files import text_lines
from crabtrap.records import dataclass

_VERBS = ("run", "test", "build", "bench")
_DEBUGGER_FLAGS = ("-ex", "-x", "--color", "--log", "--env", "--cwd")
_DEBUGGER_SWITCHES = ("--batch", "--json", "--aslr")


@dataclass(frozen=True, slots=True)
class Artefact:
    """An executable that cargo built.

    Attributes:
        path: Where it is.
        target: Name of the binary, example or test.
        test: It is a test harness.
        kind: "bin", "example", "test", "bench", or "lib" for the tests of a library.
        package: Identifier of its package, as cargo's options take it.
    """

    path: str
    target: str
    test: bool
    kind: str = "bin"
    package: str = ""


@dataclass(frozen=True, slots=True)
class CargoRequest:
    """The arguments of ``cargo crabtrap``, by whom they are for.

    Attributes:
        debugger: Options for crabtrap itself.
        verb: run, test, build or bench.
        cargo: Options for cargo.
        test_name: The one test to run, if named.
        program: Arguments after ``--``.
    """

    debugger: list[str]
    verb: str
    cargo: list[str]
    test_name: str | None
    program: list[str]


def parse_request(arguments: list[str]) -> CargoRequest:
    """Parse the arguments of ``cargo crabtrap``.

    Raises:
        UsageError: The verb is not one with which cargo builds a program.

    Example:
        >>> parse_request(["test", "--lib", "parser::empty", "--", "--quiet"]).test_name
        'parser::empty'
    """
    program: list[str] = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, program = arguments[:at], arguments[at + 1 :]
    debugger, rest = _split_debugger(arguments)
    verb = rest.pop(0) if rest and not rest[0].startswith("-") else "run"
    if verb not in _VERBS:
        raise UsageError(f"cargo crabtrap {verb}: unknown", hint=f"{', '.join(_VERBS)}")
    name = None
    if verb in ("test", "bench"):
        name, rest = _split_name(rest)
    return CargoRequest(debugger, verb, rest, name, program)


def _split_debugger(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Separate crabtrap's own options from cargo's."""
    ours: list[str] = []
    theirs: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        if argument.partition("=")[0] in _DEBUGGER_FLAGS:
            ours.append(argument)
            if "=" not in argument:
                ours.append(next(pending, ""))
        elif argument in _DEBUGGER_SWITCHES:
            ours.append(argument)
        else:
            theirs.append(argument)
    return ours, theirs


_VALUED = frozenset(
    {"-p", "--package", "--bin", "--example", "--test", "--bench", "--features", "-F"}
    | {"--profile", "--target", "--target-dir", "--manifest-path", "--exclude"}
    | {"-j", "--jobs", "--config", "-Z"}
)


def _split_name(rest: list[str]) -> tuple[str | None, list[str]]:
    """Separate the test's name: the one word that is no option and no option's value."""
    for position, word in enumerate(rest):
        before = rest[position - 1] if position else ""
        if not word.startswith("-") and before not in _VALUED:
            return word, rest[:position] + rest[position + 1 :]
    return None, rest


def cargo_arguments(arguments: list[str]) -> list[str]:
    """Build the program, and return the arguments with which ``crabtrap`` debugs it.

    Raises:
        LaunchError: cargo is missing or failed.
        NotFoundError: It built nothing that can be run.
    """
    request = parse_request(arguments)
    artefact = choose(build(request), request)
    program = list(request.program)
    if artefact.test:
        named = [request.test_name, "--exact"] if request.test_name else []
        program = [*named, "--nocapture", "--test-threads=1", *program]
    return [*request.debugger, "--args", artefact.path, *program]


def build(request: CargoRequest) -> list[Artefact]:
    """Run cargo and return the executables it built; its messages go to standard error."""
    verb = ["test", "--no-run"] if request.verb == "test" else [request.verb]
    verb = ["bench", "--no-run"] if request.verb == "bench" else verb
    verb = ["build"] if request.verb == "run" else verb
    cargo = os.environ.get("CARGO", "cargo")
    command = [cargo, *verb, *request.cargo, "--message-format=json-render-diagnostics"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    except OSError as error:
        raise LaunchError(
            f"cannot run cargo: {error.strerror}", hint="install Rust with rustup"
        ) from error
    if done.returncode:
        raise LaunchError("cargo could not build the program", hint="its messages are above")
    return parse_messages(done.stdout.decode("utf-8", "replace"))


def parse_messages(text: str) -> list[Artefact]:
    """Executables named in cargo's JSON messages, in the order they were built."""
    found: list[Artefact] = []
    for line in text_lines(text):
        if not line.startswith("{"):
            continue
        message = json.loads(line)
        if message.get("reason") == "compiler-artifact" and message.get("executable"):
            target, profile = message["target"], message["profile"]
            kind = target["kind"][0] if target["kind"] else "bin"
            found.append(
                Artefact(
                    message["executable"],
                    target["name"],
                    profile["test"],
                    kind if kind in _KINDS else "lib",
                    message.get("package_id", ""),
                )
            )
    return found


_KINDS = ("bin", "example", "test", "bench")


def choose(artefacts: list[Artefact], request: CargoRequest) -> Artefact:
    """Choose the executable to debug.

    Raises:
        NotFoundError: There is none.
        UsageError: There are several, and the request names none of them.
    """
    if not artefacts:
        raise NotFoundError("executable", "built", hint="cargo crabtrap run --bin NAME")
    if len(artefacts) == 1:
        return artefacts[0]
    if request.test_name:
        holding = [one for one in artefacts if one.test and _has_test(one, request.test_name)]
        if holding:
            return holding[0]
        raise NotFoundError("test", request.test_name, hint="cargo test -- --list shows all")
    names = ", ".join(one.target for one in artefacts)
    option = "--test NAME or the name of a test" if request.verb == "test" else "--bin NAME"
    raise UsageError(f"several programs were built: {names}", hint=option)


def _has_test(artefact: Artefact, name: str) -> bool:
    done = subprocess.run(
        [artefact.path, "--list", "--format", "terse"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return f"{name}: test" in text_lines(done.stdout.decode("utf-8", "replace"))
