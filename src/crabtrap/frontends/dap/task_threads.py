"""Asynchronous tasks as threads: every editor can show these."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from crabtrap.errors import NotFoundError

if TYPE_CHECKING:
    from crabtrap import Session, Task
    from crabtrap.frontends.dap import protocol

FIRST_NUMBER = 1 << 30
"""Numbers of tasks are beyond those of all threads, see PID_MAX_LIMIT in proc(5)."""

MOST_SHOWN = 1024
"""Tasks among the threads; a last one says how many more there are."""


class TaskThreads:
    """Gives every task a number, the same as long as the task lives."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._numbers = count(FIRST_NUMBER + 1)
        self._known: dict[tuple[int, str], int] = {}

    def listed(self) -> list[tuple[int, Task]]:
        """All tasks with their numbers; none where the program has no runtime."""
        session = self._session
        if not session.is_stopped or not session.has_runtime:
            return []
        return [(self._number(task), task) for task in session.tasks]

    def _number(self, task: Task) -> int:
        key = (int(task.address), task.root)
        if key not in self._known:
            self._known[key] = next(self._numbers)
        return self._known[key]

    def find(self, number: int) -> Task:
        """Return the task with a number.

        Raises:
            NotFoundError: There is none.
        """
        for known, task in self.listed():
            if known == number:
                return task
        raise NotFoundError("task", str(number), hint="it may have ended")

    def rows(self) -> list[protocol.Thread]:
        """The tasks that no thread runs, as threads."""
        waiting = [(number, task) for number, task in self.listed() if task.thread is None]
        rows: list[protocol.Thread] = [
            {"id": number, "name": f"{task.title}: {task.short_name} ({task.state})"}
            for number, task in waiting[:MOST_SHOWN]
        ]
        if len(waiting) > MOST_SHOWN:
            rows.append({"id": FIRST_NUMBER, "name": f"… {len(waiting) - MOST_SHOWN} more tasks"})
        return rows
