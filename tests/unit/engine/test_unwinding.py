"""The frames of a thread, of which the memory cannot always be read."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from crabtrap.engine.inspect import unwinding
from crabtrap.errors import RemoteError


def test_what_could_not_be_read_is_asked_for_again(monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []

    def unwind(_map: object, _registers: object, _memory: object, limit: int) -> Any:
        asked.append(limit)
        raise RemoteError("the server does not answer")

    monkeypatch.setattr(unwinding, "_core", SimpleNamespace(unwind=unwind))
    modules = SimpleNamespace(unwinding_map=None)
    stack = unwinding.Stack(cast("Any", None), cast("Any", None), cast("Any", modules))
    for _ in range(9):
        with pytest.raises(RemoteError):
            stack.frame(0)
    assert asked == [asked[0]] * 9
