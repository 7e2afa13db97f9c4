"""``make demo``: the shipped program and the shipped session."""

import os
import subprocess
import sys
from pathlib import Path

CRABTRAP = Path(sys.executable).with_name("crabtrap")
PROGRAM = ("target/debug/harbour", "harbour.log")
DEMO = Path(__file__).parents[2] / "demo"

# In the order in which a reader of the transcript meets them.
EXPECTED = [
    "(crabtrap) break parse_line if number == 7",
    "Breakpoint 1, harbour::movement::parse_line (number=7,",
    "text.len() + number = 32",
    'fields = ["Carcinus", "departure", "-120"]',
    "harbour::movement::parse_kind (field=",
    "Returned Departure",
    'Returned Movement { ship: "Carcinus", kind: Departure, tons: -120, remark: None }',
    "Breakpoint 2, harbour::ledger::Ledger::add",
    'movement = &Movement { ship: "Leander", kind: Arrival { berth: 4 }, tons: 7150,',
    'self.ships["Carcinus"].tons = 260',
    "crane-2",
    "self.tons = 2960 → 10110",
    "Panic: a weight is a number",
    'parse_line (number=20, text="Sea Star; arrival 4; twelve hundred")',
    'fields = ["Sea Star", "arrival 4", "twelve hundred"]',
    "all ships: 5075 t, 2 inspections",
    "exited normally",
]


def test_the_session_runs_to_the_end() -> None:
    subprocess.run(
        ["cargo", "build", "--quiet", "--locked", "--target-dir", "target"], cwd=DEMO, check=True
    )
    finished = subprocess.run(
        [CRABTRAP, "--batch", "-x", "session.crabtrap", "--args", *PROGRAM],
        cwd=DEMO,
        env=os.environ | {"RUST_BACKTRACE": "0"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    position = 0
    for text in EXPECTED:
        found = finished.stdout.find(text, position)
        assert found >= 0, f"{text!r} is missing after:\n{finished.stdout[:position][-400:]}"
        position = found + len(text)
    assert finished.returncode == 0, finished.stderr
    assert "error:" not in finished.stdout + finished.stderr
