"""How the program is started: arguments, environment, directory, streams."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crabtrap import Stdio
from crabtrap.records import dataclass, field, replace

if TYPE_CHECKING:
    from crabtrap.frontends.console.run_line import RunLine


@dataclass(slots=True)
class LaunchOptions:
    """Options of this launch and the next, from the command line, ``run`` and ``set``.

    Attributes:
        stdio: How the program's streams are connected where nothing else is asked for.
        arguments: Of the program, without ``argv[0]``.
        environment: Changes to the debugger's own environment; ``None`` removes a variable.
        directory: The program's working directory; ``None`` is the debugger's own.
        randomize: Address space randomisation stays on.
        tty: Terminal device for the program's streams, ``None`` for ``stdio``.
        redirections: Files by stream: "stdin", "stdout", "stderr".
        append: Output files are appended to.
    """

    stdio: Stdio
    arguments: tuple[str, ...] = ()
    environment: dict[str, str | None] = field(default_factory=dict[str, "str | None"])
    directory: str | None = None
    randomize: bool = False
    tty: str | None = None
    redirections: dict[str, str] = field(default_factory=dict[str, str])
    append: bool = False

    def use_run_line(self, line: RunLine) -> None:
        """Take arguments and redirections from what was typed after ``run``."""
        self.arguments = line.arguments
        self.redirections, self.append = line.files, line.append

    def complete_environment(self) -> dict[str, str]:
        """The whole environment the program starts with."""
        environment = dict(os.environ)
        for name, value in self.environment.items():
            if value is None:
                environment.pop(name, None)
            else:
                environment[name] = value
        return environment

    def complete_stdio(self, size: tuple[int, int]) -> Stdio:
        """How the next launch is to be connected.

        Args:
            size: Rows and columns of a terminal made for the program.
        """
        stdio = Stdio.files(self.tty, self.tty, self.tty) if self.tty else self.stdio
        return replace(stdio, size=size).redirect(append=self.append, **self.redirections)
