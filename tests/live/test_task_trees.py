"""What a task waits for where that is several futures, or one through others."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from crabtrap import Await, Session, Task
from tests.support.inferiors import EVERY_TOKIO, Inferior, build
from tests.support.looking import WAYS, looking_at
from tests.support.needs import skip_inapplicable


@pytest.fixture(params=EVERY_TOKIO, scope="module")
def program(request: pytest.FixtureRequest) -> Inferior:
    return build("trees", request.param)


@pytest.fixture(scope="module", params=WAYS)
def session(program: Inferior, request: pytest.FixtureRequest) -> Iterator[Session]:
    """Stopped when all tasks wait; only looked at."""
    with looking_at(program, way=request.param) as session:
        yield session


def find(session: Session, root: str) -> Task:
    (task,) = [task for task in session.tasks if task.root == f"trees::{root}"]
    return task


def tree(session: Session, program: Inferior, root: str, *, all_levels: bool = False) -> list[str]:
    """What a task waits for, a future a line; lines of the program by their markers."""
    task = find(session, root)
    assert task.awaits is not None
    return list(_lines(session, program, task.awaits, "", 0, all_levels))


def _lines(
    session: Session, program: Inferior, level: Await, label: str, depth: int, all_levels: bool
) -> Iterator[str]:
    words = [f"{label}:"] if label else []
    words.append(re.sub("<.*", "", level.name).removeprefix("trees::"))
    words += [] if level.state == "suspended" else [level.state]
    if level.is_coroutine and level.line and level.state == "suspended":
        words.append(f"@{_marker(program, level)}")
    if level.output is not None:
        words.append(session.values.render(level.output))
    label_of = next((one.value for one in level.variables if one.name == "label"), None)
    words += [] if label_of is None else [session.values.render(label_of)]
    yield "  " * depth + " ".join(words)
    for inner, child in level.children if all_levels else level.shown:
        yield from _lines(session, program, child, inner, depth + 1, all_levels)


def _marker(program: Inferior, level: Await) -> str:
    """The marker on the line of an await."""
    name = os.path.basename(level.path or "")
    path = program.source.with_name(name)
    if not path.exists():
        return name
    line = path.read_text().splitlines()[level.line - 1]
    found = re.search(r"// @(\w+)", line)
    return found[1] if found else line.strip()


def held(session: Session, level: Await) -> dict[str, str]:
    """What is kept, but for the compiler's temporaries and what an inner name hides."""
    return {
        one.name: session.values.render(one.value)
        for one in level.variables
        if one.kind != "temporary" and not one.shadowed
    }


# -- macros ---------------------------------------------------------------------------------------
def test_branches_of_select_are_told_with_those_that_are_not_polled(
    session: Session, program: Inferior
):
    assert tree(session, program, "macros::selecting") == [
        "macros::selecting @selecting",
        "  0: Notified",
        '  1: leaf @leaf "sel"',
        "    Sleep",
        "  2: Sleep",
        '  3: leaf disabled "off"',
        "  4: Ready disabled",
    ]


@pytest.mark.parametrize(
    ("root", "labels"), [("joining", ("0", "1")), ("joining_elsewhere", ("", ""))]
)
def test_join_waits_for_what_is_not_done(
    session: Session, program: Inferior, root: str, labels: tuple[str, str]
):
    first, second = (f"{label}: " if label else "" for label in labels)
    label, output = ("joined", 4) if root == "joining" else ("elsewhere", 6)
    assert tree(session, program, f"macros::{root}") == [
        f"macros::{root} @{root}",
        f'  {first}leaf @leaf "{label}"',
        "    Sleep",
        f"  {second}macros::{root}::{{async_block#0}} returned {output}",
    ]


def test_try_join_waits_for_what_is_not_done(session: Session, program: Inferior):
    *lines, done = tree(session, program, "macros::trying")
    assert lines == [
        "macros::trying @trying",
        '  0: macros::try_leaf @Ok(leaf(label).await) "tried"',
        '    leaf @leaf "tried"',
        "      Sleep",
    ]
    assert done.startswith("  1: macros::trying::{async_block#0} returned ")


