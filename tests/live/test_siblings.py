"""Values that are alike but for one thing each, as the program's own ``Debug`` has them."""

from __future__ import annotations

import re
import subprocess

import pytest

from crabtrap import Session
from crabtrap.engine.machine import Stopped
from crabtrap.errors import CrabtrapError
from crabtrap.present import RenderOptions
from crabtrap.target.stdio import Stdio
from tests.support.debug_texts import unboxed
from tests.support.inferiors import Inferior, build

# rustc 1.63 describes a variable that an inlined closure counts with as the constant that it
# began with, in all of its scope.  Nothing in the program says otherwise.
_WRONGLY_DESCRIBED = {"debian-rustc-o": {"hits"}}

_WHOLE = RenderOptions(max_items=None, max_depth=60, max_text=1 << 16)

Places = list[tuple[str, str]]
"""Places and their texts."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "profile", ["debug", "debian-rustc", "debian-rustc-web", "debian-rustc-web-oldest"]
)
def test_every_sibling_is_shown_as_the_program_shows_it(profile: str):
    found = pairs(build("siblings", profile))
    assert [(we, they) for we, they in found if we != they] == []
    assert len(found) > 100


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "profile",
    ["release-debug", "debian-rustc-o", "debian-rustc-web-o", "debian-rustc-web-oldest-o"],
)
def test_every_sibling_in_optimised_code_is_right_or_gone(profile: str):
    found = pairs(build("siblings", profile))
    wrong = _WRONGLY_DESCRIBED.get(profile, set())
    different = [(we, they) for we, they in found if we != they and we[0] not in wrong]
    assert [(we, they) for we, they in different if not is_gone(we[1], they[1])] == []
    assert len(different) < len(found) / 2


def pairs(inferior: Inferior) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Each place with its text, in the debugger and in the program, over all stops."""
    stops = zip(ours(inferior), theirs(inferior), strict=True)
    return [pair for places in stops for pair in zip(*places, strict=True)]


def is_gone(shown: str, printed: str) -> bool:
    """Whether a text is right in all that is not said to be optimised out."""
    parts = re.split("<(?:optimised out|\\w+ is not known in this frame)[^<>]*>", shown)
    right = ".*".join(map(re.escape, parts))
    return len(parts) > 1 and re.fullmatch(right, printed) is not None


def theirs(inferior: Inferior) -> list[Places]:
    """What the program prints at each stop."""
    stops: list[Places] = []
    for line in subprocess.check_output([inferior.path], text=True).splitlines():
        place, arrow, text = line.partition(" => ")
        if arrow:
            stops[-1].append((place, text))
        else:
            stops.append([])
    return stops


def ours(inferior: Inferior) -> list[Places]:
    """The same places in the debugger, at the same stops."""
    printed = theirs(inferior)
    stops: list[Places] = []
    with Session(str(inferior.path)) as session:
        session.breakpoints.add("at_stop")
        session.launch((), stdio=Stdio.pipes())
        session.continue_()
        while isinstance(session.state, Stopped):
            frame = session.thread.frames()[1]
            names = [place for place, _ in printed[len(stops)]]
            found: Places = []
            for name in names:
                try:
                    text = session.values.render(frame.evaluate(name), _WHOLE)
                except CrabtrapError as error:
                    text = f"<{error}>"
                found.append((name, unboxed(text)))
            stops.append(found)
            session.continue_()
    return stops
