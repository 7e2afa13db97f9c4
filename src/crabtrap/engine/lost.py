"""Programs whose guard has died."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.errors import TargetError
from crabtrap.log import Log
from crabtrap.target.repair import repair

if TYPE_CHECKING:
    from crabtrap.target.interface import Target

_log = Log("crabtrap.engine")


def look_after(target: Target) -> tuple[str, ...]:
    """Repair a program that was lost with its guard; return sentences for the user.

    What runs on another machine cannot be reached, and other servers keep no journal.
    """
    if not target.abilities.can_be_repaired:
        return ()
    try:
        return tuple(found.summary for found in repair(target.pid))
    except TargetError as error:
        _log.debug("not repaired: %s", error)
        return (str(error),)
