"""The program ``attachme``: what it says at its end of the work that it has done."""

from __future__ import annotations

import re
import signal

from tests.support.inferiors import RunningInferior

_END = re.compile(r"count (\d+) total (\d+) intact (true|false)")


def end_of(program: RunningInferior) -> tuple[int, int, str]:
    """What an ``attachme`` has counted, twice, and whether its checksums are right."""
    program.process.send_signal(signal.SIGTERM)
    output, _ = program.process.communicate(timeout=20)
    assert program.process.returncode == 0
    found = _END.search(output)
    assert found is not None, output
    return int(found[1]), int(found[2]), found[3]
