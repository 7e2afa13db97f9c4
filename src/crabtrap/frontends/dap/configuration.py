"""What ``launch`` and ``attach`` are told: one table, by which it is read and documented."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crabtrap.errors import UsageError
from crabtrap.records import dataclass

if TYPE_CHECKING:
    from crabtrap.frontends.dap.request_arguments import Arguments


@dataclass(frozen=True, slots=True)
class CargoBlock:
    """What cargo builds, and which of its programs is meant.

    Attributes:
        arguments: Of cargo, the verb first; those of the program after ``--``.
        directory: Where cargo is called; ``None`` for ``cwd``.
        environment: Variables for cargo; ``None`` removes one.
        name: Name of the target, ``None`` for any.
        kind: "bin", "example", "test", "bench", "lib tests", "bin tests"; ``None`` for any.
    """

    arguments: tuple[str, ...]
    directory: str | None = None
    environment: tuple[tuple[str, str | None], ...] = ()
    name: str | None = None
    kind: str | None = None

    def allows(self, name: str, kind: str) -> bool:
        """Whether a program may be the one that is meant."""
        # "lib" and "bin" mean their tests, too, as editors do not tell these apart.
        kinds = (kind, kind.partition(" ")[0])
        return self.name in (None, name) and (self.kind is None or self.kind in kinds)


@dataclass(frozen=True, slots=True)
class Configuration:
    """A launch configuration, or one that attaches.

    Attributes:
        program: The executable, ``None`` where cargo builds it or a process is attached to.
        arguments: Its arguments.
        directory: Its working directory, ``None`` for the server's own.
        environment: Changes to the server's environment; ``None`` removes a variable.
        stop_on_entry: Stop in ``main``, or where an attached process is.
        stdio: Files for its standard input, output and error; ``None`` for the console.
        console: Where it is started: "internalConsole", "integratedTerminal",
            "externalTerminal".
        randomize: Leave address space randomisation on.
        debugs: Breakpoints and panics stop it.
        cargo: What builds the program, ``None`` where it is built already.
        name: Attach to the process with this name, or path of its executable.
        source_map: ``(prefix, directory)``: where sources are that were moved.
        tasks: Asynchronous tasks that wait are shown as threads.
        init_commands: Console commands before the program is started.
        run_commands: Console commands before it runs, once it is there.
    """

    program: str | None = None
    arguments: tuple[str, ...] = ()
    directory: str | None = None
    environment: tuple[tuple[str, str | None], ...] = ()
    stop_on_entry: bool = False
    stdio: tuple[str | None, str | None, str | None] = (None, None, None)
    console: str = "internalConsole"
    randomize: bool = False
    debugs: bool = True
    cargo: CargoBlock | None = None
    name: str | None = None
    source_map: tuple[tuple[str, str], ...] = ()
    tasks: bool = True
    init_commands: tuple[str, ...] = ()
    run_commands: tuple[str, ...] = ()

    def complete_environment(self) -> dict[str, str]:
        """The whole environment that the program starts with."""
        complete = dict(os.environ)
        for name, value in self.environment:
            if value is None:
                complete.pop(name, None)
            else:
                complete[name] = value
        return complete


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a configuration.

    Attributes:
        name: As it is written.
        type: What its value is, for the documentation.
        requests: Where it may be written: "launch", "attach".
        summary: What it does.
    """

    name: str
    type: str
    requests: tuple[str, ...]
    summary: str


_LAUNCH = ("launch",)
_ATTACH = ("attach",)
_BOTH = ("launch", "attach")

SETTINGS: tuple[Setting, ...] = (
    Setting("program", "path", _BOTH, "the executable; for `attach`, whose symbols are read"),
    Setting("args", "list of texts", _LAUNCH, "its arguments"),
    Setting("cwd", "path", _LAUNCH, "its working directory"),
    Setting("env", "object", _LAUNCH, "variables of its environment; `null` removes one"),
    Setting("envFile", "path", _LAUNCH, "a file with lines `NAME=VALUE`, which `env` overrides"),
    Setting("stopOnEntry", "boolean", _BOTH, "stop in `main`, or where the process is"),
    Setting(
        "stdio",
        "list of three",
        _LAUNCH,
        "files for its standard input, output and error; `null` for the debug console",
    ),
    Setting("randomize", "boolean", _LAUNCH, "leave address space randomisation on"),
    Setting(
        "console",
        "text",
        _LAUNCH,
        "`internalConsole`, or a terminal of the editor: `integratedTerminal`, `externalTerminal`",
    ),
    Setting(
        "cargo",
        "object",
        _LAUNCH,
        "`args` for cargo, also `cwd` and `env`; `filter` with `name` and `kind`: built first",
    ),
    Setting("asyncTasks", "boolean", _BOTH, "show tasks that wait as threads; `true` if not given"),
    Setting("initCommands", "list of texts", _BOTH, "console commands before there is a process"),
    Setting("preRunCommands", "list of texts", _BOTH, "console commands before it runs"),
    Setting("noDebug", "boolean", _LAUNCH, "run it and stop at nothing"),
    Setting("pid", "number", _ATTACH, "the process"),
    Setting(
        "processName", "text", _ATTACH, "the process, by its name or the path of its executable"
    ),
    Setting("connect", "text", _ATTACH, "a server: `unix:PATH`, `HOST:PORT`, `stdio:COMMAND`"),
    Setting("sourceMap", "object", _BOTH, "prefix to directory: where sources are that moved"),
)


