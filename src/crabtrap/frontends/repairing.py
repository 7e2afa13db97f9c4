"""``crabtrap repair``: takes out of programs what a killed debugger has left in them."""

from __future__ import annotations

import os
import sys

from crabtrap import Repair, repair
from crabtrap.frontends.console.json_lines import encode_line
from crabtrap.frontends.console.output import Output, wants_colour
from crabtrap.frontends.console.styled_text import Role, Text
from crabtrap.frontends.describe import record

_ROLES: dict[str, Role] = {"repaired": "new", "clean": "new", "gone": "hint", "refused": "error"}


def run_repair(pid: int | None, *, json: bool) -> int:
    """Repair one process or all that may need it, and say so; return 1 if one was refused."""
    found = repair(pid)
    if json:
        for each in found:
            sys.stdout.write(encode_line({"kind": "repair", "data": record(each)}))
    else:
        output = Output(sys.stdout, colour=wants_colour("auto", sys.stdout, os.environ))
        output.lines([_line(each) for each in found] or [Text("There is nothing to repair")])
    return int(any(each.outcome == "refused" for each in found))


def _line(found: Repair) -> Text:
    return Text((found.outcome, _ROLES[found.outcome]), f"  {found.summary}")
