"""Events of the session, told to the client as events of the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap import events
from crabtrap.frontends.dap.announcements import Announcements
from crabtrap.frontends.dap.stop_words import stop_words

if TYPE_CHECKING:
    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.adapter import Adapter


class EventRelay:
    """Tells the client what happens, in its terms.

    Until all is configured, the stops that a launch consists of are nobody's business.
    """

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._outbox = adapter.outbox
        self._announcements = Announcements(adapter)

    def on_event(self, event: events.Event) -> None:
        """Tell the client of an event, if it is one for clients."""
        match event:
            case events.StopEvent(reasons=(events.Exited() as exited, *_)):
                self._exited(exited)
            case events.StopEvent():
                self.stopped(event)
            case events.Resumed():
                self._resumed()
            case events.ProcessDetached():
                self._terminated()
            case _:
                self._announcements.tell(event)

    # -- stops -------------------------------------------------------------------------------
    def stopped(self, event: events.StopEvent) -> None:
        """Tell of a stop."""
        adapter = self._adapter
        adapter.references.forget()
        adapter.stop = event
        if not adapter.configured or isinstance(event.reasons[0], events.Started):
            return
        # An editor that hears of a thread after the stop forgets the stop: all are listed first.
        self._announcements.tell_threads(each.tid for each in adapter.session.process.threads)
        words = stop_words(event.reasons[0])
        reason = words.reason
        if reason == "breakpoint":
            reason = self._kind_of_breakpoint(event)
        body: protocol.StoppedEventBody = {
            "reason": reason,
            "description": words.description + self._place(),
            "threadId": event.thread,
            "allThreadsStopped": True,
        }
        if words.text:
            body["text"] = words.text
        hit = [why.breakpoint for why in event.reasons if isinstance(why, events.BreakpointHit)]
        hit += [why.watchpoint for why in event.reasons if isinstance(why, events.WatchHit)]
        if hit:
            body["hitBreakpointIds"] = hit
        self._outbox.event_after_response("stopped", body)

    def _place(self) -> str:
        """Where the program stopped, as a part of a sentence."""
        frame = self._adapter.client.frame
        if frame.path is None:
            return f" in {frame.function}" if frame.function else ""
        return f" in {frame.function} at {frame.path.rpartition('/')[2]}:{frame.line}"

    def _kind_of_breakpoint(self, event: events.StopEvent) -> str:
        hit = event.reasons[0]
        if not isinstance(hit, events.BreakpointHit):
            return "breakpoint"
        if hit.breakpoint == self._adapter.entry_breakpoint:
            return "entry"
        group = self._adapter.stoppoints.group_of(hit.breakpoint)
        return f"{group} breakpoint" if group in ("function", "instruction") else "breakpoint"

    def _resumed(self) -> None:
        self._adapter.references.forget()
        self._adapter.stop = None
        if self._adapter.configured and not self._adapter.resuming:
            thread = self._adapter.client.thread.tid if self._adapter.session.is_stopped else 0
            self._outbox.event("continued", {"threadId": thread, "allThreadsContinued": True})

    def _exited(self, exited: events.Exited) -> None:
        self._adapter.references.forget()
        self._adapter.stop = None
        self._announcements.end_output()
        if self._adapter.replacing:
            return
        code = exited.code if exited.code is not None else 128 + (exited.signal or 0)
        if exited.code is None:
            self._adapter.say(f"The program was {exited.status}.")
        self._outbox.event_after_response("exited", {"exitCode": code})
        self._terminated()

    def _terminated(self) -> None:
        self._outbox.event_after_response("terminated")
