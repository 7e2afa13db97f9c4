"""Time that passes only where the fake target waits."""

from collections.abc import Callable
from typing import Any

import pytest

from crabtrap.engine import controller
from tests.support.fake_engine import FakeEngine, Tracks

MakeEngine = Callable[..., FakeEngine]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> MakeEngine:
    """Make the engine on a fake program."""

    def make(tracks: Tracks, **options: Any) -> FakeEngine:
        made = FakeEngine(tracks, **options)
        monkeypatch.setattr(controller, "time", made.target.control.clock)
        return made

    return make