# -- combinators ----------------------------------------------------------------------------------
def test_a_limit_is_told_beside_what_it_is_about(session: Session, program: Inferior):
    task = find(session, "combinators::limited")
    assert [level.name for level in task.stack][-2:] == ["trees::leaf", "Sleep"]
    assert tree(session, program, "combinators::limited") == [
        "combinators::limited @limited",
        '  leaf @leaf "limited"',
        "    Sleep",
        "  timeout: Sleep",
    ]


@pytest.mark.parametrize(
    ("root", "collection", "labels"),
    [
        ("unordered", "FuturesUnordered", ("fu0", "fu1", "fu2")),
        ("buffered", "FuturesUnordered", ("buffered", "buffered")),
    ],
)
def test_collections_of_futures_tell_each(
    session: Session, program: Inferior, root: str, collection: str, labels: tuple[str, ...]
):
    expected = [f"combinators::{root} @{root}", f"  {collection}"]
    for index, label in enumerate(labels):
        expected += [f'    {index}: leaf @leaf "{label}"', "      Sleep"]
    lines = tree(session, program, f"combinators::{root}")
    assert [line for line in lines if "source:" not in line] == expected


def test_ordered_futures_and_those_joined_are_told_in_their_order(
    session: Session, program: Inferior
):
    ordered = tree(session, program, "combinators::ordered")
    assert [line for line in ordered if "leaf" in line] == [
        '      0: leaf @leaf "fo0"',
        '      1: leaf @leaf "fo1"',
    ]
    assert tree(session, program, "combinators::all_at_once") == [
        "combinators::all_at_once @all_at_once",
        "  JoinAll",
        '    0: leaf @leaf "all0"',
        "      Sleep",
        '    1: leaf @leaf "all1"',
        "      Sleep",
    ]


def test_adapters_are_looked_through(session: Session, program: Inferior):
    for root in ("either", "adapted", "streamed"):
        lines = tree(session, program, f"combinators::{root}")
        assert lines[0] == f"combinators::{root} @{root}"
    either = tree(session, program, "combinators::either")
    assert either[1:] == [
        '  0: leaf @leaf "left"',
        "    Sleep",
        '  1: leaf @leaf "right"',
        "    Sleep",
    ]
    assert tree(session, program, "combinators::adapted")[1:] == [
        '  leaf @leaf "adapted"',
        "    Sleep",
    ]
    everything = tree(session, program, "combinators::adapted", all_levels=True)
    assert everything[1].strip() == "Fuse"


def test_a_stream_waits_for_what_makes_its_next_item(session: Session, program: Inferior):
    *_, block, leaf, sleep = find(session, "combinators::streamed").stack
    assert block.name == "trees::combinators::streamed::{closure#0}::{async_block#0}"
    assert held(session, leaf)["label"] == '"unfolded"'
    assert sleep.name == "Sleep"


def test_a_set_of_tasks_tells_each(session: Session, program: Inferior):
    if program.profile.startswith("tokio-1.20"):
        skip_inapplicable("it has no JoinSet")
    lines = tree(session, program, "combinators::set_of_tasks")
    assert lines[:1] == ["combinators::set_of_tasks @set_of_tasks"]
    assert [line.strip() for line in lines[-4:]] == [
        "JoinSet",
        "0: JoinHandle",
        "1: JoinHandle",
        "2: JoinHandle",
    ]


# -- pointers -------------------------------------------------------------------------------------
def test_trait_objects_are_what_they_are(session: Session, program: Inferior):
    dynamic, block, leaf, _ = find(session, "objects::dynamic").stack
    assert _marker(program, dynamic) == "dynamic"
    assert (block.name, _marker(program, block)) == (
        "trees::objects::boxed_dyn::{async_block#0}",
        "boxed_dyn",
    )
    assert held(session, block)["keep"] == "5"
    assert held(session, leaf)["label"] == '"boxed"'
    _, call, leaf, _ = find(session, "objects::served").stack
    assert "call" in call.name
    assert held(session, call)["before"] == "6"
    assert held(session, call)["request"] == '"four"'


