"""Writes ``docs/dap.md``: ``python -m crabtrap.frontends.dap.dap_manual docs``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from crabtrap.frontends.dap.configuration import SETTINGS
from crabtrap.frontends.dap.exception_filters import described_filters
from crabtrap.frontends.dap.request_table import HANDLERS, capabilities

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEAD = """\
# Editors

`crabtrap dap` serves an editor by the [Debug Adapter Protocol][dap], on its standard input and
output. This page is made by `make docs` of the tables by which the server works.

[dap]: https://microsoft.github.io/debug-adapter-protocol/
"""

_CONDITIONS = """\
Conditions of panics are a Rust expression, `/REGEX/` for the message, or `crate NAME`.
"""


def page() -> str:
    """Return the page."""
    settings = ((f"`{s.name}`", s.type, " ".join(s.requests), s.summary) for s in SETTINGS)
    filters = (
        (f"`{f['filter']}`", "on" if f.get("default") else "off", f.get("description", ""))
        for f in described_filters()
    )
    requests = ", ".join(f"`{name}`" for name in sorted(HANDLERS))
    able = ", ".join(f"`{name}`" for name in sorted(capabilities()))
    return "\n".join(
        [
            _HEAD,
            "## What is a configuration made of?",
            _table(("name", "is", "for", "does"), settings),
            "## Which exceptions are there?",
            _table(("filter", "at first", "does"), filters),
            _CONDITIONS,
            f"## Which requests are understood?\n{requests}.\n",
            f"## What does `initialize` announce?\n{able}.\n",
        ]
    )


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


if __name__ == "__main__":
    (Path(sys.argv[1]) / "dap.md").write_text(page(), "utf-8")
