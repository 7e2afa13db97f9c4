"""What people type every day, and the values that other debuggers are known to get wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from crabtrap.errors import CrabtrapError
from tests.support.corpora import answers, sections
from tests.support.inferiors import require_profile
from tests.support.sessions import Debug, Server

CORPUS = Path(__file__).with_name("everyday_corpus.txt")
OTHERS = ["dwarf5", "v0", "debian-rustc", "debian-rustc-web", "debian-rustc-web-oldest", "nightly"]
OPTIMISED = ["release-debug", "debian-rustc-o", "debian-rustc-web-o", "debian-rustc-web-oldest-o"]


def check(profile: str, server: Server = "guard") -> None:
    require_profile(profile)
    found = list(answers(CORPUS, "everyday", profile, server))
    wrong = [str(each) for each in found if not (each.fits and each.tree_agrees)]
    assert not wrong, "\n".join(wrong)
    assert len(found) == sum(len(section.lines) for section in sections(CORPUS, profile))


def test_each_is_right_on_every_server(server: Server):
    check("debug", server)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("profile", OTHERS)
def test_each_is_right_from_every_compiler(profile: str):
    check(profile)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("profile", OPTIMISED)
def test_optimised_code_gives_the_same_or_says_that_it_cannot(profile: str):
    require_profile(profile)
    found = list(answers(CORPUS, "everyday", profile))
    wrong = [
        str(each)
        for each in found
        if not ((each.fits or each.is_optimised_out) and each.tree_agrees)
    ]
    assert not wrong, "\n".join(wrong)
    assert sum(each.fits for each in found) > len(found) // 2


@pytest.mark.parametrize("profile", OPTIMISED)
def test_a_text_of_which_a_part_is_left_is_not_read(debug: Debug, profile: str):
    require_profile(profile)
    driver = debug("everyday", profile)
    driver.run_to("partly")
    assert driver.shown("text") == "<&str of length 5, address optimised out>"
    assert driver.shown("rest") == "5"
    with pytest.raises(CrabtrapError, match="optimised out"):
        driver.shown("text.len()")


@pytest.mark.parametrize("profile", ["debug", *OTHERS])
def test_a_function_of_a_trait_is_called_what_the_source_calls_it(debug: Debug, profile: str):
    require_profile(profile)
    driver = debug("everyday", profile)
    driver.run_to("name")
    assert driver.session.frame.function == "<Dog as Animal>::name"
    assert driver.shown("self") == "&Dog { age: 5 }"


def test_a_text_literal_is_not_put_where_a_string_owns_memory(debug: Debug):
    driver = debug("everyday")
    driver.run_to("expressions")
    before = driver.shown("s")
    with pytest.raises(CrabtrapError, match="owns memory elsewhere"):
        driver.session.assign("s", '"x"')
    assert driver.shown("s") == before


def test_why_a_const_that_the_source_does_not_tell_is_not_found(debug: Debug):
    driver = debug("everyday")
    driver.run_to("expressions")
    with pytest.raises(CrabtrapError, match="named 'OTHER'") as caught:
        driver.session.evaluate("OTHER")
    assert "a const leaves no trace" in caught.value.hint
