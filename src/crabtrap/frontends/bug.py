"""The report that is shown for a bug in crabtrap."""

from __future__ import annotations


def bug_report(error: BaseException) -> str:
    """The traceback of ``error`` and how to report it; several lines, unescaped."""
    import platform
    import traceback

    trace = "".join(traceback.format_exception(error))
    return (
        f"{trace}\nThis is a bug in crabtrap. Please report the lines above, what you did before,\n"
        f"and this: Python {platform.python_version()}, {platform.platform()}.\n"
    )
