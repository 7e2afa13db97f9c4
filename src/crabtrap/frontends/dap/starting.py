"""From a configuration to a program that runs."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError, DebugInfoError, StateError, UsageError
from crabtrap.frontends.dap.run_requests import set_going

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap import Session, Stdio
    from crabtrap.frontends.dap.adapter import Adapter


def open_session(program: str) -> Session:
    """Open a session for an executable.

    Raises:
        UsageError: The file cannot be read.
        DebugInfoError: It is no program that can be debugged.
    """
    from crabtrap import Session

    try:
        return Session(program)
    except OSError as error:
        raise UsageError(
            f"cannot read {program}: {error.strerror}", hint="is it built? check `program`"
        ) from error
    except DebugInfoError as error:
        error.hint = error.hint or "`program` is to be an executable for x86-64 Linux"
        raise


def start_launched(adapter: Adapter, session: Session) -> None:
    """Launch the program of a session; it stops before it has run.

    Raises:
        CrabtrapError: It cannot be started.
    """
    adapter.adopt(session)
    try:
        _prepare(adapter)
        launch_program(adapter)
    except CrabtrapError:
        adapter.close()
        raise


def launch_program(adapter: Adapter) -> None:
    """Launch the program as the configuration says.

    Raises:
        LaunchError: It cannot be started.
    """
    configuration = adapter.configuration
    directory = configuration.directory
    if directory is not None and not os.path.isdir(directory):
        raise UsageError(f"cwd {directory}: no such directory")
    stdin, stdout, stderr = configuration.stdio
    adapter.session.launch(
        configuration.arguments,
        environment=configuration.complete_environment(),
        directory=directory,
        randomize=configuration.randomize,
        stdio=_streams(adapter).redirect(stdin=stdin, stdout=stdout, stderr=stderr),
    )


def _streams(adapter: Adapter) -> Stdio:
    """The editor's terminal, where one is wanted and given; else its debug console."""
    from crabtrap import Stdio

    kind = adapter.configuration.console
    if kind == "internalConsole":
        return Stdio.pipes()
    if kind not in ("integratedTerminal", "externalTerminal"):
        raise UsageError(f"console {kind!r}: internalConsole, integratedTerminal, externalTerminal")
    from crabtrap.frontends.dap.client_terminal import ask_for_terminal

    adapter.close_terminal()
    terminal = ask_for_terminal(adapter, kind, adapter.configuration.directory)
    if terminal is None:
        return Stdio.pipes()
    adapter.terminal = terminal
    terminal.on_interrupt(lambda: adapter.session.post(lambda: _interrupt(adapter)))
    return Stdio.files(terminal.device, terminal.device, terminal.device)


def _interrupt(adapter: Adapter) -> None:
    """Send the program what the terminal's driver would: it is not the program's own."""
    if adapter.session.has_program:
        os.kill(adapter.session.process.pid, signal.SIGINT)


def start_attached(adapter: Adapter, attach: Callable[[Session], object]) -> None:
    """Attach to a process, which stops where it is.

    Args:
        adapter: What it is for.
        attach: Attaches, given the session.

    Raises:
        CrabtrapError: It cannot be attached to.
    """
    from crabtrap import Session

    program = adapter.configuration.program
    adapter.adopt(open_session(program) if program is not None else Session(None))
    try:
        _prepare(adapter)
        attach(adapter.session)
        if not adapter.session.has_program:
            raise StateError("that server has no program yet")
    except CrabtrapError:
        adapter.close()
        raise


def _prepare(adapter: Adapter) -> None:
    for prefix, directory in adapter.configuration.source_map:
        adapter.session.sources.substitute(prefix, directory)
    if not adapter.configuration.debugs:
        adapter.client.breakpoints.stop_at_panics("off")
    for line in adapter.configuration.init_commands:
        adapter.run_command(line)


def begin(adapter: Adapter) -> None:
    """Answer ``launch`` or ``attach``, and let the program run."""
    request, adapter.starting = adapter.starting, None
    if request is None:
        return
    adapter.outbox.respond(request)
    session = adapter.session
    process = session.process
    adapter.outbox.event(
        "process",
        {
            "name": os.path.realpath(process.executable),
            "systemProcessId": process.pid,
            "isLocalProcess": True,
            "startMethod": "launch" if session.launched else "attach",
            "pointerSize": 64,
        },
    )
    run(adapter)


def run(adapter: Adapter) -> None:
    """Let a program run that was started, unless it is to stop on entry."""
    client = adapter.client
    for line in adapter.configuration.run_commands:
        adapter.run_command(line)
    if adapter.configuration.stop_on_entry:
        if not adapter.session.launched:
            _tell_entry(adapter)
            return
        main = client.breakpoints.add("main", temporary=True)
        adapter.entry_breakpoint = main.number
        if main.pending:
            client.breakpoints.remove(main.number)
            _tell_entry(adapter)
            return
    set_going(adapter, lambda: client.continue_(timeout=0.0))


def _tell_entry(adapter: Adapter) -> None:
    thread = adapter.client.thread.tid
    body = {"reason": "entry", "threadId": thread, "allThreadsStopped": True}
    adapter.outbox.event("stopped", body)
