"""``step`` and ``next``: run to another line of the user's code.

The code of the current line is decoded once and trapped where control can leave it: at
jump targets outside of it, at the return address, at indirect jumps, and for ``step`` at
the user's functions that it can call, directly or through code that is not the user's.
Only indirect jumps and calls are single-stepped, because an exception per instruction
costs more than everything else together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.address import Address
from crabtrap.engine.plans.plan import UNEXPLAINED, Done, Explanation, Resume
from crabtrap.engine.plans.regions import NOTHING_REACHED, Reach
from crabtrap.events import StepDone
from crabtrap.records import dataclass, field, replace
from crabtrap.symbols.instance_entries import find_entries
from crabtrap.target.interface import TRAPPED

if TYPE_CHECKING:
    from crabtrap.engine.plans.regions import Region
    from crabtrap.engine.plans.thread_view import ThreadView
    from crabtrap.symbols.code_rows import Function
    from crabtrap.target.interface import TargetStop

_MAX_CALLERS = 64
"""Limit on the physical frames searched for the user's code that a return leads to."""
_RUNS_ON = "your code has returned, and no caller is yours: the program runs on"


@dataclass(slots=True)
class StepLine:
    """Run until the thread is at the start of another line of the user's code.

    Attributes:
        thread: tid.
        into: Enter user functions (``step``); otherwise stay in this frame or its
            callers (``next``).
        inner: Logical frame to step in, counted from the innermost, which is 0.
        hidden: Once done, how many of the innermost logical frames are inline instances
            that the step has not entered: none of their code has run, and the line to
            show is that of the call.
    """

    thread: int
    into: bool
    inner: int = 0
    hidden: int = field(default=0, init=False)
    _origin: _Origin | None = field(default=None, init=False)
    _region: Region | None = field(default=None, init=False)
    _reach: Reach = field(default=NOTHING_REACHED, init=False)
    _foreign: bool = field(default=False, init=False)
    _line: tuple[str, int] = field(default=("", 0), init=False)
    _depth: int = field(default=0, init=False)
    _instances: frozenset[Address] = field(default=frozenset(), init=False)
    _through_gap: bool = field(default=False, init=False)
    _resume: Resume = field(default_factory=Resume, init=False)

    @property
    def name(self) -> str:
        """Name of the verb: ``step`` or ``next``."""
        return "step" if self.into else "next"

    @property
    def frame_cfa(self) -> int | None:
        """CFA of the physical frame that the step began in."""
        return self._origin.cfa if self._origin is not None else None

    @property
    def position(self) -> tuple[str, int]:
        """Path and line that the step is leaving."""
        return self._line

    def begin(self, view: ThreadView) -> Resume | Done:
        """Trap the exits of the current line; where lines are unknown, of the function."""
        self._origin = _Origin.at(view, self.inner)
        self._foreign = self._origin.foreign
        if self.into and self.inner and self._may_enter(view, self.inner - 1):
            # The inline instance begins right here: entering it takes no instruction.
            self.hidden = self.inner - 1
            return self._done()
        return self._leave_line(view)

    def explain_stop(self, stop: TargetStop, view: ThreadView) -> Explanation:
        """Decide where the thread is now: still inside, deeper, or at a new line."""
        if stop.kind == "step":
            return self._after_single_step(view)
        if stop.kind not in TRAPPED:
            return UNEXPLAINED
        pc = view.pc
        if pc not in self._resume.sites:
            return UNEXPLAINED
        if pc in self._reach.entries:
            return self._entered(view)
        if pc in self._instances:
            return self._entered_instance(view)
        if self._is_computed(pc):
            return Resume("step")
        return self._at_exit(view)

    def go_on(self, view: ThreadView) -> Explanation:
        """Go on in another activation of the function, unless that is on another line."""
        origin = self._origin
        assert origin is not None
        self._origin = origin = replace(origin, cfa=view.cfa, sp=view.sp)
        if _line_at(view, origin.depth_in(view)) == self._line:
            return self._leave_line(view)
        return self._at_new_line(view)

    def returned_to(self, view: ThreadView) -> Explanation:
        """Stop in the caller of a frame that has returned, or run on to one of the user's."""
        return self._returned(view)

    # -- explaining a stop ---------------------------------------------------------------
    def _at_exit(self, view: ThreadView) -> Explanation:
        """Explain a stop at an exit: of our frame, in a caller, or in a deeper recursion."""
        origin = self._origin
        assert origin is not None
        cfa = view.cfa
        if origin.cfa is not None and cfa is not None:
            if cfa < origin.cfa:
                return self._resume
            if cfa > origin.cfa:
                return self._returned(view)
        return self._at_new_line(view)

    def _entered(self, view: ThreadView) -> Done:
        """Stop in a called function, at its own line even if an inline instance begins there."""
        self.hidden = max(len(view.chain) - 1, 0)
        return self._done()

    def _entered_instance(self, view: ThreadView) -> Explanation:
        """Enter an inline instance that the line calls, unless in a deeper recursion."""
        origin = self._origin
        assert origin is not None
        if origin.cfa is not None and view.cfa != origin.cfa:
            return self._resume
        self.hidden = max(len(view.chain) - 2 - self._depth, 0)
        return self._done()

    def _at_new_line(self, view: ThreadView) -> Explanation:
        row = view.row
        origin = self._origin
        assert origin is not None
        if row is None:
            return self._returned(view)
        at_statement = row.is_stmt and row.address == view.pc and row.line != 0
        if (
            at_statement
            and self._through_gap
            and self._line == _line_at(view, origin.depth_in(view))
        ):
            at_statement = False
        if at_statement and not origin.left_instance(view) and self._is_of_a_poll(view):
            return self._pass_by(view)
        at_head = self._region is not None and view.pc in self._region.heads
        if origin.left_instance(view) or at_statement or at_head:
            self.hidden = self._not_entered(view, origin.depth_in(view))
            if self._is_user(view) and self._has_line(view):
                return self._done()
        return self._leave_line(view)

    def _is_of_a_poll(self, view: ThreadView) -> bool:
        """Whether the statement belongs to beginning or ending a poll, and to no line."""
        origin, chain = self._origin, view.chain
        if origin is None or not chain:
            return False
        line = _line_at(view, origin.depth_in(view))[1]
        return not view.code.is_arrival(chain[-1], view.pc, line)

    def _pass_by(self, view: ThreadView) -> Resume:
        """Leave code that is said to be of some line, while the step is still at its own."""
        line, depth = self._line, self._depth
        resume = self._leave_line(view)
        self._line, self._depth = line, depth
        return resume

    def _not_entered(self, view: ThreadView, depth: int) -> int:
        """Count the inline instances at the pc that the step has not entered.

        For ``next`` these are all that its own frame calls; for ``step`` those that begin at
        this very instruction, so that it enters them one at a time.
        """
        chain = view.chain
        deeper = len(chain) - 1 - depth
        if not self.into:
            return max(deeper, 0)
        count = 0
        while count < deeper and chain[count].entry == view.pc:
            count += 1
        return count

    def _may_enter(self, view: ThreadView, index: int) -> bool:
        """Whether the instance at ``index`` of the chain begins here and is the user's."""
        chain = view.chain
        if index >= len(chain) or not chain[index].inlined or chain[index].entry != view.pc:
            return False
        path = chain[index - 1].call_path if index else (view.row.path if view.row else None)
        return view.code.may_enter(chain[index], path)

    def _returned(self, view: ThreadView) -> Explanation:
        """Stop in the caller of a frame that has returned, or run on to one of the user's."""
        self.hidden = 0
        if not self._is_user(view):
            self._origin = _Origin.at(view, 0)
            callers = self._callers(view)
            if not (callers.returns or callers.reach.entries or callers.reach.indirect):
                return Resume(note=_RUNS_ON)
            return self._leave_function(view)
        if self._has_line(view):
            return self._done()
        self._origin = _Origin.at(view, 0)
        return self._leave_line(view)

    def _after_single_step(self, view: ThreadView) -> Explanation:
        """Explain the stop after the single step of an indirect jump or call."""
        region = self._region
        if region is not None and region.contains(view.pc):
            return self._resume
        if self.into:
            entry = view.code.user_entry(view.pc)
            if entry is not None:
                if entry == view.pc:
                    return self._entered(view)
                return self._add_entries(frozenset((entry,)))
        origin = self._origin
        assert origin is not None
        if view.sp < origin.sp:
            return self._follow_call(view)
        return self._at_exit(view)

    def _follow_call(self, view: ThreadView) -> Resume:
        """Follow an indirect call: for ``step``, trap what the callee can reach."""
        if self.into:
            found = view.code.reach((view.pc,))
            if found.entries or found.indirect:
                self._reach = self._reach.joined(found)
                return self._with_sites(self._resume.sites | found.entries | found.indirect)
        return self._resume

    # -- resuming ------------------------------------------------------------------------
    def _leave_line(self, view: ThreadView) -> Resume:
        """Trap the exits of the line the thread is on now."""
        origin = self._origin
        assert origin is not None
        if view.row is None or not view.chain:
            return self._leave_function(view)
        depth = origin.depth_in(view)
        path, line = _line_at(view, depth)
        # Code without a line (as after an overflow check) lies inside of a statement.
        self._through_gap = line == 0
        region = view.code.line_region(view.chain, depth, path, line)
        if line:
            self._line, self._depth = (path, line), depth
            self._instances = self._user_instances(view, region) if self.into else frozenset()
        if not region.contains(view.pc):
            region = view.code.instance_region(view.chain[-1 - depth])
        if not region.contains(view.pc):
            return self._leave_symbol(view)  # the debug information is damaged
        return self._leave_region(view, region, self._instances)

    def _user_instances(self, view: ThreadView, region: Region) -> frozenset[Address]:
        """Return where the user's functions inlined further on in the line are entered."""
        path = self._line[0]
        return frozenset(
            entry
            for instance in region.instances
            if view.code.may_enter(instance, path)
            for entry in find_entries(instance)
            if entry != view.pc and view.code.inside_instruction(entry) is None
        )

    def _leave_region(
        self, view: ThreadView, region: Region, instances: frozenset[Address] = frozenset()
    ) -> Resume:
        self._region, self._instances = region, instances
        sites = (region.exits - _cleanup_around(view)) | region.computed | instances
        reach = self._reach_of(view, region) if self.into else NOTHING_REACHED
        if region.returns:
            callers = self._callers(view)
            sites |= callers.returns
            if not callers.returns and view.return_address is not None:
                sites |= {view.return_address}  # where `_returned` notifies the user
            reach = reach.joined(callers.reach)
        self._reach = reach
        return self._with_sites(sites | reach.entries | reach.indirect)

    def _leave_function(self, view: ThreadView) -> Resume:
        """Trap the exits of a function without lines, or of one that is not the user's."""
        if view.module is not None and view.chain:
            region = view.code.instance_region(view.chain[-1])
            if region.contains(view.pc):
                return self._leave_region(view, region)
        return self._leave_symbol(view)

    def _leave_symbol(self, view: ThreadView) -> Resume:
        """Trap the exits of the code that a symbol names; without one, where its caller goes on."""
        module = view.module
        symbol = module.symbol_at(view.pc) if module is not None else None
        if symbol is not None and not symbol.address <= view.pc < symbol.address + symbol.size:
            symbol = None  # the nearest one below
        if module is None or symbol is None:
            callers = self._callers(view)
            self._region, self._reach = None, callers.reach
            return self._with_sites(
                callers.returns | callers.reach.entries | callers.reach.indirect
            )
        end = Address(symbol.address + symbol.size)
        return self._leave_region(view, view.code.range_region(module, ((symbol.address, end),)))

    def _reach_of(self, view: ThreadView, region: Region) -> Reach:
        found = view.code.reach(region.calls)
        return found.joined(Reach(frozenset(), region.indirect_calls))

    def _callers(self, view: ThreadView) -> _Callers:
        """Find the nearest caller that is the user's, to which a return leads.

        For ``step`` also the user's functions that the callers in between can call on
        the way, such as the next closure of an iterator chain.
        """
        trace = view.unwind(_MAX_CALLERS)
        reach = NOTHING_REACHED
        for pc in trace.pcs[1:]:
            if self._is_user_code(view, Address(pc)):
                return _Callers(frozenset((Address(pc),)), reach)
            if self.into:
                reach = reach.joined(view.code.reach_of_function(Address(pc - 1)))
        return _Callers(frozenset(), reach)

    def _is_user_code(self, view: ThreadView, return_address: Address) -> bool:
        if self._foreign:
            return True
        inside_call = Address(return_address - 1)
        chain = view.modules.inline_chain(inside_call)
        row = view.modules.row_at(inside_call)
        path = row.path if row is not None else None
        # One function of the user's in the inline chain makes the whole frame the user's.
        return any(
            view.code.user_code.is_user_function(each, path if each is chain[0] else None)
            for each in chain
        )

    def _add_entries(self, entries: frozenset[Address]) -> Resume:
        self._reach = self._reach.joined(Reach(entries, frozenset()))
        return self._with_sites(self._resume.sites | entries)

    def _with_sites(self, sites: frozenset[Address]) -> Resume:
        self._resume = Resume("continue", sites)
        return self._resume

    # -- predicates ----------------------------------------------------------------------
    def _is_computed(self, pc: Address) -> bool:
        region = self._region
        if region is not None and pc in region.computed:
            return True
        return pc in self._reach.indirect

    def _is_user(self, view: ThreadView) -> bool:
        """Whether a step may stop at the pc; one that began in foreign code may stop in it."""
        if self._foreign:
            return True
        row, chain, shown = view.row, view.chain, self.hidden
        if row is None or not chain:
            return False
        path = chain[shown - 1].call_path if shown else row.path
        return view.code.user_code.is_user_function(chain[shown], path)

    def _has_line(self, view: ThreadView) -> bool:
        """Whether there is a line to show; where lines are unknown, none is required."""
        return view.row is None or view.row.line != 0 or self.hidden > 0

    def _done(self) -> Done:
        return Done(StepDone(self.name, frame=self.hidden))


