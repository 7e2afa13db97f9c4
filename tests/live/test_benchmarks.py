"""The benchmarks measure right answers: every driver that needs no large program."""

from dataclasses import replace

import pytest

from benchmarks.measure import Sample, measure
from benchmarks.peers import Crabtrap, Gdb, Lldb
from benchmarks.report import Outcome, Row, render_table
from benchmarks.scenario import Scenario, check_transcript, load_scenarios
from tests.support.needs import lack, require

SMALL = [scenario for scenario in load_scenarios() if scenario.program != "L"]
PEERS = {peer.name: peer for peer in (Crabtrap(), Gdb(), Lldb())}


@pytest.mark.parametrize("scenario", SMALL, ids=lambda scenario: scenario.name)
def test_our_own_answers_are_right(scenario: Scenario) -> None:
    if scenario.name == "watch":  # of its rounds one will do
        scenario = replace(scenario, events=15_000)
    sample = measure(Crabtrap(), scenario, scenario.build())
    assert sample.problem == ""
    assert sample.value is not None
    assert sample.value > 0


@pytest.mark.parametrize("name", ["gdb", "lldb"])
def test_peers_are_asked_the_same(name: str) -> None:
    require(name)
    if PEERS[name].missing():
        lack(name)
    scenario = next(scenario for scenario in SMALL if scenario.name == "next")
    assert measure(PEERS[name], scenario, scenario.build()).problem == ""


def test_a_wrong_answer_is_no_time() -> None:
    scenario = SMALL[0]
    problem = check_transcript(scenario, "nothing of use")
    row = Row(scenario, (Outcome("crabtrap", (Sample(0.001, 10.0), Sample(None, 10.0, problem))),))
    assert not row.met
    table = render_table([row], ["crabtrap"])
    assert "MISSED" in table
    assert f"wrong answer: crabtrap, {scenario.name}: {problem}" in table


def test_a_goal_for_memory_counts() -> None:
    scenario = next(scenario for scenario in load_scenarios() if scenario.memory is not None)
    assert scenario.memory is not None
    for memory, met in [(scenario.memory, True), (scenario.memory + 1, False)]:
        assert Row(scenario, (Outcome("crabtrap", (Sample(0.001, memory),)),)).met is met
