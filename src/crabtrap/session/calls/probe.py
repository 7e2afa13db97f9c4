"""Whether ``call`` would run what ``print`` has refused: everything but the run itself is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError
from crabtrap.session.calls.caller import Fitting, ProgramCaller
from crabtrap.values.decode import why_unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.values import Value


class _FoundError(Exception):
    """A function was found that takes these arguments."""


class _Probe(ProgramCaller):
    """A caller that finds functions and converts arguments, and runs nothing."""

    def run(self, fitting: Fitting) -> Value:
        """Stop where the function would run.

        Raises:
            _FoundError: Always.
        """
        raise _FoundError


def why_not_called(
    make: Callable[[type[ProgramCaller]], ProgramCaller], evaluate: Callable[[ProgramCaller], Value]
) -> CrabtrapError | None:
    """Find out why ``call`` would not run an expression either; ``None`` where it would.

    Args:
        make: Makes a caller of a class.
        evaluate: Evaluates the expression with a caller.
    """
    try:
        evaluate(make(_Probe))
    except _FoundError:
        return None
    except CrabtrapError as error:
        why_unreadable(error)
        return error
    return None  # its value needs no function after all
