"""Types by their paths, raw pointers by what lies behind them, and statics by their lines."""

from __future__ import annotations

import io
import json

import pytest

from crabtrap.errors import CrabtrapError
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.json_lines import JsonOutput
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import require_profile
from tests.support.needs import skip_inapplicable
from tests.support.sessions import Debug, Driver

PROFILES = ("debug", "v0", "debian-rustc", "debian-rustc-web-oldest", "debian-rustc-web")
FIRST, SECOND = "places::named::first::Named", "places::named::second::Named"
TYPES = {
    "one": FIRST,
    "other": SECOND,
    "&other": f"&{SECOND}",
    "listed": f"alloc::vec::Vec<{SECOND}>",
    "listed[0]": SECOND,
    "&raw const one": f"*const {FIRST}",
    "&raw mut bytes": "*mut [u8; 3]",
    "constant": "*const u32",
    "mutable": "*mut u8",
    "pointed": "*const *const u32",
    "bytes.as_mut_ptr()": "*mut u8",
    "structs": f"*const {SECOND}",
    "structs[0..1]": f"[{SECOND}]",
}
ITEMS = {
    "constant[0]": "10",
    "constant[3]": "40",
    "constant[1..3]": "[20, 30]",
    "constant[..=1]": "[10, 20]",
    "constant.add(3)[-1]": "30",
    "mutable[2]": "3",
    "pointed[0][2]": "30",
    "structs[0].text": '"three"',
    "structs[0..1]": '[Named { text: "three" }]',
    "constant[1..4].iter().sum::<u32>()": "90",
    "constant[one.b as u8]": "30",
}


def at_types(debug: Debug, profile: str = "debug") -> Driver:
    require_profile(profile)
    driver = debug("places", profile)
    driver.run_to("types")
    return driver


def answers(driver: Driver, *commands: str) -> list[dict[str, object]]:
    stream = io.StringIO()
    console = Console(driver.session, JsonOutput(stream), stdio=Stdio.pipes())
    for command in commands:
        console.execute(command)
    return [json.loads(line)["data"] for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("profile", PROFILES)
def test_types_of_one_name_are_told_apart_by_their_paths(debug: Debug, profile: str) -> None:
    driver = at_types(debug, profile)
    session = driver.session
    found = {text: session.type_of(text).qualified_name for text in TYPES}
    assert found == TYPES
    assert session.type_of("one").name == session.type_of("other").name == "Named"


def test_every_command_says_the_path_unless_the_short_form_is_asked_for(debug: Debug) -> None:
    driver = at_types(debug)
    whatis, short, layout, short_layout, printed = answers(
        driver,
        "whatis other",
        "whatis -short other",
        "ptype listed",
        "ptype -short listed",
        "print other",
    )
    assert (whatis["type"], short["type"]) == (SECOND, "Named")
    assert (layout["type"], short_layout["type"]) == (f"alloc::vec::Vec<{SECOND}>", "Vec<Named>")
    assert "alloc::raw_vec::RawVec<" in str(layout["fields"])
    assert "alloc::raw_vec" not in str(short_layout["fields"])
    tree = printed["value"]
    assert isinstance(tree, dict)
    assert (printed["type"], tree["type"]) == (SECOND, SECOND)
    (listing,) = answers(driver, "info locals")
    assert f"'type': '{FIRST}'" in str(listing)


def test_types_that_look_alike_are_told_apart_in_errors(debug: Debug) -> None:
    driver = at_types(debug)
    with pytest.raises(CrabtrapError, match=f"can't compare `{FIRST}` with `{SECOND}`"):
        driver.session.evaluate("one == other")


@pytest.mark.parametrize("profile", PROFILES)
def test_raw_pointers_are_indexed(debug: Debug, profile: str) -> None:
    driver = at_types(debug, profile)
    assert {text: driver.shown(text) for text in ITEMS} == ITEMS
    driver.session.assign("mutable[1]", "9")
    assert driver.shown("bytes") == "[1, 9, 3]"


def test_a_raw_pointer_is_indexed_by_integers_and_ranges_with_an_end(debug: Debug) -> None:
    driver = at_types(debug)
    for text, message in (
        ("constant[1..]", "does not say where its items end"),
        ("constant[true]", "expected an integer"),
        ('constant["a"]', "expected an integer"),
        ("one[0]", "cannot be indexed"),
    ):
        with pytest.raises(CrabtrapError, match=message):
            driver.session.evaluate(text)
    with pytest.raises(CrabtrapError, match="starts at 3 but ends at 1"):
        driver.session.evaluate("constant[3..1]")


def test_a_condition_indexes_a_raw_pointer(debug: Debug) -> None:
    driver = debug("places")
    point = driver.session.breakpoints.add(driver.location("types"), condition="constant[1] == 20")
    driver.launch().session.continue_()
    assert point.hits == 1


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(
    ("name", "marker"), [("LIMIT", "limit"), ("places::ROWS", "rows"), ("MINE", "mine")]
)
def test_a_static_is_declared_at_its_line(
    debug: Debug, profile: str, name: str, marker: str
) -> None:
    require_profile(profile)
    if (name, profile) == ("MINE", "debian-rustc"):
        skip_inapplicable("this compiler has the line of the macro")
    driver = debug("places", profile)
    found = driver.session.declaration(name)
    assert found is not None
    assert found.path is not None
    assert found.path.endswith("main.rs")
    assert found.line == driver.line(marker)
    (data,) = answers(driver, f"info line {name}")
    assert data["declaration"] == {"static": found.name, "path": found.path, "line": found.line}
    assert driver.session.declaration("header") is None
    (listed,) = answers(driver, f"list {name}")
    assert f"'line': {found.line}" in str(listed)


def test_a_line_of_a_macro_of_std_is_no_declaration(debug: Debug) -> None:
    require_profile("debian-rustc")
    driver = debug("places", "debian-rustc")
    (data,) = answers(driver, "info line MINE")
    assert data["declaration"] == {"static": "places::MINE", "path": None, "line": None}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_finished_future_shows_what_is_never_dropped(debug: Debug, profile: str) -> None:
    require_profile(profile)
    driver = debug("places", profile)
    driver.session.breakpoints.add("suspended.rs:45", temporary=True)
    driver.launch().session.continue_()
    for name, held in (("called", "n: 1"), ("block", 'lent: "1", n: 1'), ("moved", "n: 1")):
        shown = driver.shown(name)
        assert "::Returned" in shown
        assert shown.endswith(f" {{ {held} }})"), shown
