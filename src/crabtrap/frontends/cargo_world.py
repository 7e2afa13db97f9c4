"""The world in which cargo runs a program: its directory, its environment.

Nobody knows that but cargo itself: the package's folder for tests, variables such as
``CARGO_MANIFEST_DIR``, where the compiler's libraries are, what the configuration's ``[env]``
sets. So cargo is asked to run the program, by a runner that notes how it was called.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING

from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crabtrap.frontends.cargo import Artefact

_RUNNER = "import json, os, sys; json.dump([os.getcwd(), dict(os.environ)], open(sys.argv[1], 'w'))"

_SELECTING = ("--bin", "--example", "--test", "--bench", "-p", "--package", "--exclude")
_SELECTING_ALL = ("--lib", "--bins", "--examples", "--tests", "--benches", "--all-targets", "--doc")
_MANY = (*_SELECTING_ALL, "--workspace", "--all", "--no-run", "--message-format=json")


@dataclass(frozen=True, slots=True)
class CargoWorld:
    """How cargo runs a program.

    Attributes:
        directory: Its working directory.
        environment: Its whole environment.
    """

    directory: str
    environment: dict[str, str]


def find_world(
    artefact: Artefact, options: list[str], directory: str | None, environment: Mapping[str, str]
) -> CargoWorld | None:
    """Return the world in which cargo would run a program that it has built.

    Args:
        artefact: The program.
        options: Cargo's options when it was built, without the verb.
        directory: Where cargo is called.
        environment: What cargo is called with.

    Returns:
        ``None`` where cargo would not run it.
    """
    verb = "bench" if artefact.kind == "bench" else "test" if artefact.test else "run"
    target = ["--lib"] if artefact.kind == "lib" else [f"--{artefact.kind}", artefact.target]
    package = ["--package", artefact.package] if artefact.package else []
    with tempfile.TemporaryDirectory(prefix="crabtrap-") as folder:
        told = os.path.join(folder, "world")
        runner = json.dumps([sys.executable, "-IS", "-c", _RUNNER, told])
        config = ["--config", f"target.'cfg(all())'.runner = {runner}", "--quiet"]
        cargo = environment.get("CARGO", "cargo")
        command = [cargo, verb, *_without_selection(options), *package, *target, *config]
        done = subprocess.run(
            command, cwd=directory, env=environment, capture_output=True, check=False
        )
        if done.returncode or not os.path.exists(told):
            return None
        with open(told, encoding="utf-8", errors="surrogateescape") as file:
            found, variables = json.load(file)
    return CargoWorld(found, variables)


def _without_selection(options: list[str]) -> list[str]:
    """Leave out the options that say what is built."""
    kept: list[str] = []
    waiting = iter(options)
    for option in waiting:
        name, equals, _ = option.partition("=")
        if name in _SELECTING:
            if not equals:
                next(waiting, None)
        elif option not in _MANY:
            kept.append(option)
    return kept
