"""A client of the Debug Adapter Protocol, over the standard streams of a real server."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from tests.support.dap_schema import check_message
from tests.support.inferiors import Inferior

SECONDS = 20.0
"""How long to wait for a message."""

Body = dict[str, Any]

VSCODE: Body = {
    "clientID": "vscode",
    "clientName": "Visual Studio Code",
    "adapterID": "crabtrap",
    "pathFormat": "path",
    "linesStartAt1": True,
    "columnsStartAt1": True,
    "supportsVariableType": True,
    "supportsVariablePaging": True,
    "supportsRunInTerminalRequest": False,
    "locale": "en",
    "supportsProgressReporting": True,
    "supportsInvalidatedEvent": True,
    "supportsMemoryReferences": True,
    "supportsArgsCanBeInterpretedByShell": True,
    "supportsMemoryEvent": True,
    "supportsStartDebuggingRequest": True,
    "supportsANSIStyling": True,
}
"""What VS Code says of itself."""


class RequestFailed(Exception):
    """A request has failed.

    Attributes:
        message: What the response says.
        shown: The user is to be told.
    """

    def __init__(self, response: Body) -> None:
        error = response.get("body", {}).get("error", {})
        super().__init__(error.get("format", response.get("message", "")))
        self.message = str(self)
        self.short = response.get("message", "")
        self.shown = bool(error.get("showUser"))


class DapClient:
    """A client; what it sends and what it receives is checked against the schema.

    Attributes:
        transcript: All messages, in the order they were sent and received.
    """

    def __init__(
        self, command: Sequence[str] | None = None, *, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start a server.

        Args:
            command: What to start; ``crabtrap dap`` by default.
            environment: Its environment.
        """
        self.process = subprocess.Popen(
            command or [sys.executable, "-m", "crabtrap", "dap"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        self.transcript: list[Body] = []
        self.answer: dict[str, Callable[[Body], Body | None]] = {}
        """What requests of the server are answered with, by command; else they are refused."""
        self.check = True
        self.default_filters: list[str] = []
        self._seq = 0
        self._incoming: queue.Queue[Body | None] = queue.Queue()
        self._responses: dict[int, Body] = {}
        self._events: list[Body] = []
        threading.Thread(target=self._read, daemon=True).start()

    # -- the wire ------------------------------------------------------------------------
    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            size = int(header.partition(b":")[2])
            assert stream.readline() == b"\r\n"
            self._incoming.put(json.loads(stream.read(size)))
        self._incoming.put(None)

    def send(self, message: Body) -> None:
        """Send a message as it is."""
        if self.check:
            check_message(message)
        self.transcript.append(message)
        self.send_bytes(json.dumps(message).encode())

    def send_bytes(self, body: bytes) -> None:
        """Send a body, whatever it is."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _pump(self, deadline: float) -> None:
        """Receive a message.

        Raises:
            AssertionError: None has come in time, or the server has ended.
        """
        try:
            message = self._incoming.get(timeout=max(0.01, deadline - time.monotonic()))
        except queue.Empty:
            raise AssertionError(f"nothing more came after:\n{self.tail()}") from None
        if message is None:
            self._incoming.put(None)
            raise AssertionError(f"the server has ended after:\n{self.tail()}")
        self.transcript.append(message)
        if message.get("request_seq") != 0:  # some editors count from 0, the schema from 1
            check_message(message)
        match message["type"]:
            case "response":
                self._responses[message["request_seq"]] = message
            case "event":
                self._events.append(message)
            case _:
                self._answer(message)

    def _answer(self, request: Body) -> None:
        make = self.answer.get(request["command"])
        response = {
            "type": "response",
            "request_seq": request["seq"],
            "command": request["command"],
            "success": make is not None,
        }
        if make is not None:
            response["body"] = make(request["arguments"]) or {}
        else:
            response |= {"message": "not here", "body": {}}
        self._seq += 1
        self.send({"seq": self._seq, **response})

    def tail(self) -> str:
        """The last messages, for people."""
        return "\n".join(json.dumps(each)[:600] for each in self.transcript[-12:])

    # -- requests --------------------------------------------------------------------------
    def request(self, command: str, arguments: Body | None = None) -> int:
        """Send a request; return its number."""
        self._seq += 1
        message: Body = {"seq": self._seq, "type": "request", "command": command}
        if arguments is not None:
            message["arguments"] = arguments
        self.send(message)
        return self._seq

    def response(self, seq: int, seconds: float = SECONDS) -> Body:
        """Wait for the response to a request; return its body.

        Raises:
            RequestFailed: It has failed.
        """
        deadline = time.monotonic() + seconds
        while seq not in self._responses:
            self._pump(deadline)
        response = self._responses.pop(seq)
        if not response["success"]:
            raise RequestFailed(response)
        return cast("Body", response.get("body", {}))

    def call(self, command: str, **arguments: object) -> Body:
        """Send a request and wait for its response; see ``response``."""
        return self.response(self.request(command, arguments))

    # -- events ----------------------------------------------------------------------------
    def event(
        self,
        name: str,
        matches: Callable[[Body], bool] = lambda _: True,
        seconds: float = SECONDS,
    ) -> Body:
        """Wait for an event that was not taken yet; return its body."""
        deadline = time.monotonic() + seconds
        while True:
            for one in self._events:
                if one["event"] == name and matches(one.get("body", {})):
                    self._events.remove(one)
                    return cast("Body", one.get("body", {}))
            self._pump(deadline)

    def pending(self, name: str) -> list[Body]:
        """Bodies of the events that have come, and were not taken."""
        while not self._incoming.empty():
            self._pump(time.monotonic() + 1)
        return [one.get("body", {}) for one in self._events if one["event"] == name]

    def stopped(self) -> Body:
        """Wait for the program to stop."""
        return self.event("stopped")

    def output(self, category: str) -> str:
        """All that has come of one category of output, taken or not."""
        bodies = [m["body"] for m in self.transcript if m.get("event") == "output"]
        return "".join(b["output"] for b in bodies if b.get("category", "console") == category)

    # -- what every editor does --------------------------------------------------------------
    def initialize(self, **changes: object) -> Body:
        """Begin as VS Code does; return the capabilities."""
        capabilities = self.call("initialize", **(VSCODE | changes))
        known = capabilities.get("exceptionBreakpointFilters", [])
        self.default_filters = [each["filter"] for each in known if each.get("default")]
        return capabilities

    def configure(
        self,
        breakpoints: Mapping[str, Sequence[int | Body]] | None = None,
        filters: Sequence[str | Body] | None = None,
    ) -> Body:
        """Send what is configured between ``initialized`` and ``configurationDone``.

        Args:
            breakpoints: Lines, or more, by path.
            filters: Exceptions, with their conditions; the default ones if none are given.

        Returns:
            The breakpoints that were answered, by path.
        """
        self.event("initialized")
        answered = {
            path: self.set_breakpoints(path, *lines) for path, lines in (breakpoints or {}).items()
        }
        self.call("setFunctionBreakpoints", breakpoints=[])
        self.call("setInstructionBreakpoints", breakpoints=[])
        self.set_exceptions(*(self.default_filters if filters is None else filters))
        self.call("configurationDone")
        return answered

    def launch(
        self,
        program: Path | str,
        breakpoints: Mapping[str, Sequence[int | Body]] | None = None,
        *,
        filters: Sequence[str | Body] | None = None,
        **configuration: object,
    ) -> Body:
        """Launch a program in the order of VS Code; see ``configure``."""
        self.initialize()
        seq = self.request("launch", {"program": str(program), **configuration})
        answered = self.configure(breakpoints, filters)
        self.response(seq)
        return answered

    def stop_at(self, inferior: Inferior, marker: str, **configuration: Any) -> int:
        """Launch a program and run to a marker; return the thread that stopped there."""
        lines = {str(inferior.source): [inferior.marker(marker)]}
        self.launch(inferior.path, lines, **configuration)
        return cast("int", self.stopped()["threadId"])

    def set_breakpoints(self, path: str, *lines: int | Body) -> list[Body]:
        """Replace the breakpoints of a file; return what was answered."""
        wanted = [{"line": each} if isinstance(each, int) else each for each in lines]
        return cast(
            "list[Body]",
            self.call(
                "setBreakpoints",
                source={"path": path, "name": Path(path).name},
                lines=[each["line"] for each in wanted],
                breakpoints=wanted,
                sourceModified=False,
            )["breakpoints"],
        )

    def set_exceptions(self, *filters: str | Body) -> list[Body]:
        """Choose what stops the program; return what was answered."""
        names = [each for each in filters if isinstance(each, str)]
        options = [each for each in filters if not isinstance(each, str)]
        found = self.call("setExceptionBreakpoints", filters=names, filterOptions=options)
        return cast("list[Body]", found.get("breakpoints", []))

    def frames(self, thread: int, count: int = 20) -> list[Body]:
        """The innermost frames of a thread."""
        found = self.call("stackTrace", threadId=thread, startFrame=0, levels=count)
        return cast("list[Body]", found["stackFrames"])

    def scopes(self, frame: int) -> dict[str, Body]:
        """The scopes of a frame, by name."""
        return {each["name"]: each for each in self.call("scopes", frameId=frame)["scopes"]}

    def variables(self, reference: int, **page: object) -> list[Body]:
        """What has a number."""
        found = self.call("variables", variablesReference=reference, **page)
        return cast("list[Body]", found["variables"])

    def locals(self, thread: int) -> dict[str, Body]:
        """The variables of the innermost frame, by name."""
        frame = self.frames(thread, 1)[0]["id"]
        rows = self.variables(self.scopes(frame)["Locals"]["variablesReference"])
        return {row["name"]: row for row in rows}

    def evaluate(self, expression: str, frame: int | None = None, context: str = "watch") -> Body:
        """Evaluate an expression."""
        place = {} if frame is None else {"frameId": frame}
        return self.call("evaluate", expression=expression, context=context, **place)

    # -- the end ---------------------------------------------------------------------------
    def disconnect(self, **arguments: object) -> None:
        """Disconnect, and wait until the server has ended."""
        self.call("disconnect", **arguments)
        self.end()

    def end(self) -> int:
        """Close the server's input, and return its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(SECONDS)

    def close(self) -> None:
        """End the server, whatever it does."""
        if self.process.poll() is None:
            try:
                self.end()
            except (subprocess.TimeoutExpired, OSError):
                self.process.kill()
                self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None and not stream.closed:
                stream.close()


@pytest.fixture
def client() -> Generator[DapClient]:
    """A client with a server of its own."""
    made = DapClient()
    yield made
    made.close()
