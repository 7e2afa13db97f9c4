"""Plans that step, on synthetic code: where they trap, and when they are done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import pytest

from crabtrap.address import Address
from crabtrap.engine.inspect.user_code import UserCode
from crabtrap.engine.plans.plan import Done, Resume, Unexplained
from crabtrap.engine.plans.regions import CodeIndex
from crabtrap.engine.plans.run_to import Continue, Finish, RunTo, StepInstruction
from crabtrap.engine.plans.stepping import StepLine
from crabtrap.engine.plans.thread_view import ThreadView
from crabtrap.events import StepDone
from crabtrap.symbols.module_table import ModuleTable
from crabtrap.target.interface import StopKind, TargetStop
from tests.support.fake_image import FakeFunction, FakeImage, FakeRow, FakeSymbol, fake_module
from tests.support.fake_target import FakeTarget

TID = 100
STACK = 0x7000
CALLER = Address(0x1105)
NEXT, STEP = Done(StepDone("next")), Done(StepDone("step"))


class View(ThreadView):
    """A thread whose frame the test knows: nothing is unwound."""

    frame: int | None = STACK
    returns: Sequence[int] = (CALLER,)

    @property
    def cfa(self) -> int | None:
        return self.frame

    @property
    def return_address(self) -> Address | None:
        return Address(self.returns[0]) if self.returns else None

    def unwind(self, limit: int) -> Any:
        class Trace:
            pcs = (self.pc, *self.returns)

        return Trace()


class World:
    """``main`` of four lines, which calls ``helper``; both are the user's.

    ::

        1000  line 1: nop; nop
        1002  line 2: call helper
        1007  line 3: jmp 1002 if zero; nop
        100a  line 4: ret
        1100  outer:  call main; ret, called from nowhere
        1200  helper: line 20: nop; line 21: ret
    """

    def __init__(self, helper_path: str = "/home/me/app/src/main.rs") -> None:
        code = bytearray(0x400)
        code[0x00:0x02] = b"\x90\x90"
        code[0x02:0x07] = b"\xe8" + (0x200 - 0x07).to_bytes(4, "little")
        code[0x07:0x0A] = b"\x74" + (0x02 - 0x09).to_bytes(1, "little", signed=True) + b"\x90"
        code[0x0A:0x0B] = b"\xc3"
        code[0x100:0x106] = b"\xe8" + (-0x105 & 0xFFFFFFFF).to_bytes(4, "little") + b"\xc3"
        code[0x200:0x202] = b"\x90\xc3"
        self.image = FakeImage(
            functions=(
                FakeFunction("app::main", ((0x1000, 0x100B),)),
                FakeFunction("app::outer", ((0x1100, 0x1106),)),
                FakeFunction("app::helper", ((0x1200, 0x1202),), declaration_path=helper_path),
            ),
            rows=(
                FakeRow(0x1000, 0x1002, 1),
                FakeRow(0x1002, 0x1007, 2),
                FakeRow(0x1007, 0x100A, 3),
                FakeRow(0x100A, 0x100B, 4),
                FakeRow(0x1100, 0x1106, 10),
                FakeRow(0x1200, 0x1201, 20, helper_path),
                FakeRow(0x1201, 0x1202, 21, helper_path, prologue_end=True),
            ),
            symbols=(
                FakeSymbol("app::main", 0x1000, 0xB),
                FakeSymbol("app::outer", 0x1100, 6),
                FakeSymbol("app::helper", 0x1200, 2),
            ),
            code={0x1000: bytes(code)},
        )
        self.target = FakeTarget({0x1000: bytes(code)})
        self.modules = ModuleTable((fake_module(self.image),))
        self.code = CodeIndex(self.modules, UserCode())

    def view(
        self, pc: int, cfa: int | None = STACK, returns: Sequence[int] = (CALLER,), sp: int = 0x6F00
    ) -> ThreadView:
        registers = [0] * 17
        registers[7], registers[16] = sp, pc
        view = View(self.target, self.modules, self.code, TID, cast("Any", tuple(registers)))
        view.frame, view.returns = cfa, returns
        return view


def stop(pc: int, kind: StopKind = "breakpoint") -> TargetStop:
    return TargetStop(kind, TID, TID, pc=Address(pc))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    from crabtrap.symbols.code_rows import LineSpan
    from crabtrap.symbols.module import Module

    def line_spans(self: Module, entry: Address, depth: int) -> tuple[LineSpan, ...]:
        function = self.function_at(entry)
        assert function is not None
        return tuple(
            LineSpan(
                start=Address(row.address),
                end=Address(row.end),
                path=row.path,
                line=row.line,
                is_statement=True,
                callee=None,
            )
            for row in made.image.rows
            if function.ranges[0][0] <= row.address < function.ranges[0][1]
        )

    monkeypatch.setattr(Module, "line_spans", line_spans)
    made = World()
    return made


def begun(plan: StepLine, view: ThreadView) -> frozenset[Address]:
    resume = plan.begin(view)
    assert isinstance(resume, Resume)
    assert resume.kind == "continue"
    return resume.sites


# -- lines -------------------------------------------------------------------------------------


def test_next_traps_the_ways_out_of_its_line(world: World) -> None:
    assert begun(StepLine(TID, into=False), world.view(0x1000)) == {0x1002}
    assert begun(StepLine(TID, into=False), world.view(0x1002)) == {0x1007}
    assert begun(StepLine(TID, into=False), world.view(0x1007)) == {0x1002, 0x100A}


def test_next_out_of_a_function_traps_the_caller(world: World) -> None:
    assert begun(StepLine(TID, into=False), world.view(0x100A)) == {CALLER}


def test_step_traps_the_functions_of_the_user_that_are_called(world: World) -> None:
    assert begun(StepLine(TID, into=True), world.view(0x1002)) == {0x1007, 0x1201}


def test_next_is_done_at_another_line(world: World) -> None:
    plan = StepLine(TID, into=False)
    plan.begin(world.view(0x1007))
    assert plan.explain_stop(stop(0x100A), world.view(0x100A)) == NEXT


def test_a_deeper_recursion_is_passed_over(world: World) -> None:
    plan = StepLine(TID, into=False)
    resume = plan.begin(world.view(0x1002))
    assert plan.explain_stop(stop(0x1007), world.view(0x1007, STACK - 64)) == resume
    assert plan.explain_stop(stop(0x1007), world.view(0x1007)) == NEXT


def test_step_is_done_in_the_function_it_has_entered(world: World) -> None:
    plan = StepLine(TID, into=True)
    plan.begin(world.view(0x1002))
    view = world.view(0x1201, STACK - 16)
    assert plan.explain_stop(stop(0x1201), view) == STEP
    assert plan.hidden == 0


def test_a_return_to_the_users_code_ends_the_step(world: World) -> None:
    plan = StepLine(TID, into=False)
    plan.begin(world.view(0x100A))
    assert plan.explain_stop(stop(CALLER), world.view(CALLER, STACK + 16)) == NEXT


def test_a_return_to_nobody_of_the_users_lets_the_program_run_on(world: World) -> None:
    plan = StepLine(TID, into=False)
    outside = 0x9000
    assert begun(plan, world.view(0x100A, returns=(outside,))) == {outside}
    way = plan.explain_stop(stop(outside), world.view(outside, STACK + 16, returns=()))
    assert isinstance(way, Resume)
    assert (way.sites, bool(way.note)) == (frozenset(), True)


def test_stops_that_are_not_the_plans_are_left_to_others(world: World) -> None:
    plan = StepLine(TID, into=False)
    plan.begin(world.view(0x1000))
    for each in (stop(0x1200), stop(0x1002, "signal"), stop(0x1002, "interrupt")):
        assert plan.explain_stop(each, world.view(each.pc or 0)) == Unexplained()


# -- others --------------------------------------------------------------------------------------


def test_continue_is_never_done(world: World) -> None:
    plan = Continue(TID)
    assert plan.begin(world.view(0x1000)) == Resume()
    assert plan.explain_stop(stop(0x1000), world.view(0x1000)) == Unexplained()


def test_run_to_stops_at_its_places_and_where_its_frame_returns(world: World) -> None:
    plan = RunTo(TID, "advance", frozenset((Address(0x100A),)), STACK, CALLER)
    assert plan.begin(world.view(0x1000)) == Resume(sites=frozenset((Address(0x100A), CALLER)))
    done = Done(StepDone("advance"))
    assert plan.explain_stop(stop(0x100A), world.view(0x100A)) == done
    deeper, gone = world.view(CALLER, sp=STACK - 8), world.view(CALLER, sp=STACK)
    assert plan.explain_stop(stop(CALLER), deeper) == Unexplained()
    assert plan.explain_stop(stop(CALLER), gone) == done
    assert plan.explain_stop(stop(0x100A, "signal"), world.view(0x100A)) == Unexplained()


def test_finish_is_done_once_its_own_frame_is_gone(world: World) -> None:
    function = world.view(0x1000).chain[-1]
    plan = Finish(TID, STACK, CALLER, function)
    assert plan.begin(world.view(0x1000)) == Resume(sites=frozenset((CALLER,)))
    assert plan.explain_stop(stop(CALLER), world.view(CALLER, sp=STACK - 8)) == Unexplained()
    assert plan.returned is None
    assert plan.explain_stop(stop(CALLER), world.view(CALLER, sp=STACK)) == Done(StepDone("finish"))
    assert plan.returned is function


def test_stepi_steps_and_nexti_traps_behind_a_call(world: World) -> None:
    into, over = StepInstruction(TID, over=False), StepInstruction(TID, over=True)
    assert into.begin(world.view(0x1002)) == Resume("step")
    assert into.explain_stop(stop(0x1200, "step"), world.view(0x1200)) == Done(StepDone("stepi"))
    assert over.begin(world.view(0x1002)) == Resume(sites=frozenset((Address(0x1007),)))
    deeper = world.view(0x1007, sp=0x6E00)
    assert over.explain_stop(stop(0x1007), deeper) == Unexplained()
    assert over.explain_stop(stop(0x1007), world.view(0x1007)) == Done(StepDone("nexti"))


def test_nexti_of_what_is_no_call_is_one_instruction(world: World) -> None:
    plan = StepInstruction(TID, over=True)
    assert plan.begin(world.view(0x1000)) == Resume("step")
    assert plan.explain_stop(stop(0x1001, "step"), world.view(0x1001)) == Done(StepDone("nexti"))
