"""Runs a debugger once and tells how long it took, if what it said was right."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import Command, Peer
from benchmarks.scenario import DONE, Scenario, check_facts, check_transcript


@dataclass(frozen=True, slots=True)
class Sample:
    """One run.

    Attributes:
        value: The best of its rounds, in the scenario's unit; ``None`` if it failed.
        memory: Peak resident memory of the largest process of the debugger, MiB.
        problem: Why it failed, else ``""``.
        capped: Seconds after which it was stopped, 0 where it was not.
    """

    value: float | None
    memory: float
    problem: str = ""
    capped: float = 0.0


def measure(peer: Peer, scenario: Scenario, program: Path) -> Sample:
    """Run ``scenario`` once on ``peer``."""
    if scenario.timed_from_outside:
        return _measure_start(peer, scenario, program)
    output, seconds, memory = _run(peer.inside(scenario, program), None, scenario.cap)
    line = next((line for line in output.splitlines() if line.startswith("RESULT ")), None)
    if line is None and seconds >= scenario.cap:
        return Sample(None, memory, f"stopped after {scenario.cap:.0f} s", scenario.cap)
    if line is None:
        return Sample(None, memory, f"no result: {_tail(output)}")
    result = json.loads(line.removeprefix("RESULT "))
    problem = check_facts(scenario, result["facts"])
    return Sample(None if problem else min(result["times"]), memory, problem)


def _measure_start(peer: Peer, scenario: Scenario, program: Path) -> Sample:
    output, seconds, memory = _run(peer.start(program), DONE, scenario.cap)
    problem = check_transcript(scenario, output)
    if problem:
        problem = f"{problem}: {_tail(output)}"
    return Sample(None if problem else seconds, memory, problem)


def _run(command: Command, until: str | None, cap: float) -> tuple[str, float, float]:
    """Run to the end; return output, seconds until ``until`` was printed, and peak MiB.

    Some debuggers tidy up for a second after their last answer, so the time does not run
    to the end of the process.
    """
    with tempfile.TemporaryFile() as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command.words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=os.environ | command.environment,
            start_new_session=True,
        )
        assert process.stdout is not None
        watchdog = threading.Timer(cap, os.killpg, (process.pid, signal.SIGKILL))
        watchdog.start()
        try:
            output, seconds = _read(process.stdout.fileno(), until, begin)
        finally:
            watchdog.cancel()
            process.stdout.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        text = output + errors.read().decode(errors="replace")
    return text, seconds, usage.ru_maxrss / 1024


def _read(descriptor: int, until: str | None, begin: float) -> tuple[str, float]:
    marker = until.encode() if until else None
    received = bytearray()
    seconds = 0.0
    while data := os.read(descriptor, 1 << 16):
        received += data
        if marker and not seconds and marker in received:
            seconds = time.perf_counter() - begin
    return received.decode(errors="replace"), seconds or time.perf_counter() - begin


def _tail(text: str) -> str:
    return " | ".join(text.strip().splitlines()[-3:])[-300:]
