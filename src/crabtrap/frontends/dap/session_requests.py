"""The life of a debugging session: how it begins and how it ends."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from crabtrap.errors import StateError, UsageError
from crabtrap.frontends.dap.client_abilities import ClientAbilities
from crabtrap.frontends.dap.configuration import read_attach, read_launch
from crabtrap.frontends.dap.handler import Handler
from crabtrap.frontends.dap.process_names import find_process
from crabtrap.frontends.dap.requests import LATER
from crabtrap.frontends.dap.run_requests import set_going
from crabtrap.frontends.dap.starting import (
    begin,
    launch_program,
    open_session,
    run,
    start_attached,
    start_launched,
)

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
    from crabtrap.frontends.dap.cargo_launch import build_program

    _need_none(adapter)
    adapter.configuration = build_program(adapter, read_launch(arguments))
    if adapter.configuration.program is None:
        raise UsageError(
            "launch needs a program", hint='"program": "target/debug/NAME", or "cargo": {…}'
        )
    start_launched(adapter, open_session(adapter.configuration.program))
    return _await_configuration(adapter)


def attach(adapter: Adapter, arguments: Arguments) -> Reply:
    """Attach to a process, or to what a server debugs; answered once all is configured."""
    _need_none(adapter)
    adapter.configuration = read_attach(arguments)
    address, name = arguments.text_or_none("connect"), adapter.configuration.name
    if address is not None:
        start_attached(adapter, lambda session: session.connect(address))
    else:
        pid = arguments.number("pid") if name is None else find_process(name)
        start_attached(adapter, lambda session: session.attach(pid))
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


def restart(adapter: Adapter, arguments: Arguments) -> Reply:
    """Launch the program again, built anew, as the latest configuration says.

    Where it cannot be built, the present one goes on.
    """
    from crabtrap.frontends.dap.cargo_launch import build_program

    session = adapter.session
    if not session.launched:
        raise StateError("the program was not launched here", hint="attach to it again")
    if "arguments" in arguments:
        configuration = build_program(adapter, read_launch(arguments.object("arguments")))
    else:
        configuration = build_program(adapter, adapter.configuration)
    if configuration.program != adapter.configuration.program:
        raise StateError(f"{configuration.program} is another program", hint="stop, and launch it")
    adapter.configuration = configuration
    adapter.replacing = True
    try:
        if session.has_program:
            session.kill()
    finally:
        adapter.replacing = False
    adapter.sources.forget()
    launch_program(adapter)
    adapter.afterwards.append(lambda: run(adapter))


def terminate(adapter: Adapter, _arguments: Arguments) -> Reply:
    """Ask the program to end, and end it where it was asked already."""
    session = adapter.session
    if not session.has_program:
        return
    if adapter.asked_to_end or not session.launched:
        session.kill()
        return
    adapter.asked_to_end = True
    session.signals.set("SIGTERM", stop=False)
    if session.is_stopped:
        set_going(adapter, lambda: adapter.client.continue_(signal="SIGTERM", timeout=0.0))
    else:
        os.kill(session.process.pid, signal.SIGTERM)


def disconnect(adapter: Adapter, arguments: Arguments) -> Reply:
    """End the session: kill the program or let it go, stopped where that is wanted."""
    adapter.finished = True
    if not adapter.has_session or not adapter.session.has_program:
        return
    session = adapter.session
    if arguments.flag("suspendDebuggee"):
        # What is pending when it is let go stops it before it runs: it waits for SIGCONT.
        os.kill(session.process.pid, signal.SIGSTOP)
        session.detach()
    elif arguments.flag("terminateDebuggee", session.launched):
        session.kill()
    else:
        session.detach()


def cancel(_adapter: Adapter, _arguments: Arguments) -> Reply:
    """Cancel a request: that is done by the thread that reads, and not in turn."""


HANDLERS = (
    Handler("initialize", initialize),
    Handler("launch", launch, shown=True),
    Handler("attach", attach, shown=True),
    Handler("configurationDone", configuration_done, {"supportsConfigurationDoneRequest": True}),
    Handler("restart", restart, {"supportsRestartRequest": True}, shown=True),
    Handler("terminate", terminate, {"supportsTerminateRequest": True}, shown=True),
    Handler("cancel", cancel, {"supportsCancelRequest": True}),
    Handler(
        "disconnect", disconnect, {"supportTerminateDebuggee": True, "supportSuspendDebuggee": True}
    ),
)
