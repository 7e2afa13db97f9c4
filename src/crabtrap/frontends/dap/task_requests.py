"""Requests of our own, about asynchronous tasks; only clients that know them send them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends.dap.handler import Handler

if TYPE_CHECKING:
    from crabtrap.frontends.dap.adapter import Adapter
    from crabtrap.frontends.dap.request_arguments import Arguments
    from crabtrap.frontends.dap.requests import Reply


def async_tasks(adapter: Adapter, _arguments: Arguments) -> Reply:
    """All tasks, as the console's ``--json`` describes them; ``threadId`` has a task's stack."""
    from crabtrap.frontends import describe

    listed = adapter.tasks.listed()
    tasks = [{**describe.task(task), "threadId": number} for number, task in listed]
    return {"tasks": tasks, "problems": list(adapter.session.task_problems) if listed else []}


HANDLERS = (Handler("crabtrap/asyncTasks", async_tasks),)
