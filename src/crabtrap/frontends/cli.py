"""The commands ``crabtrap`` and ``cargo crabtrap``.

Exit codes:
    0    all went well; with ``--batch``, also: the program ended with 0 or lives on
    N    with ``--batch``: the program's own exit code, or 128 + the signal that ended it
    1    the program cannot be started or read; with ``--batch``: a command failed
    2    the command line could not be understood
    3    a bug in crabtrap; a report on standard error says what to send

Options are read by hand: importing argparse alone would take a tenth of the time that a
small program needs to its first stop, and ``--args`` needs care that argparse does not take.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from crabtrap.frontends.options import INTERNAL_ERROR, CommandLine, parse_options, usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.errors import CrabtrapError

_FAILED = 1
_USAGE_ERROR = 2
_INTERRUPTED = 130  # as shells report a death by SIGINT


def main() -> int:
    """Run ``crabtrap``, or ``cargo-crabtrap`` where it was started under that name."""
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
    except BrokenPipeError:
        # Nobody reads our output any more, so there is nowhere to report this.
        sys.stderr.close()
        return _FAILED
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:
        return _report_bug(error)


def _dispatch(options: CommandLine) -> int:
    if options.help:
        sys.stdout.write(usage())
        return 0
    if options.version:
        from importlib.metadata import version

        sys.stdout.write(f"crabtrap {version('crabtrap')}\n")
        return 0
    if options.doctor:
        from crabtrap.frontends.doctor import run_doctor

        return run_doctor(json=options.json)
    from crabtrap.frontends.console.start import run_console

    return run_console(options)


def _complain(error: CrabtrapError, code: int) -> int:
    from crabtrap.frontends.console.styled_text import escape_line

    sys.stderr.write(f"crabtrap: {escape_line(str(error))}\n")
    if error.hint:
        sys.stderr.write(f"  try: {escape_line(error.hint)}\n")
    return code


def _report_bug(error: Exception) -> int:
    from crabtrap.frontends.bug import bug_report
    from crabtrap.frontends.console.styled_text import escape

    sys.stderr.write(escape(bug_report(error)))
    return INTERNAL_ERROR


if __name__ == "__main__":
    sys.exit(main())
