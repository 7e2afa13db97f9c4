"""What single tests need beyond Python, cargo and a C linker, and how to get it.

A test that lacks something says so by ``require`` or ``lack``, with names out of ``NEEDS``;
one that cannot be true where it stands says so by ``skip_inapplicable``.  There is no other
way to skip: any other is a failure.  At the end of a run one line tells what was not run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn, cast

import pytest

from tests.support.toolchains import find_compiler

OWN_PIDS = ("--user", "--map-root-user", "--pid", "--fork", "--mount-proc")
"""Options of ``unshare`` for a PID namespace of its own, which needs no privilege."""

_APT = "apt-get install"
_PROPERTY = "needs"


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a machine may lack.

    Attributes:
        is_met: Whether this machine has it; ``None`` where only the attempt tells.
        remedy: What gives it; needs with the same remedy are told together.
        package: Added to the remedy.
        title: What it is called, if not by its name.
    """

    is_met: Callable[[], bool] | None
    remedy: str
    package: str = ""
    title: str = ""


class MissingError(pytest.skip.Exception):
    """A test is not run because the machine lacks something.

    Attributes:
        names: Keys of ``NEEDS``.
    """

    def __init__(self, *names: str) -> None:
        self.names = names
        lacking = (f"no {_title(name)}: {_tell_remedy([name])}" for name in names)
        super().__init__("; ".join(lacking))


class InapplicableError(pytest.skip.Exception):
    """A test is not run because there is nothing to find out, on whatever machine."""


def require(*names: str) -> None:
    """Skip the test unless the machine has what is named.

    Args:
        names: Keys of ``NEEDS``.
    """
    if missing := [name for name in names if not _is_met(name)]:
        lack(*missing)


def lack(*names: str) -> NoReturn:
    """Skip the test because it found out that it lacks what is named.

    Args:
        names: Keys of ``NEEDS``.
    """
    raise MissingError(*names)


def skip_inapplicable(reason: str) -> NoReturn:
    """Skip a test that no machine can make succeed, such as for what a server cannot do."""
    raise InapplicableError(reason)


def render_not_run(tests: Iterable[tuple[str, ...]]) -> str:
    """Tell in one line what was not run and how to get what it needs.

    Args:
        tests: The keys of ``NEEDS`` that each of these tests lacks.

    Returns:
        The line; empty where everything was run.

    Example:
        >>> render_not_run([("gdb",), ("gdb",), ("gdbserver",), ("nightly",)])
        'not run: 2 tests need gdb, 1 needs gdbserver (apt-get install gdb gdbserver); \
1 needs nightly rustc (rustup toolchain install nightly)'
    """
    counts = Counter(name for names in tests for name in names)
    groups: dict[str, list[str]] = {}
    for name, need in NEEDS.items():
        if counts[name]:
            groups.setdefault(need.remedy, []).append(name)
    told: list[str] = []
    for names in groups.values():
        counted = [_tell_count(counts[name], name) for name in names]
        told.append(f"{', '.join(counted)} ({_tell_remedy(names)})")
    line = "; ".join(told)
    count, _, rest = line.partition(" ")
    noun = "test" if count == "1" else "tests"
    return f"not run: {count} {noun} {rest}" if line else ""


def _is_met(name: str) -> bool:
    is_met = NEEDS[name].is_met
    if is_met is None:
        raise ValueError(f"{name} cannot be asked for in advance")
    return is_met()


def _tell_count(count: int, name: str) -> str:
    return f"{count} {'needs' if count == 1 else 'need'} {_title(name)}"


def _tell_remedy(names: list[str]) -> str:
    packages = dict.fromkeys(NEEDS[name].package for name in names)
    return " ".join([NEEDS[names[0]].remedy, *filter(None, packages)])


def _title(name: str) -> str:
    return NEEDS[name].title or name


# -- what pytest calls ---------------------------------------------------------------------


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose marks name what this machine lacks."""
    for marker in item.iter_markers("needs"):
        require(*marker.args)
    if item.get_closest_marker("differential"):
        require("gdb")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    call: pytest.CallInfo[None],
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note what a skipped test lacks; refuse a skip that does not tell."""
    report = yield
    raised = None if call.excinfo is None else call.excinfo.value
    if isinstance(raised, MissingError | InapplicableError):
        path, line, _ = cast("tuple[str, int, str]", report.longrepr)  # so for what is skipped
        report.longrepr = (path, line, f"Skipped: {raised}")
        if isinstance(raised, MissingError):
            report.user_properties.append((_PROPERTY, raised.names))
    elif isinstance(raised, pytest.skip.Exception):
        report.outcome = "failed"
        report.longrepr = f"skipped without a need: {raised}\nuse tests.support.needs"
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter,
) -> Generator[None, None, None]:
    """Write the line about what was not run, below all else but the totals."""
    yield
    skipped = cast("list[pytest.TestReport]", terminalreporter.stats.get("skipped", []))
    tests = [
        cast("tuple[str, ...]", value)  # put there by pytest_runtest_makereport
        for report in skipped
        for key, value in report.user_properties
        if key == _PROPERTY
    ]
    if line := render_not_run(tests):
        terminalreporter.write_line(line, yellow=True)


# -- the needs -----------------------------------------------------------------------------


def _command(name: str, package: str) -> Need:
    return Need(lambda: shutil.which(name) is not None, _APT, package)


@cache
def _has_gdb() -> bool:
    # There are builds without Python, which does the asking for us.
    if shutil.which("gdb") is None:
        return False
    command = ["gdb", "-nx", "-batch", "-ex", "python 1"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _compiler(name: str, title: str, remedy: str = "make toolchains") -> Need:
    return Need(lambda: find_compiler(name) is not None, remedy, title=title)


def _can_unshare(*options: str) -> bool:
    if shutil.which("unshare") is None:
        return False
    done = subprocess.run(["unshare", *options, "true"], check=False, capture_output=True)
    return done.returncode == 0


def _sees_kernel_threads() -> bool:
    name = Path("/proc/2/comm")
    return name.exists() and name.read_text() == "kthreadd\n"


NEEDS: dict[str, Need] = {
    "gdb": Need(_has_gdb, _APT, "gdb"),
    "gdbserver": _command("gdbserver", "gdbserver"),
    "lldb": _command("lldb", "lldb"),
    "objcopy": _command("objcopy", "binutils"),
    "strip": _command("strip", "binutils"),
    "cc": _command("cc", "gcc"),
    "setpriv": _command("setpriv", "util-linux"),
    "unshare": _command("unshare", "util-linux"),
    "rustc": _compiler("rustc", "rustc 1.63"),
    "rustc-web-oldest": _compiler("rustc-web-oldest", "rustc 1.85"),
    "rustc-web": _compiler("rustc-web", "rustc-web"),
    "nightly": _compiler("nightly", "nightly rustc", "rustup toolchain install nightly"),
    "crates.io": Need(None, "connect to the network"),
    "root": Need(lambda: os.geteuid() == 0, "run as root"),
    "mount namespaces": Need(
        lambda: _can_unshare("--mount"), "run as root, outside of a container"
    ),
    "PID namespaces": Need(lambda: _can_unshare(*OWN_PIDS), "run where users may make namespaces"),
    "kernel threads": Need(_sees_kernel_threads, "run outside of a container"),
}
