"""What scripts and front ends ask of a session, beyond its verbs."""

import pytest

import crabtrap
from crabtrap.errors import IndexRangeError, KeyMissingError
from tests.support.sessions import Debug, Driver


@pytest.fixture
def driver(debug: Debug) -> Driver:
    driver = debug("stock")
    driver.run_to("pack")
    return driver


def test_values_of_a_frame_by_name(debug: Debug) -> None:
    driver = debug("basics")
    driver.run_to("shadow_inner")
    frame = driver.session.frame
    assert [*frame.variables] == ["value"]
    assert frame.variables["value"] == 7
    assert frame["value"] == 7
    assert frame.evaluate("value + 1") == 8


def test_values_that_expressions_compute_behave_like_others(driver: Driver) -> None:
    main = driver.session.thread.frame(1)
    part = driver.session.evaluate("items[1..]", main)
    assert len(part) == 1
    assert part[0]["name"] == "<lamp>"
    names = main.evaluate("items.iter().map(|i| i.name.len())")
    assert [int(each) for each in names] == [4, 6]
    assert names == [4, 6]
    assert driver.session.evaluate('("a", 1)') == ("a", 1)
    assert str(driver.session.evaluate("items[0].name.to_uppercase()", main)) == "ROPE"
    assert driver.session.evaluate("1 + 2") == 3
    with pytest.raises(IndexRangeError):
        part[1]
    with pytest.raises(KeyMissingError):
        main["prices"]["boat"]
    assert main["prices"] == {"rope": 30, "<lamp>": 120}
    assert main["items"][0]["shelf"][0] == 4


def test_children_are_values_of_the_session(driver: Driver) -> None:
    session = driver.session
    page = session.values.children(session.thread.frame(1)["prices"], 0, 1)
    ((name, value),) = page.items
    assert (page.kind, page.total, page.more) == ("entries", 2, True)
    assert (name, int(value)) in [('"rope"', 30), ('"<lamp>"', 120)]
    computed = session.values.children(session.evaluate('("a", "b")'))
    assert [(name, str(value)) for name, value in computed.items] == [("0", "a"), ("1", "b")]


def test_functions_lines_and_names(driver: Driver) -> None:
    code, pc = driver.session.code, driver.session.frame.pc
    function = code.function_at(pc)
    assert function is not None
    assert function.path.startswith("stock::pack")
    assert code.code_at(pc) == (function.path, function.ranges)
    assert code.code_at(0) is None
    path, line = code.line_at(pc) or ("", 0)
    assert (path.endswith("main.rs"), line) == (True, driver.line("pack"))
    found = code.functions("^stock::(pack|clerk)$")
    assert {one.path for one in found} == {"stock::pack", "stock::clerk"}
    assert len(code.functions("stock", limit=1)) == 1
    assert "main.rs" in code.complete("mai")
    assert "pack" in code.complete("pac")
    assert code.complete("") == ()


def test_where_values_are(driver: Driver) -> None:
    session = driver.session
    order = session.frame["order"]
    where = session.values.describe_location(order)
    assert where.startswith(f"at {order.address:#x}")
    assert where.endswith(", 4 bytes")
    assert session.values.describe_location(session.evaluate("1 + 1")).startswith("nowhere: ")


def test_whether_there_is_a_program(driver: Driver) -> None:
    session = driver.session
    assert (session.is_stopped, session.has_program) == (True, True)
    assert str(session.process.pid) in session.process.description
    assert session.process.executable
    session.kill()
    assert (session.is_stopped, session.has_program) == (False, False)


def test_signals_by_name_and_number(driver: Driver) -> None:
    signals = driver.session.signals
    assert (signals.parse("int"), signals.name(11)) == (2, "SIGSEGV")


def test_policies_of_whose_code_is_whose() -> None:
    assert crabtrap.UserCode.everything().is_user_path("/rustc/59807616e1/library/std/src/rt.rs")
    assert not crabtrap.UserCode.everything().is_user_path(None)


def test_the_program_its_threads_and_frames_in_notebooks(driver: Driver) -> None:
    session = driver.session
    process, thread, frame = session.process, session.thread, session.thread.frame(1)
    shown = process._repr_html_()
    assert shown.count("<tr>") == len(session.threads) == 4
    assert "clerk-2" in shown
    stack = thread._repr_html_()
    assert "stock::pack" in stack
    assert "order=1" in stack
    assert stack.count("<tr>") == len(thread.frames())
    variables = frame._repr_html_()
    assert "&lt;lamp&gt;" in variables
    assert "<lamp>" not in variables
    assert variables.count("<tr>") >= len(frame.variables)
    session.next()
    for old in (process, thread, frame):
        assert "belongs to an earlier stop" in old._repr_html_()
