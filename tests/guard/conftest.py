"""The guard under test, and the programs it is tried on."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.guard.rsp import Guard

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).parent / "inferiors"


@dataclass(frozen=True)
class Inferior:
    """A built test program."""

    path: str

    def symbol(self, name: str) -> int:
        """Run-time address of a symbol; the programs are not position independent."""
        return _symbols(self.path)[name][0]

    def text(self) -> tuple[int, int, bytes]:
        """Address, size and bytes of ``.text`` in the file."""
        out = subprocess.check_output(["readelf", "-SW", self.path], text=True)
        row = next(line for line in out.splitlines() if " .text " in line)
        _, address, offset, size = row.split("]")[1].split()[1:5]
        start, count = int(offset, 16), int(size, 16)
        return int(address, 16), count, Path(self.path).read_bytes()[start : start + count]


@cache
def _symbols(path: str) -> dict[str, tuple[int, str]]:
    out = subprocess.check_output(["nm", path], text=True)
    rows = (line.split() for line in out.splitlines())
    return {row[2]: (int(row[0], 16), row[1]) for row in rows if len(row) == 3}


@pytest.fixture(scope="session")
def guard_binary() -> Path:
    named = os.environ.get("CRABTRAP_GUARD")
    path = Path(named) if named else ROOT / "src/crabtrap/crabtrap-guard"
    if not path.exists():
        pytest.fail(f"{path} is not built: run make build")
    return path


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Inferior]:
    directory = tmp_path_factory.mktemp("inferiors")
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")

    @cache
    def build_one(name: str) -> Inferior:
        target = directory / name
        flags = ["-O1", "-g", "-no-pie", "-pthread"]
        subprocess.run([compiler, *flags, SOURCES / f"{name}.c", "-o", target], check=True)
        return Inferior(str(target))

    return build_one


@pytest.fixture
def guard(guard_binary: Path) -> Guard:
    with Guard(guard_binary) as guard:
        yield guard
    assert guard.process.returncode == 0


@pytest.fixture
def connect(guard_binary: Path) -> Callable[..., Guard]:
    """More guards, or guards that speak otherwise."""
    guards: list[Guard] = []

    def connect_one(**options: object) -> Guard:
        guards.append(Guard(guard_binary, **options))
        return guards[-1]

    yield connect_one
    for guard in guards:
        guard.close()