def test_recursion_and_closures_are_stacks(session: Session, program: Inferior):
    *levels, leaf, _ = find(session, "objects::rec").stack
    assert [held(session, level)["n"] for level in levels] == ["3", "2", "1", "0"]
    assert [_marker(program, level) for level in levels] == ["rec"] * 3 + ["deepest"]
    assert held(session, leaf)["label"] == '"deepest"'
    closing, closure, leaf, _ = find(session, "objects::closing").stack
    assert (_marker(program, closing), _marker(program, closure)) == ("closing", "closure")
    assert held(session, leaf)["label"] == '"closure"'


def test_a_future_that_is_held_is_not_one_that_is_awaited(session: Session, program: Inferior):
    task = find(session, "objects::holding")
    assert [held(session, level)["label"] for level in task.stack[1:2]] == ['"first"']
    ((level, name, future),) = task.held
    assert (level, name) == (task.stack[0], "held")
    assert (future.name, future.state) == ("trees::leaf", "not started")
    assert held(session, future)["label"] == '"held"'
    for other in ("objects::rec", "combinators::either", "combinators::unordered"):
        assert find(session, other).held == ()


# -- names ----------------------------------------------------------------------------------------
def test_a_shadowed_name_never_has_the_value_of_another(session: Session, program: Inferior):
    level = find(session, "names::shadowing").stack[0]
    named_x = [one for one in level.variables if one.name == "x"]
    texts = [(one.shadowed, session.values.render(one.value)) for one in named_x]
    if any(one.ambiguous for one in named_x):
        assert program.profile.endswith(("-o", "release-debug")), "debug builds describe both"
        assert len(named_x) == 1
    else:
        assert texts == [(True, "1"), (False, '"s"')]
    assert held(session, level)["y"] == "&1"


def test_a_name_used_in_turn_is_that_in_scope(session: Session, program: Inferior):
    level = find(session, "names::in_turn").stack[0]
    assert held(session, level)["x"] == "(5, Cell(6))"
    assert _marker(program, level) == "in_turn"


def test_a_temporary_that_is_kept_is_told(session: Session, program: Inferior):
    level = find(session, "names::temporary").stack[0]
    kept = [one for one in level.variables if one.kind == "temporary"]
    assert [session.values.render(one.value) for one in kept] == ["MutexGuard(9)"]


def test_an_argument_that_was_moved_is_told_so(session: Session, program: Inferior):
    level = find(session, "names::gone").stack[0]
    moved = {one.name: one.moved for one in level.variables}
    assert moved == {"kept": "no", "number": "no", "text": "yes"}
    assert held(session, level)["kept"] == '"kept"'
    (number,) = [
        one for one in find(session, "names::unused").stack[0].variables if one.name == "number"
    ]
    assert (number.moved, session.values.render(number.value)) == ("no", "21")


def test_tasks_whose_code_is_the_same_keep_their_names(session: Session, program: Inferior):
    roots = [task.root for task in session.tasks if "twin" in task.root]
    assert roots == ["trees::twins::twin_a", "trees::twins::twin_b", "trees::twins::twin_b"]
    for task in session.tasks:
        if "twin" in task.root:
            assert task.other_roots == ()
            assert _marker(program, task.stack[0]) == task.root.rpartition("::")[2]


def test_in_a_task_a_name_means_the_variable_in_scope(session: Session, program: Inferior):
    task = find(session, "names::shadowing")
    frame = task.frames()[-1]
    named_x = [one for one in frame.locals() if one.name == "x"]
    visible = [one for one in named_x if not one.shadowed]
    assert len(visible) == 1
    found = frame.variable_named("x")
    assert found is not None
    text = session.values.render(found)
    assert text == session.values.render(visible[0].value)
    assert text == '"s"' or "several" in text, text
