"""Who waits for whom: a request of our own, for views that editors do not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import UsageError
from crabtrap.frontends import describe_waits
from crabtrap.frontends.dap.handler import Handler

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crabtrap import Wait
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply


def waits(adapter: Adapter, arguments: Arguments) -> Reply:
    """The waits of tasks and threads and what is wrong with them, drawn if a format is named.

    Timers and the outside world are left out unless ``all`` is asked for.
    """
    session = adapter.session
    form = arguments.text_or("format", "")
    chosen = session.waits if arguments.flag("all") else session.waits_for_somebody
    body: dict[str, object] = {
        "waits": [describe_waits.wait(each) for each in chosen],
        "diagnoses": [describe_waits.diagnosis(each) for each in session.diagnoses],
    }
    return body | {form: _drawn(form, chosen)} if form else body


def _drawn(form: str, chosen: Sequence[Wait]) -> str:
    from crabtrap.frontends.wait_graph import dot_lines, graph_of, svg_lines

    writers = {"dot": dot_lines, "svg": svg_lines}
    if form not in writers:
        raise UsageError(f"no format is called {form!r}", hint="dot, svg")
    return "\n".join(writers[form](graph_of(chosen)))


HANDLERS = (Handler("crabtrap/waits", waits),)