def read_launch(arguments: Arguments) -> Configuration:
    """Read the arguments of ``launch``.

    Raises:
        UsageError: One is not what it is to be.
    """
    return Configuration(
        program=arguments.text_or_none("program"),
        arguments=tuple(arguments.texts("args")),
        directory=arguments.text_or_none("cwd"),
        environment=_environment(arguments),
        stop_on_entry=arguments.flag("stopOnEntry"),
        stdio=_stdio(arguments),
        randomize=arguments.flag("randomize"),
        console=arguments.text_or("console", "internalConsole"),
        cargo=_cargo(arguments) if "cargo" in arguments else None,
        tasks=arguments.flag("asyncTasks", True),
        init_commands=tuple(arguments.texts("initCommands")),
        run_commands=tuple(arguments.texts("preRunCommands")),
        debugs=not arguments.flag("noDebug"),
        source_map=_source_map(arguments),
    )


def read_attach(arguments: Arguments) -> Configuration:
    """Read the arguments of ``attach``; see ``read_launch``."""
    return Configuration(
        program=arguments.text_or_none("program"),
        stop_on_entry=arguments.flag("stopOnEntry"),
        name=arguments.text_or_none("processName") if "pid" not in arguments else None,
        tasks=arguments.flag("asyncTasks", True),
        init_commands=tuple(arguments.texts("initCommands")),
        run_commands=tuple(arguments.texts("preRunCommands")),
        source_map=_source_map(arguments),
    )


def _cargo(arguments: Arguments) -> CargoBlock:
    if isinstance(arguments.fields["cargo"], list):
        return CargoBlock(tuple(arguments.texts("cargo")))
    block = arguments.object("cargo")
    wanted = block.object("filter")
    environment = block.object("env")
    return CargoBlock(
        arguments=tuple(block.texts("args")),
        directory=block.text_or_none("cwd"),
        environment=tuple((name, environment.text_or_none(name)) for name in environment.fields),
        name=wanted.text_or_none("name"),
        kind=wanted.text_or_none("kind"),
    )


def _environment(arguments: Arguments) -> tuple[tuple[str, str | None], ...]:
    found: dict[str, str | None] = {}
    path = arguments.text_or_none("envFile")
    if path is not None:
        found.update(_read_environment(path))
    given = arguments.object("env")
    for name in given.fields:
        value = given.fields[name]
        found[name] = value if value is None else str(value)
    return tuple(found.items())


def _read_environment(path: str) -> list[tuple[str, str]]:
    """Read lines ``NAME=VALUE``; ``#`` begins a comment, quotes around a value are left out."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            lines = [line.strip() for line in file]
    except OSError as error:
        raise UsageError(f"cannot read envFile {path}: {error.strerror}") from error
    found: list[tuple[str, str]] = []
    for line in lines:
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals:
            raise UsageError(f"{path}: {line!r} is no NAME=VALUE")
        value = value.strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found.append((name.strip(), value))
    return found


def _stdio(arguments: Arguments) -> tuple[str | None, str | None, str | None]:
    items = arguments.items("stdio")
    if not all(each is None or isinstance(each, str) for each in items) or len(items) > 3:
        raise UsageError("stdio is to be a list of three paths, each of which may be null")
    files = [each if isinstance(each, str) else None for each in items] + [None, None, None]
    return files[0], files[1], files[2]


def _source_map(arguments: Arguments) -> tuple[tuple[str, str], ...]:
    given = arguments.object("sourceMap")
    return tuple((prefix, given.text(prefix)) for prefix in given.fields)
