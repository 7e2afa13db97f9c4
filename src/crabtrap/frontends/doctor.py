"""``crabtrap doctor``: checks of what this machine allows, with remedies."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Literal

from crabtrap.frontends.console.json_lines import encode_line
from crabtrap.frontends.console.output import Output, wants_colour
from crabtrap.frontends.console.styled_text import Role, Text, columns
from crabtrap.frontends.streams import write_output
from crabtrap.records import dataclass

State = Literal["ok", "limited", "missing"]


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check.

    Attributes:
        subject: What was checked.
        state: Whether debugging works with it.
        detail: What was found.
        hint: What to do, ``""`` where nothing is needed.
    """

    subject: str
    state: State
    detail: str
    hint: str = ""


def run_doctor(*, json: bool) -> int:
    """Run all checks and show their findings; return 1 if something needed is missing."""
    findings = [check() for check in CHECKS]
    if json:
        for finding in findings:
            fields = {
                "subject": finding.subject,
                "state": finding.state,
                "detail": finding.detail,
                "hint": finding.hint or None,
            }
            write_output(encode_line({"kind": "finding", "data": {**fields}}))
    else:
        output = Output(sys.stdout, colour=wants_colour("auto", sys.stdout, os.environ))
        output.lines(finding_lines(findings))
    return int(any(finding.state == "missing" for finding in findings))


def finding_lines(findings: list[Finding]) -> list[Text]:
    """Format findings: one line each, and one below it where there is a remedy."""
    roles: dict[State, Role] = {"ok": "new", "limited": "warning", "missing": "error"}
    rows = columns(
        [
            (Text((one.state, roles[one.state])), Text((one.subject, "strong")), Text(one.detail))
            for one in findings
        ]
    )
    lines: list[Text] = []
    for row, finding in zip(rows, findings, strict=True):
        lines.append(row)
        if finding.hint:
            lines.append(Text("         ", ("try: ", "hint"), finding.hint))
    return lines


def check_guard() -> Finding:
    """Check that the guard's executable is part of the package."""
    guard = resources.files("crabtrap") / "crabtrap-guard"
    path = Path(str(guard))
    if path.is_file() and os.access(path, os.X_OK):
        return Finding("guard", "ok", str(path))
    return Finding("guard", "missing", f"no executable {path}", "pip install --force crabtrap")


def check_yama() -> Finding:
    """Check Yama's ptrace_scope, which limits who may attach to running programs."""
    try:
        scope = int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text())
    except (OSError, ValueError):
        return Finding("attaching", "ok", "Yama is not active; own processes can be attached to")
    if scope == 0 or (scope < _NOBODY and os.geteuid() == 0):
        return Finding("attaching", "ok", f"ptrace_scope is {scope}")
    if scope == _NOBODY:
        return Finding(
            "attaching", "missing", "ptrace_scope is 3: no program can be debugged",
            "it can only be changed at boot: sysctl kernel.yama.ptrace_scope",
        )  # fmt: skip
    return Finding(
        "attaching", "limited", f"ptrace_scope is {scope}: only programs started here",
        "sudo sysctl kernel.yama.ptrace_scope=0",
    )  # fmt: skip


_NOBODY = 3


def check_ptrace() -> Finding:
    """Check that ptrace(2) works: seccomp filters of containers may forbid it altogether."""
    # Isolated: "-c" alone would import from the current directory.
    script = (
        "import ctypes,os; l=ctypes.CDLL(None,use_errno=True); os._exit(bool(l.ptrace(0,0,0,0)))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], check=False)
    if done.returncode == 0:
        return Finding("ptrace", "ok", "allowed")
    return Finding(
        "ptrace", "missing", "the kernel refuses it, most likely a container's seccomp filter",
        "docker run --cap-add=SYS_PTRACE --security-opt seccomp=unconfined",
    )  # fmt: skip


def check_cargo() -> Finding:
    """Check for the Rust toolchain, which ``cargo crabtrap`` needs."""
    rustc = shutil.which("rustc")
    if rustc is None:
        return Finding("rustc", "limited", "not found", "install Rust with rustup")
    done = subprocess.run([rustc, "--version"], capture_output=True, text=True, check=False)
    return Finding("rustc", "ok", done.stdout.strip() or rustc)


def check_rust_src() -> Finding:
    """Check for the standard library's sources, which are shown in its frames."""
    patterns = (
        "~/.rustup/toolchains/*/lib/rustlib/src/rust/library",
        "/usr/local/rustup/toolchains/*/lib/rustlib/src/rust/library",
        "/usr/lib/rustlib/src/rust/library",
        "/usr/src/rustc-*/library",
    )
    for pattern in patterns:
        if found := glob.glob(os.path.expanduser(pattern)):
            return Finding("std sources", "ok", found[0])
    return Finding("std sources", "limited", "not installed", "rustup component add rust-src")


def check_terminal() -> Finding:
    """Check that the terminal can show all characters."""
    encoding = (sys.stdout.encoding or "").lower()
    if not encoding.startswith("utf"):
        return Finding("terminal", "limited", f"encoding is {encoding}", "export LANG=C.UTF-8")
    return Finding("terminal", "ok", f"{os.environ.get('TERM', 'no TERM')}, {encoding}")


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_guard,
    check_ptrace,
    check_yama,
    check_cargo,
    check_rust_src,
    check_terminal,
)
