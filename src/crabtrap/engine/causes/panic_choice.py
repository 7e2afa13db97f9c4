"""Which panics a catchpoint is about: by message, by crate, and by whether they are caught."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.inspect.user_code import crate_of
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crabtrap.engine.breakpoints.stoppoints import Catchpoint
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.inspector import Inspector
    from crabtrap.engine.plans.thread_view import ThreadView
    from crabtrap.events import Panicked
    from crabtrap.target.interface import TargetStop

_SHORT_BACKTRACE = "__rust_begin_short_backtrace"
"""std's function around ``main`` and around the closure of a thread, inside of std's own
``catch_unwind``; never inlined, because short backtraces end at it."""

_MAX_FRAMES = 4096


@dataclass(frozen=True, slots=True)
class Panic:
    """A panic that has begun.

    Attributes:
        reason: What is told of it.
        stop: The stop of its thread.
        inspector: Threads and frames at that stop.
    """

    reason: Panicked
    stop: TargetStop
    inspector: Inspector

    @property
    def frame(self) -> Frame:
        """The frame that it is shown in."""
        return self.inspector.frame(self.stop.thread, self.reason.frame)

    def is_wanted_by(self, item: Catchpoint) -> bool:
        """Whether a catchpoint is about this panic; what is not known excludes nothing."""
        message, code = self.reason.message, self.frame.code
        wanted = item.message
        if wanted is not None and message is not None and not re.search(wanted, message):
            return False
        if item.crate is not None and code is not None and crate_of(code.name) != item.crate:
            return False
        if item.own and not self._is_own():
            return False
        return not item.uncaught or not self._will_be_caught()

    def _is_own(self) -> bool:
        """Whether it was raised by the user's code: by a ``panic!`` or a call there."""
        path = self.reason.path
        return path is None or self.frame.process.settings.user_code.is_user_path(path)

    def _will_be_caught(self) -> bool:
        """Whether a frame catches it inside of those with which std runs ``main`` and threads."""
        view = self.inspector.view(self.stop.thread, self.stop.registers)
        for index, pc in enumerate(map(Address, view.unwind(_MAX_FRAMES).pcs)):
            if any(pad.catches for pad in view.code.pads_of_call(pc)):
                return True
            if any(_SHORT_BACKTRACE in name for name in _names_at(view, pc, index)):
                return False
        return False


def _names_at(view: ThreadView, pc: Address, index: int) -> Iterator[str]:
    address = Address(pc - 1) if index else pc
    for function in view.modules.inline_chain(address):
        yield function.name
    symbol = view.modules.symbol_at(address)
    if symbol is not None:
        yield symbol.name
