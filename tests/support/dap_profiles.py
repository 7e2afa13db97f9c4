"""What editors send, played to a server: ``tests/dap/profiles``.

A profile is a list of steps. ``send`` sends a request as the editor writes it, unless the server
lacks the capability that ``if`` names; ``response`` and ``event`` wait, and ``keep`` what later
requests name by ``$NAME``. All but what ``may_fail``, as what is cancelled, has to succeed.
Nothing of what is sent is checked: editors are as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from tests.support.dap_client import DapClient, RequestFailed

PROFILES = Path(__file__).parents[1] / "dap" / "profiles"

Step = dict[str, Any]


def play(profile: str, client: DapClient, names: Mapping[str, object]) -> None:
    """Play a profile to the end.

    Args:
        profile: Name of the file.
        client: A client that has sent nothing yet.
        names: What ``program``, ``source``, ``line`` and ``directory`` stand for.
    """
    content = json.loads((PROFILES / f"{profile}.json").read_text("utf-8"))
    player = _Player(client, dict(names), content.get("first_seq", 1))
    for step in content["steps"]:
        player.take(step)
    player.finish()


class _Player:
    def __init__(self, client: DapClient, names: dict[str, object], first_seq: int) -> None:
        self._client = client
        self._client.check = False
        self._names = names
        self._seq = first_seq
        self._capabilities: dict[str, Any] = {}
        self._open: list[tuple[Step, int]] = []

    def take(self, step: Step) -> None:
        """Do what a step says."""
        if "send" in step:
            self._send(step)
        elif "response" in step:
            self._keep(step, self._await_response(step["response"]))
        else:
            self._keep(step, self._client.event(step["event"]))

    def finish(self) -> None:
        """Wait for all responses that no step has waited for, and for the server to end."""
        for step, seq in self._open:
            try:
                self._client.response(seq)
            except RequestFailed:
                if not step.get("may_fail"):
                    raise
        assert self._client.end() == 0

    def _send(self, step: Step) -> None:
        if "if" in step and not self._capabilities.get(step["if"]):
            return
        request = {"seq": self._seq, "type": "request", "command": step["send"]}
        if "arguments" in step:
            request["arguments"] = self._filled(step["arguments"])
        self._client.send(request)
        self._open.append((step, self._seq))
        if "as" in step:
            self._names[f"seq:{step['as']}"] = self._seq
        self._seq += 1

    def _await_response(self, command: str) -> dict[str, Any]:
        """Wait for the response to the oldest such request."""
        one = next(each for each in self._open if each[0]["send"] == command)
        self._open.remove(one)
        body = self._client.response(one[1])
        if command == "initialize":
            self._capabilities = body
            known = body.get("exceptionBreakpointFilters", [])
            self._names["filters"] = [each["filter"] for each in known if each.get("default")]
        return body

    def _keep(self, step: Step, body: object) -> None:
        for name, path in step.get("keep", {}).items():
            found: Any = body
            for part in path.split("."):
                found = found[int(part) if part.isdigit() else part]
            self._names[name] = found

    def _filled(self, pattern: object) -> object:
        """Arguments with what their names stand for."""
        match pattern:
            case str() if pattern.startswith("$"):
                return self._names[pattern[1:]]
            case ["$filters"]:
                return self._names["filters"]
            case list():
                return [self._filled(each) for each in cast("list[object]", pattern)]
            case dict():
                items = cast("dict[str, object]", pattern).items()
                return {name: self._filled(each) for name, each in items}
            case _:
                return pattern
