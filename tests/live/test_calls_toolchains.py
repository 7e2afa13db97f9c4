"""Calls in programs of other compilers: right, or refused with nothing run."""

from __future__ import annotations

import contextlib

import pytest

from crabtrap.errors import UsageError
from crabtrap.values import UnavailableError
from tests.live.test_calls import DEBUG, RESULTS, at_stop, call
from tests.support.inferiors import require_profile
from tests.support.sessions import Debug, Server

PROFILES = (
    "debian-rustc",
    "debian-rustc-o",
    "debian-rustc-web-oldest",
    "debian-rustc-web-oldest-o",
    "debian-rustc-web",
    "debian-rustc-web-o",
    "nightly",
)


@pytest.fixture
def server() -> Server:
    """How functions are called does not depend on the server; one is enough."""
    return "guard"


@pytest.mark.timeout(90)
@pytest.mark.parametrize("profile", PROFILES)
def test_results(debug: Debug, profile: str) -> None:
    require_profile(profile)
    driver = at_stop(debug, profile)
    got: dict[str, str] = {}
    for text in RESULTS:
        with contextlib.suppress(UsageError, UnavailableError):
            got[text] = call(driver, text)
    for text in DEBUG:
        with contextlib.suppress(UsageError, UnavailableError):
            got[f"dbg {text}"] = driver.session.format_debug(text)
    expected = RESULTS | {f"dbg {text}": shown for text, shown in DEBUG.items()}
    assert not {text: shown for text, shown in got.items() if shown != expected[text]}
    optimised = profile.endswith("-o")
    assert len(got) > len(expected) // 4 if optimised else len(got) == len(expected)
