"""A variable that cannot have a value yet says so; one that may have is shown."""

from __future__ import annotations

import pytest

from crabtrap import Session
from crabtrap.engine.machine import Stopped
from crabtrap.target.stdio import Stdio
from tests.support.inferiors import build, require_profile

UNSET = "<not yet initialised>"
EXPECTED = {
    "deferred": [{"unset": UNSET}] * 2,
    "set": [{"unset": "5", "first": "1"}, {"unset": "6", "first": "0"}],
    "before_match": [{"head": UNSET, "middle": UNSET, "tail": UNSET}],
    "matched": [{"head": "&1", "middle": "&[2]", "tail": "&3"}],
    "in_round": [
        {"key": "2", "name": '"name"', "last": "0"},
        {"key": "1", "name": '"name"', "last": "2"},
    ],
}


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    "profile", ["debug", "debian-rustc", "debian-rustc-web", "debian-rustc-web-oldest"]
)
def test_what_has_no_value_yet_is_not_shown(profile: str):
    require_profile(profile)
    inferior = build("values", profile)
    lines = {inferior.marker(name, "unset.rs"): name for name in (*EXPECTED, "each_round")}
    seen: dict[str, list[dict[str, str]]] = {}
    with Session(str(inferior.path)) as session:
        session.launch((), stdio=Stdio.pipes())
        for line in lines:
            session.breakpoints.add(f"unset.rs:{line}")
        session.continue_()
        while isinstance(session.state, Stopped):
            frame = session.frame
            if (frame.path or "").endswith("unset.rs"):  # another module panics, caught
                shown = {b.name: session.values.render(b.value) for b in frame.locals()}
                seen.setdefault(lines[frame.line], []).append(shown)
            session.continue_()
    for name, expected in EXPECTED.items():
        found = [{key: shown.get(key) for key in expected[0]} for shown in seen[name]]
        assert found == expected, name
    # At the head of the loop, the last round's pattern variables are gone.
    for shown in seen["each_round"]:
        assert {shown.get("key", UNSET), shown.get("name", UNSET)} == {UNSET}
