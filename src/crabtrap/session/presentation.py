"""Rendering of values, and the user's own rules for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import Running
from crabtrap.present import RenderOptions, render, value_tree
from crabtrap.session.rule_files import RuleFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.session.core import Core
    from crabtrap.values.value import Value

T = TypeVar("T")


@through_door()
class Presentation:
    """Renders values as text and as data.

    Attributes:
        rules: The user's own rules for types.
    """

    def __init__(self, core: Core) -> None:
        self._core = core
        self.rules = RuleFiles(core.presenter.book)

    @property
    def door(self) -> Door:
        """The check that refuses calls of other threads."""
        return self._core.door

    def render(self, value: Value, options: RenderOptions | None = None) -> str:
        """Render a value as text, in Rust's ``Debug`` notation."""
        return self._reading(lambda: render(value, self._core.presenter, options))

    def render_short(self, value: Value) -> str:
        """Render a value on one line, shortened."""
        return self._reading(lambda: self._core.language.render(value))

    def tree(self, value: Value, options: RenderOptions | None = None) -> dict[str, object]:
        """Return a value as a tree of JSON types."""
        return self._reading(lambda: dict(value_tree(value, self._core.presenter, options)))

    def _reading(self, read: Callable[[], T]) -> T:
        """Read consistently: a running program is paused meanwhile."""
        with self.door.cancellable():
            if isinstance(self._core.state, Running):
                with self._core.program.controller.paused():
                    return read()
            return read()
