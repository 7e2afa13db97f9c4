"""What ``crabtrap repair`` says."""

from __future__ import annotations

import json

import pytest

from crabtrap import Repair
from crabtrap.frontends import repairing


def answers(monkeypatch: pytest.MonkeyPatch, *found: Repair) -> None:
    monkeypatch.setattr(repairing, "repair", lambda pid: found)


def test_each_process_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, Repair(7, "repaired", traps=2), Repair(8, "gone"))
    assert repairing.run_repair(None, json=False) == 0
    assert capsys.readouterr().out == (
        "repaired  process 7 was repaired: 2 traps lifted\ngone  process 8 has ended\n"
    )


def test_nothing_is_said_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch)
    assert repairing.run_repair(None, json=False) == 0
    assert capsys.readouterr().out == "There is nothing to repair\n"


def test_programs_get_every_number_and_a_refusal_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers(monkeypatch, Repair(7, "refused", reason="it is being debugged"))
    assert repairing.run_repair(7, json=True) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["kind"] == "repair"
    assert answer["data"]["reason"] == "it is being debugged"
    assert answer["data"]["traps"] == 0
