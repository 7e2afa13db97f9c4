"""Code of runtimes that steps and breakpoints know: where tasks are polled, made and completed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from crabtrap.symbols.code_rows import Function
    from crabtrap.tasks.task import Task

_RUNTIMES = (
    "tokio::runtime::task::",
    "async_task::raw::RawTask",
    "futures_util::stream::futures_unordered::",
    "futures_executor::",
)
"""Paths of what runtimes call to poll a task, with generic arguments left out."""
_SPAWNS = "^<?tokio::runtime::task::raw::RawTask>?::new(?:::)?<.*(?:{future})"
_COMPLETES = (
    "^tokio::runtime::task::harness::Harness<T,S>::complete<.*(?:{future})"
    "|^<tokio::runtime::task::harness::Harness<.*(?:{future}).*>>::complete$"
)
"""What a function's path is that makes or completes a task of some future, for both ways of
mangling symbols."""
_PATTERN = re.compile(r"/(?P<pattern>.*)/")


def runs_tasks(function: Function) -> bool:
    """Whether a function is part of a runtime and polls tasks.

    The caller of such a function may be the user's ``main``, which awaits none of them.
    """
    return function.name.startswith(_RUNTIMES)


def expand_spec(spec: str) -> str:
    """Return a linespec for ``task-spawn`` and ``task-complete``; any other one as it is.

    Example:
        >>> expand_spec("task-spawn /serve/")
        '/^<?tokio::runtime::task::raw::RawTask>?::new(?:::)?<.*(?:serve)/'
        >>> expand_spec("main.rs:5")
        'main.rs:5'

    Raises:
        UsageError: What follows is no regular expression in slashes.
    """
    word, _, rest = spec.strip().partition(" ")
    place = {"task-spawn": _SPAWNS, "task-complete": _COMPLETES}.get(word)
    if place is None:
        return spec
    found = _PATTERN.fullmatch(rest.strip() or "//")
    if found is None:
        raise UsageError(f"{rest.strip()} is no /REGEX/ for the future's path")
    return f"/{place.replace('{future}', found['pattern'])}/"


def task_matcher(text: str) -> Callable[[Task], bool]:
    """Return the test for a task that is given by its number or by its future's path.

    Args:
        text: ``7``, or ``/regex/``, which is searched for in the path.

    Raises:
        UsageError: It is neither.
    """
    found = _PATTERN.fullmatch(text)
    if found is None:
        if not text.isdecimal():
            raise UsageError(
                f"{text} is no task", hint="give its number, or a /REGEX/ for its root"
            )
        return lambda task: task.label == text
    try:
        pattern = re.compile(found["pattern"])
    except re.error as error:
        raise UsageError(f"{text} is not a regular expression: {error}") from None
    return lambda task: pattern.search(task.root) is not None
