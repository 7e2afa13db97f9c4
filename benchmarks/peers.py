"""The debuggers that are compared, and how each is asked the same question."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from benchmarks.generate import WORK
from benchmarks.scenario import DONE, Scenario

INSIDE = Path(__file__).with_name("inside")


@dataclass(frozen=True, slots=True)
class Command:
    """A process to start.

    Attributes:
        words: Program and arguments.
        environment: Set on top of ours.
    """

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


class Peer(Protocol):
    """A debugger."""

    name: str

    def missing(self) -> str:
        """Why it cannot take part, or ``""``."""
        ...

    def start(self, program: Path) -> Command:
        """Stop in ``target_leaf``, print the stack and the locals, print ``DONE``."""
        ...

    def inside(self, scenario: Scenario, program: Path) -> Command:
        """Run one of the drivers in ``inside``."""
        ...


class Crabtrap:
    """This debugger, of the environment that runs the benchmarks."""

    name = "crabtrap"

    def missing(self) -> str:
        """Return ``""``: it is what is measured."""
        return ""

    def start(self, program: Path) -> Command:
        """Use the command line, as a user would."""
        executable = str(Path(sys.executable).with_name("crabtrap"))
        commands = ("break target_leaf", "run", "bt", "info locals", rf"echo {DONE}\n")
        words = [word for command in commands for word in ("-ex", command)]
        return Command((executable, "--batch", *words, str(program)))

    def inside(self, scenario: Scenario, program: Path) -> Command:
        """Use the Python interface."""
        words = (sys.executable, str(INSIDE / "crabtrap_driver.py"), str(program))
        return Command(words, _settings(scenario))


class Gdb:
    """gdb without init files and without network."""

    name = "gdb"
    QUIET = ("-nx", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set confirm off")

    def missing(self) -> str:
        """Say that gdb is not installed, if so."""
        return "" if shutil.which("gdb") else "gdb is not installed"

    def start(self, program: Path) -> Command:
        """Give the crate with the function: gdb does not find a bare name before the start."""
        place = f"break {program.name}::target_leaf"
        commands = (place, "run", "bt", "info locals", rf"echo {DONE}\n")
        words = [word for command in commands for word in ("-ex", command)]
        return Command(("gdb", *self.QUIET, *words, str(program)))

    def inside(self, scenario: Scenario, program: Path) -> Command:
        """Use gdb's own Python, with the pretty printers that rust-gdb brings."""
        driver = str(INSIDE / "gdb_driver.py")
        words = ("gdb", *self.QUIET, "-x", driver, "--args", str(program))
        printers = rust_printers()
        settings = {} if printers is None else {"PYTHONPATH": str(printers)}
        return Command(words, _settings(scenario) | settings)


class Lldb:
    """lldb, driven from outside through its Python module."""

    name = "lldb"

    def __init__(self) -> None:
        executable = shutil.which("lldb")
        self._root = Path(executable).resolve().parents[1] if executable else None

    def missing(self) -> str:
        """Say what is not installed, if something is not."""
        if self._root is None:
            return "lldb is not installed"
        return "" if self._module() else "lldb's Python module is not installed"

    def start(self, program: Path) -> Command:
        """Use a comment as the marker: commands are echoed when their turn comes."""
        commands = ("breakpoint set -n target_leaf", "run", "bt", "frame variable")
        words = [word for command in commands for word in ("-o", command)]
        words += ["-o", f"# {DONE}"]
        return Command(("lldb", "-b", "-x", *words, str(program)), self._environment())

    def inside(self, scenario: Scenario, program: Path) -> Command:
        """Use the module under the Python it was built for."""
        words = ("/usr/bin/python3", str(INSIDE / "lldb_driver.py"), str(program))
        printers = rust_printers()
        settings = {} if printers is None else {"BENCH_PRINTERS": str(printers)}
        return Command(words, _settings(scenario) | settings | self._environment())

    def _module(self) -> Path | None:
        if self._root is None:
            return None
        found = next(self._root.glob("lib/python3*/dist-packages/lldb/__init__.py"), None)
        return found.parent if found else None

    def _environment(self) -> dict[str, str]:
        """Where its module and its server are.

        Debian's module links to a library name that only the development package has,
        so a directory of links with the right one stands in for it.
        """
        module, root = self._module(), self._root
        if module is None or root is None:
            return {}
        copy = WORK / "lldb-python" / "lldb"
        copy.mkdir(parents=True, exist_ok=True)
        library = next(root.glob("lib/liblldb.so*"))
        for entry in module.iterdir():
            link = copy / entry.name
            link.unlink(missing_ok=True)
            link.symlink_to(library if entry.name.startswith("_lldb.") else entry)
        server = str(root / "bin" / "lldb-server")
        return {"PYTHONPATH": str(copy.parent), "LLDB_DEBUGSERVER_PATH": server}


def rust_printers() -> Path | None:
    """Where the compiler's pretty printers for gdb and lldb are, if they are installed."""
    if shutil.which("rustc") is None:
        return None
    root = subprocess.run(["rustc", "--print", "sysroot"], capture_output=True, check=True)
    directory = Path(root.stdout.decode().strip(), "lib", "rustlib", "etc")
    return directory if (directory / "gdb_lookup.py").exists() else None


def all_peers() -> list[Peer]:
    """Return crabtrap first, then those it is compared with."""
    return [Crabtrap(), Gdb(), Lldb()]


def _settings(scenario: Scenario) -> dict[str, str]:
    return {
        "BENCH_SCENARIO": scenario.name,
        "BENCH_EVENTS": str(scenario.events),
        "PATH": os.environ["PATH"],
    }
