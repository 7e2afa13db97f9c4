"""Going on with a program whose session has died."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from crabtrap.engine.breakpoints.stoppoints import PANIC_STOP
from crabtrap.engine.machine import Threads
from crabtrap.errors import CrabtrapError, NotFoundError, StateError, TargetError
from crabtrap.session import held_programs, kept_stoppoints

if TYPE_CHECKING:
    from crabtrap.events import StopEvent
    from crabtrap.session.client import Client
    from crabtrap.session.core import Core
    from crabtrap.session.held_programs import SavedSession
    from crabtrap.target.interface import Target


def find_one(pid: int | None) -> SavedSession:
    """Find a program whose session has died.

    Args:
        pid: Which; ``None`` for the only one.

    Raises:
        NotFoundError: There is none, or it is not clear which is meant.
    """
    known = held_programs.find_held()
    held = [saved for saved in known if saved.is_held] or list(known)
    found = [saved for saved in (held if pid is None else known) if pid in (None, saved.pid)]
    if len(found) == 1:
        return found[0]
    if not known:
        text = f"nobody holds process {pid}" if pid else "no program is held"
        raise NotFoundError("held program", str(pid or ""), message=text)
    names = ", ".join(str(saved.pid) for saved in known)
    text = f"process {pid} is not held" if pid else "more than one program is held"
    hint = f"crabtrap reattach PID, of {names}"
    raise NotFoundError("held program", str(pid or ""), message=text, hint=hint)


def take_over(core: Core, client: Client, saved: SavedSession) -> StopEvent:
    """Take a program over from the guard that holds it, or attach to one that was let go.

    Raises:
        StateError: It has ended, or another session was faster.
        LaunchError: The kernel refuses to attach.
    """
    lifecycle, held = core.lifecycle, held_programs.wait_for_guard(saved)
    if held:
        target = _reach(core, saved)
        event = core.begin(lambda: lifecycle.take_over(target))
        lifecycle.launched = saved.launched
    else:
        event = core.begin(lambda: lifecycle.attach(saved.pid))
        core.notify(f"process {saved.pid} was not held any more, and has run meanwhile")
    _take_up(core, client, saved, held=held)
    return event


def _reach(core: Core, saved: SavedSession) -> Target:
    """Connect to the guard that holds a program.

    Raises:
        StateError: It does not any more.
    """
    try:
        target = core.lifecycle.reach(f"unix:{held_programs.socket_path(saved.pid)}")
    except TargetError as error:
        raise StateError(
            f"process {saved.pid} is not held any more ({error})",
            hint="another session was faster, or its time was up just now",
        ) from error
    if target is None:
        raise StateError(f"process {saved.pid} has ended")
    return target


def _take_up(core: Core, client: Client, saved: SavedSession, *, held: bool) -> None:
    """Take up the stoppoints and the selection of a session, and what its threads were to do."""
    if saved.problem:
        core.notify(f"what was kept of process {saved.pid} cannot be read: {saved.problem}")
        return
    # That one last: those for some panics are added in its place, and disable it.
    for item in sorted(saved.stoppoints, key=_is_panic_stop):
        try:
            kept_stoppoints.add(core, client, item, held=held)
        except (CrabtrapError, LookupError, TypeError) as error:
            core.notify(f"{kept_stoppoints.name_of(item)} was not kept: {error}")
    if not any(map(_is_panic_stop, saved.stoppoints)):
        client.breakpoints.remove(PANIC_STOP)
    core.table.continue_from(saved.next_number)
    if not held:
        return
    core.program.controller.take_up(_threads(core, saved))
    for selection in core.selections:
        with contextlib.suppress(CrabtrapError):  # the thread or the frame is gone
            selection.select_thread(saved.thread)
            selection.select_frame(saved.frame)


def _is_panic_stop(item: dict[str, Any]) -> bool:
    return item.get("number") == PANIC_STOP


def _threads(core: Core, saved: SavedSession) -> Threads:
    """Return what the session knew of the threads, as far as they are where they were."""
    present = {thread.tid: thread for thread in core.process.threads}
    pcs = {int(tid): pc for tid, pc in saved.stop_pcs.items()}
    there = {tid: pc for tid, pc in pcs.items() if tid in present and present[tid].pc == pc}
    signals = {int(tid): number for tid, number in saved.signals.items() if int(tid) in present}
    return Threads(there, signals)
