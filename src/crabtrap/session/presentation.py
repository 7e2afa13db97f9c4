"""Rendering of values, and the user's own rules for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from crabtrap.engine.door import Door, through_door
from crabtrap.engine.machine import Running
from crabtrap.present import RenderOptions, render, value_tree
from crabtrap.records import replace
from crabtrap.session.rule_files import RuleFiles

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.present.children import Children
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
        self.rules = RuleFiles(core.presenter.book, core.tasks.prefer_wait_rules, core.door)

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

    def children(self, value: Value, start: int = 0, stop: int | None = None) -> Children:
        """The parts ``[start, stop)`` of a value, and how many there are.

        Args:
            value: Whose parts: items, entries or fields, references looked through.
            start: The first of them, counted from 0.
            stop: One past the last; ``None`` for one page more than ``start``.
        """
        from crabtrap.present.children import children  # noqa: PLC0415 - rarely needed

        found = self._reading(lambda: children(value, self._core.presenter, start, stop))
        home = self._core.language.home
        return replace(found, items=tuple((name, home(each)) for name, each in found.items))

    def content_address(self, value: Value) -> int | None:
        """Where what a reader sees of a value is, ``None`` where it is not in memory.

        Of a text that is its first byte, of a sequence its first item, of a reference what it
        leads to; of any other value the value itself.
        """
        from crabtrap.present.content import content_address  # noqa: PLC0415 - rarely needed

        return self._reading(lambda: content_address(value, self._core.presenter))

    def describe_location(self, value: Value) -> str:
        """Where a value is, in words: "at 0x7ffe10 counter", "in $rax", "nowhere: ..."."""
        from crabtrap.session.value_locations import describe_location  # noqa: PLC0415 - rarely

        return describe_location(value, self._core.program.debuggee.modules)

    def _reading(self, read: Callable[[], T]) -> T:
        """Read consistently: a running program is paused meanwhile."""
        with self.door.cancellable("reading values"):
            if isinstance(self._core.state, Running):
                with self._core.program.controller.paused():
                    return read()
            return read()
