"""``make demo`` and ``make demo-async``: the shipped programs and sessions."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.support.inferiors import build

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

EXPECTED_OF_TASKS = [
    '[task 1 "watch" on thread 1] Breakpoint 1, echo::all_wait (count=3)',
    "block_on#1  idle     echo::main::{async_block#0}",
    "3 × echo::handle, idle  (task 2, 3, 4)",
    "Task 3 echo::handle, idle",
    'answer = "HOW ARE YOU?"',
    'request.text = "how are you?"',
    "#1  echo::think (request=",
    "#2 ▶echo::handle (",
    'request.text = "bye"',
    "(task 1)",
    '[runs task 1 "watch"]',
    "tokio current thread",
    "sleep",
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
    check(finished, EXPECTED)


def test_the_session_with_tasks_does_not_wait_for_the_server() -> None:
    program = build("echo")
    started = time.monotonic()
    finished = subprocess.run(
        [CRABTRAP, "--batch", "-x", DEMO / "async.crabtrap", "--args", program.path],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert time.monotonic() - started < 20
    check(finished, EXPECTED_OF_TASKS)


def check(finished: subprocess.CompletedProcess[str], expected: list[str]) -> None:
    position = 0
    for text in expected:
        found = finished.stdout.find(text, position)
        assert found >= 0, f"{text!r} is missing after:\n{finished.stdout[:position][-400:]}"
        position = found + len(text)
    assert finished.returncode == 0, finished.stderr
    assert "error:" not in finished.stdout + finished.stderr
