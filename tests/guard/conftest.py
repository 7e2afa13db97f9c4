"""The guard under test, and the programs it is tried on."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.guard.rsp import Guard
from tests.support.elf import read_sections, read_symbols
from tests.support.needs import require

ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(__file__).parent / "inferiors"


@dataclass(frozen=True)
class Inferior:
    """A built test program."""

    path: str

    def symbol(self, name: str) -> int:
        """Run-time address of a symbol; the programs are not position independent."""
        return _symbols(self.path)[name]

    def text(self) -> tuple[int, int, bytes]:
        """Address, size and bytes of ``.text`` in the file."""
        text = next(each for each in read_sections(self.path) if each.name == ".text")
        data = Path(self.path).read_bytes()[text.offset : text.offset + text.size]
        return text.address, text.size, data


_symbols = cache(read_symbols)


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
    require("cc")

    @cache
    def build_one(name: str) -> Inferior:
        target = directory / name
        flags = ["-O1", "-g", "-no-pie", "-pthread"]
        subprocess.run(["cc", *flags, SOURCES / f"{name}.c", "-o", target], check=True)
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
