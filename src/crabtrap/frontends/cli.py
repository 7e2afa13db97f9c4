"""The commands ``crabtrap`` and ``cargo crabtrap``.

Exit codes:
    0    all went well; with ``--batch``, also: the program ended with 0 or lives on
    N    with ``--batch``: the program's own exit code, or 128 + the signal that ended it
    1    the program cannot be started or read, or our output cannot be written; with
         ``--batch``: a command failed
    2    the command line could not be understood
    3    a bug in crabtrap; a report on standard error says what to send

Options are read by hand: importing argparse alone would take a tenth of the time that a
small program needs to its first stop, and ``--args`` needs care that argparse does not take.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from crabtrap.frontends.options import INTERNAL_ERROR, CommandLine, parse_options, usage
from crabtrap.frontends.streams import (
    OutputLostError,
    adopt_standard_streams,
    give_up_output,
    write_output,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap import Session
    from crabtrap.errors import CrabtrapError
    from crabtrap.frontends.console.embedded import EmbeddedConsole

_FAILED = 1
_USAGE_ERROR = 2
_INTERRUPTED = 130  # as shells report a death by SIGINT


def main() -> int:
    """Run ``crabtrap``, or ``cargo-crabtrap`` where it was started under that name."""
    adopt_standard_streams()
    name, *arguments = sys.argv
    if os.path.basename(name) != "cargo-crabtrap":
        return _guarded(lambda: arguments)
    # Cargo passes its own name for the command along.
    return _guarded(lambda: _through_cargo(arguments[arguments[:1] == ["crabtrap"] :]))


def _through_cargo(arguments: list[str]) -> list[str]:
    from crabtrap.frontends.cargo import cargo_arguments

    return cargo_arguments(arguments)


def _guarded(arguments: Callable[[], list[str]]) -> int:
    """Run the command, and show its errors and bugs as users can read them."""
    from crabtrap.errors import CrabtrapError, UsageError

    try:
        return _dispatch(parse_options(arguments()))
    except UsageError as error:
        return _complain(error, _USAGE_ERROR)
    except CrabtrapError as error:
        return _complain(error, _FAILED)
    except OutputLostError as error:
        give_up_output()
        if not error.reader_gone:
            _tell(f"crabtrap: {error}\n")
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:
        return _report_unexpected(error)


def _dispatch(options: CommandLine) -> int:
    if options.help:
        write_output(usage())
        return 0
    if options.version:
        from importlib.metadata import version

        write_output(f"crabtrap {version('crabtrap')}\n")
        return 0
    if options.doctor:
        from crabtrap.frontends.doctor import run_doctor

        return run_doctor(json=options.json)
    if options.repair:
        from crabtrap.frontends.repairing import run_repair

        return run_repair(options.pid, json=options.json)
    if options.tasks:
        from crabtrap.frontends.task_listing import run_tasks

        return run_tasks(options.pid, grouped=options.group, json=options.json)
    if options.dap:
        from crabtrap.frontends.dap.dap_server import run_dap

        return run_dap(_embedded_console)
    from crabtrap.frontends.console.start import run_console

    return run_console(options)


def _embedded_console(session: Session) -> EmbeddedConsole:
    from crabtrap.frontends.console.embedded import EmbeddedConsole

    return EmbeddedConsole(session)


def _complain(error: CrabtrapError, code: int) -> int:
    from crabtrap.frontends.console.styled_text import escape_line

    hint = f"  try: {escape_line(error.hint)}\n" if error.hint else ""
    _tell(f"crabtrap: {escape_line(str(error))}\n{hint}")
    return code


def _report_unexpected(error: Exception) -> int:
    from crabtrap.frontends.shortages import find_shortage

    shortage = find_shortage(error)
    if shortage is not None:
        return _complain(shortage, _FAILED)
    from crabtrap.frontends.bug import bug_report
    from crabtrap.frontends.console.styled_text import escape

    _tell(escape(bug_report(error)))
    return INTERNAL_ERROR


def _tell(text: str) -> None:
    """Write to standard error; where that cannot be written, the exit code must do."""
    with contextlib.suppress(OSError):
        sys.stderr.write(text)
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
