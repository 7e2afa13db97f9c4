"""Files that debuggers and Python pick up by themselves, planted where we may look: none runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pexpect
import pytest

from tests.support.inferiors import build

CRABTRAP = [sys.executable, "-P", "-m", "crabtrap"]
SESSION = ["break norm2", "run", "bt", "print self", "info source", "info sharedlibrary", "list"]

BAITS: Mapping[str, str] = {
    # Where, seen from the directory we are started in: what is to be found out.
    "{here}/.crabtraprc": "commands",
    "{here}/.crabtrap/init": "commands",
    "{here}/crabtrap/init": "commands",
    "{here}/.gdbinit": "commands",
    "{here}/.lldbinit": "commands",
    "{home}/.crabtraprc": "commands",
    "{home}/.gdbinit": "commands",
    "{home}/.lldbinit": "commands",
    "{there}/.crabtraprc": "commands",
    "{there}/.gdbinit": "commands",
    "{there}/{name}-gdb.gdb": "commands",
    "{there}/{name}.crab": "commands",
    "{there}/{name}-gdb.py": "python",
    "{there}/{name}.py": "python",
    "{there}/.debug/{name}-gdb.py": "python",
    "{there}/.debug/{name}.debug-gdb.py": "python",
    # A debug build of Rust names it in its section .debug_gdb_scripts.
    "{here}/gdb_load_rust_pretty_printers.py": "python",
    "{there}/gdb_load_rust_pretty_printers.py": "python",
    "{here}/sitecustomize.py": "python",
    "{there}/usercustomize.py": "python",
    "{here}/crabtrap.py": "python",
    "{here}/crabtrap/__init__.py": "python",
    "{here}/crabtrap.pth": "import os; {touch}",
    "{here}/pyvenv.cfg": "home = {here}",
    "{here}/conftest.py": "python",
    "{here}/setup.py": "python",
    "{there}/{name}.toml": "rules",
    "{there}/crabtrap.toml": "rules",
    "{here}/crabtrap.toml": "rules",
    "{here}/rules.toml": "rules",
    "{here}/pyproject.toml": "[tool.crabtrap]\ncommands = ['echo BAIT\\n']\n",
    "{here}/.env": "LD_PRELOAD={here}/bait.so\nPYTHONPATH={here}\nCRABTRAP_RULES=rules.toml\n",
    "{here}/.cargo/config.toml": "[target.'cfg(all())']\nrunner = '{here}/runner'\n",
    "{here}/Cargo.toml": "[package]\nname = 'bait'\nversion = '0.0.0'\nbuild = 'build.rs'\n",
    "{here}/build.rs": 'fn main() {{ std::fs::write("{log}", "").unwrap(); }}',
    "{here}/stty": "shell",
    "{here}/sh": "shell",
    "{here}/crabtrap-guard": "shell",
    "{there}/crabtrap-guard": "shell",
    "{here}/runner": "shell",
    "{here}/rustc": "shell",
}
CONTENTS = {
    "commands": "echo BAIT\\n\nshell touch {log}\nset listsize 1\n",
    "python": "{touch}\n",
    "shell": '#!/bin/sh\ntouch {log}\nexec /bin/sh "$@"\n',
    "rules": '[[rule]]\ntype = "basics::Point"\nwrapper = {{ inner = "x", name = "BAIT" }}\n',
}


class Trap:
    """A directory to be started in, one with the program, and a home, all of them full of baits."""

    def __init__(self, directory: Path) -> None:
        self.here, self.there, self.home = (directory / name for name in ("cwd", "bin", "home"))
        self.program = self.there / "prog"
        self._log = directory / "executed"
        for folder in (self.here, self.there, self.home):
            folder.mkdir()
        shutil.copy(build("basics").path, self.program)
        places = {
            "here": self.here, "there": self.there, "home": self.home, "name": "prog",
            "log": self._log, "touch": f"open({str(self._log)!r}, 'a').write(__name__)",
        }  # fmt: skip
        for place, content in BAITS.items():
            path = Path(place.format(**places))
            path.parent.mkdir(exist_ok=True)
            path.write_text(CONTENTS.get(content, content).format(**places))
            path.chmod(0o755)

    @property
    def environment(self) -> dict[str, str]:
        relative = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"), ".")
        return {**os.environ, **relative, "HOME": str(self.home), "TERM": "xterm"}

    def check(self, output: str) -> None:
        """Nothing of the baits was obeyed, and the session was one."""
        assert not self._log.exists(), self._log.read_text()
        assert "BAIT" not in output
        assert "basics::Point::norm2" in output
        assert "Point { x: 3, y: 4 }" in output


def run_batch(trap: Trap, *options: str) -> str:
    words = [word for line in SESSION for word in ("-ex", line)]
    done = subprocess.run(
        [*CRABTRAP, "--batch", *options, *words, trap.program],
        cwd=trap.here,
        env=trap.environment,
        capture_output=True,
        text=True,
        timeout=28,
        check=False,
    )
    return done.stdout + done.stderr


def run_at_terminal(trap: Trap) -> str:
    words = [word for line in ("set hold 0", *SESSION) for word in ("-ex", line)]
    child = pexpect.spawn(
        CRABTRAP[0],
        [*CRABTRAP[1:], *words, str(trap.program)],
        cwd=str(trap.here),
        env={**trap.environment, "PROMPT_TOOLKIT_NO_CPR": "1", "NO_COLOR": "1"},
        encoding="utf-8",
        timeout=28,
    )
    child.expect(r"\(crabtrap\)")
    output = child.before or ""
    child.send("quit\r")
    child.expect(r"\(y or n\)")
    child.send("y\r")
    child.expect(pexpect.EOF)
    child.close()
    return output


@pytest.mark.parametrize("run", [run_batch, run_at_terminal])
def test_no_bait_is_taken(run: Callable[[Trap], str], tmp_path: Path) -> None:
    trap = Trap(tmp_path)
    trap.check(run(trap))


@pytest.mark.parametrize("options", [("-x", ".gdbinit"), ("--rules", "crabtrap.toml")])
def test_the_baits_would_be_seen_to_be_taken(options: tuple[str, str], tmp_path: Path) -> None:
    assert "BAIT" in run_batch(Trap(tmp_path), *options)
