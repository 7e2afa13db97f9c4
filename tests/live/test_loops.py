"""Chains over the program's own collections are the same as loops, on every back end."""

from __future__ import annotations

import pytest

from crabtrap.errors import CrabtrapError
from crabtrap.present import RenderOptions
from tests.support.inferiors import require_profile
from tests.support.loops.data import Count, only_general, only_loops
from tests.support.sessions import Debug, Driver

TREES: dict[str, str | None] = {
    "deep.iter().map(|(k, v)| k + v).max()": "Some(7996)",
    "deep.values().sum::<i64>()": "1498500",
    "deep.keys().rev().position(|k| *k == 7 * 3)": "Some(1992)",
    "deep.iter().filter(|(k, v)| **k == **v * 3).count()": "3000",
    "deep.iter().find(|(k, _)| **k > 100)": "Some((102, 34))",
    "deep.iter().max_by_key(|(k, v)| **k % 100 - **v)": None,
    "deep.iter().nth(2999)": "Some((5997, 1999))",
    "deep.iter().rev().skip(10).step_by(100).map(|(k, _)| k * 2).min()": None,
    "deep.values().map(|v| 100 / (v - 700)).count()": None,
    "pairs.iter().filter(|(n, c)| *n > 90 && *c == 'z').count()": "9",
    "residues.values().max()": "Some(199)",
    "texts.values().sum::<usize>()": "44850",
    "emptied.iter().count()": "0",
    "deep.iter().filter(|(_, v)| **v > 1997)": "[(5994, 1998), (5997, 1999)]",
}
"""Values; of the others the general evaluator, which is slow over so many entries, is asked."""


@pytest.mark.parametrize("profile", ["debug", "debian-rustc", "debian-rustc-web"])
def test_a_tree_is_gone_over_as_a_loop(debug: Debug, profile: str):
    require_profile(profile)
    driver = debug("values", profile)
    _run_to_trees(driver)
    counted = Count()
    for text, known in TREES.items():
        value = known
        if value is None:
            with only_general():
                value = _shown(driver, text)
        with only_loops(), counted.counting():
            loop = _shown(driver, text)
        assert (text, loop) == (text, value)
    assert counted.loops >= len(TREES) - 3


def test_a_reference_into_a_tree_is_the_value_there(debug: Debug):
    driver = debug("values")
    _run_to_trees(driver)
    with only_loops():
        found = driver.session.evaluate("deep.values().find(|v| **v == 1234).unwrap()")
    assert found.address == driver.session.evaluate("deep[&3702]").address


def _run_to_trees(driver: Driver) -> None:
    line = driver.inferior.marker("trees", "maps.rs")
    driver.session.breakpoints.add(f"maps.rs:{line}", temporary=True)
    driver.launch()
    driver.session.continue_()


def _shown(driver: Driver, text: str) -> str:
    try:
        found = driver.session.evaluate(text)
        return driver.session.values.render(found, RenderOptions(seconds=1e9))
    except CrabtrapError as error:
        return f"{error} at {getattr(error, 'span', None)}"
