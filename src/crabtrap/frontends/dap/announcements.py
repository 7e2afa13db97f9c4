"""What happens besides stops, told to the client: output, changes, progress."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from crabtrap import events
from crabtrap.frontends.dap.code_requests import describe_module
from crabtrap.frontends.dap.stop_words import stop_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crabtrap.frontends.dap import protocol
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.requests import Body


class Announcements:
    """Tells the client of events that are neither stops nor ends."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._outbox = adapter.outbox
        # Characters may be torn apart by what the program writes at once.
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {name: decoder("replace") for name in ("stdout", "stderr")}
        self._shown_progress: set[int] = set()
        self._threads: set[int] = set()

    def tell(self, event: events.Event) -> None:
        """Tell of an event, if it is one for clients."""
        match event:
            case events.OutputReceived(stream=stream, data=data):
                self._output(stream, self._decoders[stream].decode(data))
            case events.LogMessage():
                self._logged(event)
            case events.SignalReceived():
                self._adapter.say(stop_words(event).text)
            case events.Notice(text=text):
                self._adapter.say(text)
            case events.ProgressChanged():
                self._progressed(event)
            case _:
                self._changed(event)

    def _changed(self, event: events.Event) -> None:
        match event:
            case events.BreakpointChanged():
                self._breakpoint_changed(event)
            case events.ThreadsChanged(started=started, ended=ended):
                self._threads_changed(started, ended)
            case events.LibrariesChanged() if self._adapter.configured:
                self._libraries_changed(event)
            case events.MemoryWritten() | events.RegisterWritten():
                self._written(event)
            case _:
                pass

    def end_output(self) -> None:
        """Tell what is left of the program's output: it has ended."""
        for stream, decoder in self._decoders.items():
            self._output(stream, decoder.decode(b"", final=True))

    def _output(self, category: str, text: str) -> None:
        if text:
            self._outbox.event("output", {"category": category, "output": text})

    def _logged(self, event: events.LogMessage) -> None:
        body: protocol.OutputEventBody = {"category": "console", "output": f"{event.text}\n"}
        item = self._adapter.client.breakpoints[event.breakpoint]
        for place in getattr(item, "locations", ())[:1]:
            if place.path is not None and place.line is not None:
                abilities = self._adapter.abilities
                body["source"] = self._adapter.sources.describe(place.path, abilities)
                body["line"] = abilities.line_to_client(place.line)
        self._outbox.event("output", body)

    def _breakpoint_changed(self, event: events.BreakpointChanged) -> None:
        book = self._adapter.stoppoints
        if book.changing or book.group_of(event.breakpoint) is None:
            return
        if event.change == "removed":
            gone: Body = {"id": event.breakpoint, "verified": False}
            self._outbox.event("breakpoint", {"reason": "removed", "breakpoint": gone})
            return
        described = book.describe_number(event.breakpoint, self._adapter.abilities)
        self._outbox.event("breakpoint", {"reason": "changed", "breakpoint": described})

    def _threads_changed(self, started: tuple[int, ...], ended: tuple[int, ...]) -> None:
        self.tell_threads(started)
        for tid in ended:
            self._threads.discard(tid)
            self._outbox.event("thread", {"reason": "exited", "threadId": tid})

    def tell_threads(self, tids: Iterable[int]) -> None:
        """Tell of threads that were not told of yet."""
        for tid in tids:
            if tid not in self._threads:
                self._threads.add(tid)
                self._outbox.event("thread", {"reason": "started", "threadId": tid})

    def _libraries_changed(self, event: events.LibrariesChanged) -> None:
        loaded = {each.path: each for each in self._adapter.session.code.modules}
        for path in event.loaded:
            if path in loaded:
                module = describe_module(loaded[path])
                self._outbox.event("module", {"reason": "new", "module": module})
        for path in event.unloaded:
            gone = {"id": path, "name": path.rpartition("/")[2]}
            self._outbox.event("module", {"reason": "removed", "module": gone})

    def _progressed(self, event: events.ProgressChanged) -> None:
        """Tell how far something is that takes long, if the client shows that."""
        name = f"operation {event.operation}"
        if not self._adapter.abilities.progress:
            return
        if event.operation not in self._shown_progress:
            if event.ended:
                return
            self._shown_progress.add(event.operation)
            start = {"progressId": name, "title": event.label, "cancellable": True}
            self._outbox.event("progressStart", start)
        if event.ended:
            self._shown_progress.discard(event.operation)
            self._outbox.event("progressEnd", {"progressId": name})
            return
        update: protocol.ProgressUpdateEventBody = {"progressId": name, "message": event.label}
        if event.total and event.done is not None:
            update["percentage"] = min(100, 100 * event.done // event.total)
        self._outbox.event("progressUpdate", update)

    def _written(self, event: events.MemoryWritten | events.RegisterWritten) -> None:
        abilities = self._adapter.abilities
        if isinstance(event, events.MemoryWritten) and abilities.memory_events:
            body = {"memoryReference": f"{event.address:#x}", "offset": 0, "count": event.size}
            self._outbox.event("memory", body)
        if isinstance(event, events.RegisterWritten):
            self._adapter.references.forget()
        if abilities.invalidated:
            area = "all" if isinstance(event, events.RegisterWritten) else "variables"
            self._outbox.event("invalidated", {"areas": [area]})
