"""The server: one thread reads what the client sends, the session's thread answers it."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

from crabtrap.errors import CrabtrapError, UsageError
from crabtrap.frontends.dap.adapter import Adapter
from crabtrap.frontends.dap.event_relay import EventRelay
from crabtrap.frontends.dap.inbox import Inbox
from crabtrap.frontends.dap.outbox import Outbox
from crabtrap.frontends.dap.request_arguments import Arguments
from crabtrap.frontends.dap.request_table import HANDLERS, capabilities
from crabtrap.frontends.dap.requests import LATER, Request
from crabtrap.frontends.dap.wire import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap import Session
    from crabtrap.frontends.dap.adapter import CommandConsole
    from crabtrap.frontends.dap.handler import Handler
    from crabtrap.frontends.dap.wire import Message, MessageReader, MessageWriter


class DapServer:
    """Serves one client, until it disconnects or is gone."""

    def __init__(
        self,
        reader: MessageReader,
        writer: MessageWriter,
        make_console: Callable[[Session], CommandConsole] | None = None,
    ) -> None:
        self._reader = reader
        self._inbox = Inbox()
        self._outbox = Outbox(writer.write)
        self._adapter = Adapter(self._outbox)
        self._adapter.capabilities = capabilities()
        self._adapter.opened = self._opened
        self._adapter.make_console = make_console
        self._lock = threading.Lock()
        self._under_way: list[int] = []
        self._session: Session | None = None

    def run(self) -> None:
        """Serve the client."""
        threading.Thread(target=self._read, name="dap-reader", daemon=True).start()
        try:
            while not self._adapter.finished:
                self._serve()
        finally:
            self._adapter.close()

    def _serve(self) -> None:
        """Wait for requests, and for the program where there is one."""
        if not self._adapter.has_session:
            self._inbox.wait()
            self._work()
            return
        try:
            self._adapter.session.serve()
        except CrabtrapError as error:  # of a condition, say: the program is stopped by it
            self._adapter.say(str(error), "important")

    def _opened(self, session: Session) -> None:
        self._session = session
        session.subscribe(EventRelay(self._adapter).on_event)

        def wake() -> None:
            # One at a time: what cancels a request is forgotten at its end, and ends no other.
            session.post(self._work_once)

        self._inbox.wake = wake

    # -- the thread that reads ---------------------------------------------------------------
    def _read(self) -> None:
        while (message := self._reader.read()) is not None:
            if isinstance(message, Unreadable):
                self._adapter.say(f"crabtrap received {message.reason}", "important")
            else:
                self._receive(message)
        self._cancel_all()
        self._inbox.put(self._finish)

    def _receive(self, message: Message) -> None:
        """Sort a message; ``cancel`` cannot wait for its turn."""
        seq, command = message.get("seq"), message.get("command")
        match message.get("type"):
            case "response":
                answered = self._outbox.take_answer(message.get("request_seq"))
                if answered is not None:
                    succeeded = message.get("success") is True
                    body = message.get("body")
                    answered(succeeded, body)  # somebody waits for it
            case "request" if isinstance(command, str):
                number = seq if isinstance(seq, int) else 0
                request = Request(number, command, message.get("arguments"))
                if command == "cancel":
                    self._cancel(request)
                    return
                if command == "disconnect":
                    self._cancel_all()
                self._inbox.put(request)
            case kind:
                self._adapter.say(f"crabtrap received a message of type {kind!r}", "important")

    def _cancel(self, request: Request) -> None:
        """Cancel a request that waits or is being carried out; it is answered all the same."""
        try:
            fields = Arguments(request.fields)
            number = fields.number_or_none("requestId")
            progress = fields.text_or_none("progressId")
        except UsageError as error:
            self._outbox.fail(request, error)
            return
        waiting = self._inbox.remove(number) if number is not None else None
        if waiting is not None:
            self._outbox.fail(waiting, "cancelled")
        elif number is not None:
            with self._lock:
                if self._under_way[-1:] == [number]:
                    self._cancel_current()
        elif progress is not None:
            self._cancel_all()
        self._outbox.respond(request)

    def _cancel_all(self) -> None:
        with self._lock:
            if self._under_way:
                self._cancel_current()

    def _cancel_current(self) -> None:
        cancel = self._adapter.cancel_job
        if cancel is not None:
            cancel()
        elif self._session is not None:
            self._session.cancel()

    # -- the thread of the session -------------------------------------------------------------
    def _work(self) -> None:
        """Carry out all that has come."""
        while not self._adapter.finished and self._work_once():
            pass

    def _work_once(self) -> bool:
        """Carry out the first that has come; return whether there was anything."""
        item = self._inbox.take()
        if item is None:
            return False
        if isinstance(item, Request):
            self._answer(item)
        else:
            item()
        if self._adapter.finished and self._adapter.has_session:
            self._adapter.session.stop_serving()
        return True

    def _finish(self) -> None:
        """End: the client is gone."""
        self._adapter.finished = True

    def _answer(self, request: Request) -> None:
        adapter = self._adapter
        with self._lock:
            self._under_way.append(request.seq)
        self._outbox.begin()
        before, adapter.current = adapter.current, request
        try:
            self._carry_out(request)
        finally:
            adapter.current = before
            with self._lock:
                self._under_way.pop()
            self._outbox.end()
        while adapter.afterwards:
            self._afterwards()

    def _afterwards(self) -> None:
        try:
            self._adapter.afterwards.pop(0)()
        except CrabtrapError as error:
            self._adapter.say(str(error), "important")

    def _carry_out(self, request: Request) -> None:
        handler = HANDLERS.get(request.command)
        if handler is None:
            self._outbox.fail(request, f"{request.command}: there is no such request")
            return
        try:
            reply = handler.handle(self._adapter, Arguments(request.fields))
        except CrabtrapError as error:
            self._outbox.fail(request, error, shown=handler.shown)
        except Exception as error:
            self._report_bug(request, handler, error)
        else:
            if reply is not LATER:
                self._outbox.respond(request, reply)

    def _report_bug(self, request: Request, handler: Handler, error: Exception) -> None:
        from crabtrap.frontends.bug import bug_report
        from crabtrap.frontends.shortages import find_shortage

        shortage = find_shortage(error)
        if shortage is not None:
            self._outbox.fail(request, shortage, shown=handler.shown)
            return
        sys.stderr.write(bug_report(error))
        text = f"a bug in crabtrap ({type(error).__name__}); its standard error has the report"
        self._outbox.fail(request, text, shown=handler.shown)


def run_dap(make_console: Callable[[Session], CommandConsole]) -> int:
    """Serve a client on standard input and output; return the exit code.

    Args:
        make_console: Makes what executes the commands of users.
    """
    from crabtrap.frontends.dap.wire import take_standard_streams

    DapServer(*take_standard_streams(), make_console).run()
    return 0
