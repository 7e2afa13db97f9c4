"""Keeping a session for the case that this process dies."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from crabtrap.engine.machine import Running, Stopped
from crabtrap.errors import CrabtrapError
from crabtrap.events import BreakpointChanged, ProcessDetached, SelectionChanged, StopEvent
from crabtrap.session import held_programs
from crabtrap.session.held_programs import SavedSession
from crabtrap.session.kept_stoppoints import describe

if TYPE_CHECKING:
    from collections.abc import Generator

    from crabtrap.events import Event
    from crabtrap.session.core import Core
    from crabtrap.session.selection import Selection


class Keeper:
    """Has the guard hold the program should this process die, and keeps the session's file.

    Attributes:
        seconds: How long the program is held; 0 for not at all.
    """

    def __init__(self, core: Core, selection: Selection) -> None:
        """Keep nothing yet.

        Args:
            core: The core of the session.
            selection: The selected thread and frame that are kept.
        """
        self._core = core
        self._selection = selection
        self._pid = 0
        self._waiting = False
        self._has_told = False
        self.seconds = 0
        core.events.subscribe(self._on_event)

    def keep(self, seconds: int, selection: Selection) -> None:
        """Choose how long the program is held, and whose selection is kept."""
        if not seconds:
            self._revoke()
        self.seconds, self._selection = seconds, selection
        self._pid = 0
        self._update()

    @contextlib.contextmanager
    def waiting(self) -> Generator[None]:
        """Write no file within; what it says is being taken up."""
        self._waiting = True
        try:
            yield
        finally:
            self._waiting = False
        self._update()

    def _on_event(self, event: Event) -> None:
        match event:
            case StopEvent() | BreakpointChanged() | SelectionChanged():
                self._update()
            case ProcessDetached(pid):
                held_programs.forget(pid)
            case _:
                pass

    def _update(self) -> None:
        """Bring the guard and the file up to date."""
        core = self._core
        if self._waiting:
            return
        target = core.program.debuggee.target
        if not isinstance(core.state, Stopped | Running):
            self._forget()
        elif self.seconds and target.abilities.can_be_held:
            try:
                self._keep_this(target.pid)
            except (OSError, CrabtrapError) as error:
                self._tell(f"should the debugger die, the program would not be held: {error}")

    def _keep_this(self, pid: int) -> None:
        """Save the session, then have the guard hold the program, if it does not know yet."""
        if pid != self._pid:
            held_programs.make_folder()
        held_programs.save(self._saved(pid))
        if pid != self._pid:
            control = self._core.program.debuggee.control
            control.name_successor(self.seconds, held_programs.socket_path(pid))
            self._pid = pid

    def _revoke(self) -> None:
        """Have the guard hold the program no longer."""
        if self._pid and isinstance(self._core.state, Stopped | Running):
            control = self._core.program.debuggee.control
            control.name_successor(0, held_programs.socket_path(self._pid))
        self._forget()

    def _forget(self) -> None:
        if self._pid:
            held_programs.forget(self._pid)
            self._pid = 0

    def _tell(self, text: str) -> None:
        """Publish a notice, once: the reason stays as the program runs on."""
        if not self._has_told:
            self._has_told = True
            self._core.notify(text)

    def _saved(self, pid: int) -> SavedSession:
        core, state = self._core, self._core.state
        core.keep_hits()
        threads = state.threads if isinstance(state, Stopped) else None
        return SavedSession(
            pid,
            held_programs.start_time(pid),
            os.getpid(),
            held_programs.start_time(os.getpid()),
            self.seconds,
            core.lifecycle.path,
            core.lifecycle.launched,
            self._selection.tid,
            self._selection.index,
            {str(tid): number for tid, number in threads.signals.items()} if threads else {},
            {str(tid): pc for tid, pc in threads.stop_pcs.items()} if threads else {},
            tuple(map(describe, core.table)),
            core.table.next_number,
        )