@dataclass(frozen=True, slots=True)
class _Callers:
    """Where a return from the present frame leads.

    Attributes:
        returns: Return address in the user's code; empty where no caller is the user's.
        reach: What the callers in between can call.
    """

    returns: frozenset[Address]
    reach: Reach


@dataclass(frozen=True, slots=True)
class _Origin:
    """The frame a step began in.

    Attributes:
        cfa: CFA of its physical frame, ``None`` where unknown.
        sp: Stack pointer at the start.
        instance: Function or inline instance of the frame, ``None`` without debug info.
        nest: ``Function.key`` of it and of the instances around it, the concrete function
            first.
        foreign: The step began in code that is not the user's and may stop in such code.
    """

    cfa: int | None
    sp: int
    instance: Function | None
    nest: tuple[tuple[int, int], ...]
    foreign: bool

    @classmethod
    def at(cls, view: ThreadView, frame: int) -> _Origin:
        chain, row = view.chain, view.row
        if not chain:
            return cls(view.cfa, view.sp, None, (), foreign=False)
        index = min(frame, len(chain) - 1)
        foreign = row is not None and not view.code.user_code.is_user_function(
            chain[index], row.path if index == 0 else chain[index - 1].call_path
        )
        nest = tuple(each.key for each in reversed(chain[index:]))
        return cls(view.cfa, view.sp, chain[index], nest, foreign)

    def depth_in(self, view: ThreadView) -> int:
        """Return the depth to step at now, counted from the concrete function.

        That is the depth of the instance the step began in or, when it was left, of the
        innermost one around it that the thread is still in: what begins there was called
        by it.
        """
        here = [each.key for each in reversed(view.chain)]
        shared = 0
        while shared < min(len(here), len(self.nest)) and here[shared] == self.nest[shared]:
            shared += 1
        return min(max(shared, 1), len(here)) - 1

    def left_instance(self, view: ThreadView) -> bool:
        """Whether control has left the inline instance that the step began in."""
        instance = self.instance
        return instance is not None and instance.inlined and not instance.contains(view.pc)


def _cleanup_around(view: ThreadView) -> frozenset[Address]:
    """Return where the thread's function cleans up when it unwinds: no step stops there.

    A step that begins there goes on from line to line as anywhere else.
    """
    module, chain = view.module, view.chain
    if module is None or not chain or not module.landing_pads(view.pc):
        return frozenset()
    flow = module.flow_of(chain[-1])
    return frozenset() if flow.is_cleanup(view.pc) else flow.cleanup


def _line_at(view: ThreadView, depth: int) -> tuple[str, int]:
    """Return path and line of the logical frame at ``depth``."""
    chain, row = view.chain, view.row
    assert row is not None
    deeper = len(chain) - 1 - depth
    if deeper <= 0:
        return row.path, row.line
    callee = chain[deeper - 1]
    return callee.call_path or row.path, callee.call_line
