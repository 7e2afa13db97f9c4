"""The life of a debugging session: how it begins and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import StateError, UsageError
from crabtrap.frontends.dap.client_abilities import ClientAbilities
from crabtrap.frontends.dap.configuration import read_attach, read_launch
from crabtrap.frontends.dap.handler import Handler
from crabtrap.frontends.dap.requests import LATER
from crabtrap.frontends.dap.starting import begin, open_session, start_attached, start_launched

if TYPE_CHECKING:
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply


def initialize(adapter: Adapter, arguments: Arguments) -> Reply:
    """Get to know each other."""
    adapter.abilities = ClientAbilities.of(arguments)
    return adapter.capabilities


def launch(adapter: Adapter, arguments: Arguments) -> Reply:
    """Launch a program; answered once all is configured."""
    _need_none(adapter)
    adapter.configuration = read_launch(arguments)
    if adapter.configuration.program is None:
        raise UsageError("launch needs a program", hint='"program": "target/debug/NAME"')
    start_launched(adapter, open_session(adapter.configuration.program))
    return _await_configuration(adapter)


def attach(adapter: Adapter, arguments: Arguments) -> Reply:
    """Attach to a process; answered once all is configured."""
    _need_none(adapter)
    adapter.configuration = read_attach(arguments)
    start_attached(adapter, arguments.number("pid"))
    return _await_configuration(adapter)


def _need_none(adapter: Adapter) -> None:
    if adapter.has_session:
        raise StateError("there is a program already", hint="disconnect, or restart")


def _await_configuration(adapter: Adapter) -> Reply:
    adapter.starting = adapter.current
    adapter.outbox.event("initialized")
    if adapter.configured:
        adapter.afterwards.append(lambda: begin(adapter))
    return LATER


def configuration_done(adapter: Adapter, _arguments: Arguments) -> Reply:
    """Let the program run: all breakpoints are there."""
    adapter.configured = True
    if adapter.starting is not None:
        adapter.afterwards.append(lambda: begin(adapter))


def disconnect(adapter: Adapter, arguments: Arguments) -> Reply:
    """End the session: kill the program or let it go."""
    adapter.finished = True
    if not adapter.has_session or not adapter.session.has_program:
        return
    if arguments.flag("terminateDebuggee", adapter.session.launched):
        adapter.session.kill()
    else:
        adapter.session.detach()


def cancel(_adapter: Adapter, _arguments: Arguments) -> Reply:
    """Cancel a request: that is done by the thread that reads, and not in turn."""


HANDLERS = (
    Handler("initialize", initialize),
    Handler("launch", launch, shown=True),
    Handler("attach", attach, shown=True),
    Handler("configurationDone", configuration_done, {"supportsConfigurationDoneRequest": True}),
    Handler("cancel", cancel, {"supportsCancelRequest": True}),
    Handler("disconnect", disconnect, {"supportTerminateDebuggee": True}),
)
