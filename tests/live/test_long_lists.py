"""Lists that are cut say so; what is asked for without a limit is whole."""

from __future__ import annotations

import io
import json

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from crabtrap import Session
from crabtrap.frontends.console.command_table import command_table
from crabtrap.frontends.console.console import Console
from crabtrap.frontends.console.json_lines import JsonOutput
from crabtrap.frontends.console.output import Output
from crabtrap.frontends.console.prompt import LineCompleter
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import build


def listed(profile: str, command: str) -> tuple[list[str], bool]:
    stream = io.StringIO()
    with Session(str(build("places", profile).path)) as session:
        Console(session, JsonOutput(stream), stdio=Stdio.pipes()).execute(command)
    data = json.loads(stream.getvalue())["data"]
    return [row["function"] for row in data["functions"]], data["truncated"]


@pytest.mark.parametrize("profile", ["debug", "release-debug", "line-tables", "symbols-only"])
def test_a_list_of_functions_that_is_cut_says_so(profile: str) -> None:
    first, is_cut = listed(profile, "info functions .")
    assert (len(first), is_cut) == (200, True)
    every, is_cut = listed(profile, "info functions -limit unlimited .")
    assert not is_cut
    assert set(first) < set(every)
    few, is_cut = listed(profile, "info functions -limit 3 .")
    assert (len(few), is_cut) == (3, True)


def test_a_listing_that_is_cut_says_how_to_see_all() -> None:
    stream = io.StringIO()
    with Session(str(build("places").path)) as session:
        Console(session, Output(stream, colour=False), stdio=Stdio.pipes()).execute(
            "info functions ."
        )
    assert "the first 200; narrow the expression, or -limit unlimited" in stream.getvalue()


def test_symbols_of_data_take_no_place_from_those_of_functions() -> None:
    with Session(str(build("places", "symbols-only").path)) as session:
        assert len(session.code.symbols(".")) > 200
        for limit in (1, 10, 200):
            assert len(session.code.symbols(".", limit)) == limit


def test_functions_of_a_script_are_all_there_are() -> None:
    with Session(str(build("places").path)) as session:
        code = session.code
        assert len(code.functions(".")) > 500
        assert len(code.functions(".", 7)) == len(code.complete("a", 7)) == 7
        assert len(code.complete("a")) > 200


def test_completions_that_are_cut_say_so_and_insert_nothing() -> None:
    with Session(str(build("places").path)) as session:
        console = Console(session, Output(io.StringIO(), colour=False), stdio=Stdio.pipes())
        completer = LineCompleter(console.context, command_table())

        def offered(text: str) -> list[tuple[str, str]]:
            found = completer.get_completions(Document(text), CompleteEvent())
            return [(each.text, each.display_text) for each in found]

        many = offered("break a")
        assert len(many) == 201
        assert many[-1] == ("", "… and more: type on")
        assert len(offered("break add_o")) == 1
