"""The process, threads and frames of the present stop: made on first use, then kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.engine.inspect.process import InspectionSettings, Process
from crabtrap.engine.plans.thread_view import ThreadView
from crabtrap.events import ThreadsChanged

if TYPE_CHECKING:
    from crabtrap._core import Registers
    from crabtrap.engine.debuggee import Debuggee
    from crabtrap.engine.inspect.frame import Frame
    from crabtrap.engine.inspect.thread import Thread
    from crabtrap.engine.language import Language


class Inspector:
    """Provides the process, threads and frames of the present stop.

    They are the same objects until the program is resumed, so what one front end has
    unwound or read is not read again for another.
    """

    def __init__(self, debuggee: Debuggee, language: Language) -> None:
        self._debuggee = debuggee
        self._language = language
        self._process: Process | None = None
        self._numbers: dict[int, int] = {}
        self._tids = frozenset[int]()
        self._views: dict[int, ThreadView] = {}
        self._views_epoch = -1

    @property
    def process(self) -> Process:
        """The program at the present stop."""
        debuggee, process = self._debuggee, self._process
        if (
            process is None
            or process.moving
            or process.epoch != debuggee.clock.current
            or process.modules is not debuggee.modules
        ):
            process = self._process = Process(
                debuggee.target,
                debuggee.modules,
                debuggee.clock,
                InspectionSettings(
                    debuggee.options.user_code,
                    language=self._language,
                    substitutes=debuggee.options.substitutes,
                ),
                self._numbers,
                moving=debuggee.is_moving,
                listed=self._note_threads,
            )
        return process

    def _note_threads(self, tids: frozenset[int]) -> None:
        """Publish which threads have started and ended since they were last listed."""
        known, self._tids = self._tids, tids
        if tids != known:
            started, ended = sorted(tids - known), sorted(known - tids)
            self._debuggee.publish(ThreadsChanged(tuple(started), tuple(ended)))

    def view(self, tid: int, registers: Registers | None = None) -> ThreadView:
        """Return a stopped thread as plans see it.

        Args:
            tid: The thread.
            registers: Its general registers, where they are known already.
        """
        debuggee = self._debuggee
        if self._views_epoch != debuggee.clock.current:
            self._views.clear()
            self._views_epoch = debuggee.clock.current
        view = self._views.get(tid)
        if view is None or view.code is not debuggee.code:
            registers = registers or debuggee.target.read_registers(tid)
            view = ThreadView(debuggee.target, debuggee.modules, debuggee.code, tid, registers)
            self._views[tid] = view
        return view

    def forget_memory(self) -> None:
        """Drop cached memory, after the debugger wrote to memory."""
        self._views.clear()
        if self._process is not None:
            self._process.forget_memory()

    def forget(self) -> None:
        """Drop all objects of the stop, after the debugger wrote to a register."""
        self._views.clear()
        self._process = None

    @property
    def known_process(self) -> Process | None:
        """What was made of this stop, for ``return_to``."""
        return self._process

    def return_to(self, process: Process | None) -> None:
        """Give out the objects of an earlier stop again: the program is back at it."""
        self._views.clear()
        self._process = process
        if process is not None:
            process.forget_surroundings()

    def thread(self, tid: int) -> Thread:
        """Return a thread by its tid."""
        return self.process.thread(tid)

    def frame(self, tid: int, index: int = 0) -> Frame:
        """Return a frame of a thread."""
        return self.process.thread(tid).frame(index)
