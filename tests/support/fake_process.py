"""A ``Process`` on top of a fake target and fake modules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from crabtrap.engine.inspect.epoch import EpochClock
from crabtrap.engine.inspect.process import Process
from crabtrap.symbols.module_table import ModuleTable

if TYPE_CHECKING:
    from crabtrap.symbols.module import Module
    from tests.support.fake_target import FakeTarget


def words(*values: int) -> bytes:
    """Encode little-endian 64-bit words."""
    return b"".join(value.to_bytes(8, "little") for value in values)


def fake_process(target: FakeTarget, modules: Iterable[Module] = ()) -> Process:
    """Make a process at its first stop."""
    return Process(target, ModuleTable(modules), EpochClock())
