"""Plans that run to an address: continue, until, advance, finish, and single instructions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import _core
from crabtrap.address import Address
from crabtrap.engine.plans.plan import FREELY, UNEXPLAINED, Done, Explanation, Resume
from crabtrap.events import StepDone
from crabtrap.records import dataclass, field
from crabtrap.target.interface import TRAPPED

if TYPE_CHECKING:
    from crabtrap.engine.plans.thread_view import ThreadView
    from crabtrap.symbols.code_rows import Function
    from crabtrap.target.interface import TargetStop

_LONGEST_INSTRUCTION = 15


@dataclass(frozen=True, slots=True)
class Continue:
    """Run until something other than the plan stops the program."""

    thread: int = 0
    name: str = "continue"
    frame_cfa: None = None

    def begin(self, view: ThreadView) -> Resume:
        """Resume without any trap of its own."""
        return FREELY

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Explain no stop."""
        return UNEXPLAINED


@dataclass(frozen=True, slots=True)
class RunTo:
    """Run until the thread reaches one of some addresses (``until``, ``advance``, start-up).

    Attributes:
        thread: tid.
        name: "until", "advance" or "start".
        addresses: Where to stop.
        frame_cfa: CFA of the frame at whose return to stop, too; ``None`` to stop at every
            execution of ``return_address``.
        return_address: Where that frame returns to, ``None`` to disregard returns.
    """

    thread: int
    name: str
    addresses: frozenset[Address]
    frame_cfa: int | None = None
    return_address: Address | None = None

    def begin(self, view: ThreadView) -> Resume:
        """Trap the addresses and the frame's return address."""
        sites = set(self.addresses)
        if self.return_address is not None:
            sites.add(self.return_address)
        return Resume(sites=frozenset(sites))

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Finish at an address, or at the return address if the frame has returned."""
        if stop.kind not in TRAPPED:
            return UNEXPLAINED
        if view.pc in self.addresses:
            return Done(StepDone(self.name))
        if view.pc == self.return_address and _frame_is_gone(view, self.frame_cfa):
            return Done(StepDone(self.name))
        return UNEXPLAINED


@dataclass(slots=True)
class Finish:
    """Run until a physical frame has returned to its caller.

    Attributes:
        thread: tid.
        cfa: CFA of the frame that is to return.
        return_address: Where it returns to.
        function: The frame's function, ``None`` for an inlined one.
        returned: The function, once it has returned and the registers still hold its result.
    """

    thread: int
    cfa: int
    return_address: Address
    function: Function | None = None
    name: str = "finish"
    returned: Function | None = field(default=None, init=False)

    @property
    def frame_cfa(self) -> int:
        """CFA of the frame that is to return."""
        return self.cfa

    def begin(self, view: ThreadView) -> Resume:
        """Trap the return address."""
        return Resume(sites=frozenset((self.return_address,)))

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Finish when the frame has returned; deeper recursions return to the same address."""
        if stop.kind not in TRAPPED or view.pc != self.return_address:
            return UNEXPLAINED
        if not _frame_is_gone(view, self.cfa):
            return UNEXPLAINED
        self.returned = self.function
        return Done(StepDone(self.name))


@dataclass(slots=True)
class FinishInlined:
    """Run until control leaves an inline instance, in the same physical frame or its caller.

    Attributes:
        thread: tid.
        inner: Index of the instance's frame; 0 is the innermost.
    """

    thread: int
    inner: int
    name: str = "finish"
    _cfa: int | None = field(default=None, init=False)
    _resume: Resume = field(default_factory=Resume, init=False)
    _computed: frozenset[Address] = field(default_factory=frozenset[Address], init=False)
    _ranges: tuple[tuple[Address, Address], ...] = field(default=(), init=False)
    _called_from: Address | None = field(default=None, init=False)

    @property
    def frame_cfa(self) -> int | None:
        """CFA of the physical frame that the instance is in."""
        return self._cfa

    def begin(self, view: ThreadView) -> Resume | Done:
        """Trap the exits of the instance's code."""
        return self.begin_in(view.chain[self.inner], view)

    def begin_in(self, instance: Function, view: ThreadView) -> Resume:
        """Trap the exits of an instance that the thread will come to in its innermost frame."""
        region = view.code.instance_region(instance)
        self._cfa, self._ranges = view.cfa, region.ranges
        self._computed = region.computed
        sites = {*region.exits, *region.computed}
        if region.returns and view.return_address is not None:
            sites.add(view.return_address)
        self._resume = Resume(sites=frozenset(sites))
        return self._resume

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Finish outside of the instance, unless a deeper recursion got there."""
        inside = any(start <= view.pc < end for start, end in self._ranges)
        if stop.kind == "step":
            return self._resume if inside else self._arrived(view)
        is_back = view.pc == self._called_from
        if stop.kind not in TRAPPED or not (is_back or view.pc in self._resume.sites):
            return UNEXPLAINED
        if self._is_deeper(view):
            return self._return_from(self._called_from) if is_back else self._resume
        if view.pc in self._computed:
            return Resume("step")
        return self._arrived(view)

    def _is_deeper(self, view: ThreadView) -> bool:
        return self._cfa is not None and view.cfa is not None and view.cfa < self._cfa

    def _arrived(self, view: ThreadView) -> Explanation:
        """Finish at the first code with a line; what has none is no place to show."""
        if self._is_deeper(view) and view.return_address is not None:
            return self._return_from(view.return_address)
        if view.row is not None and view.row.line == 0:
            return Resume("step")
        return Done(StepDone(self.name))

    def _return_from(self, address: Address | None) -> Resume:
        """Run what is called from code without a line until it returns to ``address``."""
        self._called_from = address
        return Resume(sites=frozenset(() if address is None else (address,)))


@dataclass(slots=True)
class StepInstruction:
    """Execute one machine instruction; with ``over``, a call counts as one.

    A repeated string instruction (``rep``) counts as one with ``over`` and as one per
    iteration without, because the processor traps after each iteration.

    Attributes:
        thread: tid.
        over: ``nexti``, not ``stepi``.
        frame_cfa: CFA of the frame, while an instruction in it is stepped over.
    """

    thread: int
    over: bool
    frame_cfa: int | None = field(default=None, init=False)
    _next: Address | None = field(default=None, init=False)
    _sp: int = field(default=0, init=False)

    @property
    def name(self) -> str:
        """Name of the verb: ``nexti`` or ``stepi``."""
        return "nexti" if self.over else "stepi"

    def begin(self, view: ThreadView) -> Resume:
        """Single-step, or trap the instruction after a call."""
        if self.over:
            code = view.target.memory.read_partial(view.pc, _LONGEST_INSTRUCTION)
            decoded = _core.disassemble(code, view.pc, 1)
            if decoded and _counts_as_one(decoded[0]):
                self._next = Address(view.pc + decoded[0].size)
                self._sp, self.frame_cfa = view.sp, view.cfa
                return Resume(sites=frozenset((self._next,)))
        return Resume("step")

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Finish after the step, or after the call in the same frame."""
        if stop.kind == "step" and self._next is None:
            return Done(StepDone(self.name))
        if stop.kind in TRAPPED and view.pc == self._next and view.sp >= self._sp:
            return Done(StepDone(self.name))
        return UNEXPLAINED


def _counts_as_one(instruction: _core.Instruction) -> bool:
    return instruction.flow in ("call", "indirect-call") or instruction.text.startswith("rep")


def _frame_is_gone(view: ThreadView, cfa: int | None) -> bool:
    """Whether the stack pointer is above the frame; ``True`` where its CFA is unknown."""
    return cfa is None or view.sp >= cfa
