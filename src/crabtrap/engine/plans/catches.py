"""Where unwinding ends above a frame: the landing pads of callers that catch a panic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.records import dataclass, field
from crabtrap.symbols.names import body_name, function_name

if TYPE_CHECKING:
    from crabtrap.engine.plans.thread_view import ThreadView

_MAX_FRAMES = 512
"""Limit on the physical frames that are searched for one that catches."""


@dataclass(frozen=True, slots=True)
class Catches:
    """Where a thread lands when a panic ends one of its frames and is caught further out.

    Attributes:
        function: Display name of the frame's function.
        frames: CFAs of the frames that catch, by the address of the landing pad.
    """

    function: str = ""
    frames: Mapping[Address, frozenset[int]] = field(default_factory=dict[Address, frozenset[int]])

    def has_landed(self, view: ThreadView) -> bool:
        """Whether a thread has landed in one of the frames that catch."""
        return view.cfa in self.frames.get(view.pc, ())


NO_CATCHES = Catches()


def find_catches(view: ThreadView, cfa: int) -> Catches:
    """Find the frames that would catch a panic out of the physical frame with this CFA."""
    trace = view.unwind(_MAX_FRAMES)
    frames: dict[Address, frozenset[int]] = {}
    function = ""
    for index, pc in enumerate(map(Address, trace.pcs)):
        own = trace.cfas[index]
        if own == cfa:
            function = _name_at(view, Address(pc - 1) if index else pc)
        if own is None or own <= cfa:
            continue
        for pad in view.code.pads_of_call(pc):
            if pad.catches:
                frames[pad.address] = frames.get(pad.address, frozenset()) | {own}
    return Catches(function, frames)


def _name_at(view: ThreadView, address: Address) -> str:
    chain = view.modules.inline_chain(address)
    if chain:
        return body_name(function_name(chain[-1]))
    symbol = view.modules.symbol_at(address)
    return symbol.name if symbol is not None else f"{address:#x}"
