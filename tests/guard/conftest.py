"""The guard under test, and the programs it is tried on."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.guard.rsp import Guard
from tests.support.c_programs import build_c
from tests.support.elf import read_sections, read_symbols

ROOT = Path(__file__).resolve().parents[2]


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
def build() -> Callable[[str], Inferior]:
    return lambda name: Inferior(str(build_c(name)))


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
