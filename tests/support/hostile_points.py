"""The ways by which hostile bytes come to what crabtrap writes."""

from __future__ import annotations

from pathlib import Path

from tests.support.inferiors import Inferior

LEAST = 60

# The variables of two functions of the program.
_TEXTS = """text owned boxed counted borrowed c_text os_text path letter many by_name
sorted some failed error"""
_NAMED = "structure choice flag union generic object closure"
_VALUES = f"{_NAMED} shown pointer"


def points(payload: str, folder: Path, program: Inferior) -> dict[str, list[str]]:
    """Say what the bytes are, and by which commands crabtrap comes to write them.

    One process can go through all of them in their order.

    Args:
        payload: The hostile bytes.
        folder: A folder whose name has them; files are written there.
        program: The program that has them everywhere.
    """
    lines = {
        **_of_the_user(payload, folder),
        **_of_texts(payload, program),
        **_of_names(payload, program),
        **_of_places(payload, program),
    }
    return {name: commands.split("\n") for name, commands in lines.items()}


def _of_the_user(payload: str, folder: Path) -> dict[str, str]:
    """What comes from the command line, from files that the user names, and from folders."""
    rules = folder / "rules.toml"
    rules.write_text(f'[[rule]]\ntype = "{payload}"\n', errors="surrogateescape")
    script = folder / "script"
    script.write_text(f"{payload}\n", errors="surrogateescape", newline="\n")
    return {
        "working directory": "pwd",
        "arguments": "show args",
        "environment": "show environment",
        "echo": f"echo {payload}\\n",
        "command": payload,
        "subcommand": f"info {payload}",
        "expression": f"print {payload}",
        "text in an expression": f'print "{payload}"',
        "function to break at": f"break {payload}",
        "file to break at": f"break {payload}.rs:1",
        "functions to break at": f"rbreak {payload}",
        "condition": f"break main if {payload}",
        "breakpoint's commands": f"break main\ncommands 1\necho {payload}\nend\ninfo breakpoints",
        "name of a setting": f"set {payload} 1",
        "value of a setting": f"set listsize {payload}",
        "help": f"help {payload}",
        "signal": f"handle {payload} stop",
        "process": f"attach {payload}",
        "server": f"connect unix:{folder}/none",
        "directory": f"cd {folder}/none",
        "rules": f"rules load {rules}",
        "missing rules": f"rules load {folder}/none",
        "script": f"source {script}",
        "missing script": f"source {folder}/none",
        "type": f"ptype {payload}",
        "lines": f"list {payload}",
        "functions": "info functions _function",
    }


def _of_texts(payload: str, program: Inferior) -> dict[str, str]:
    """What is in the memory of the program."""
    return {
        "stop in the program": f"delete\ntbreak main.rs:{program.marker('texts')}\nrun\ninfo proc",
        **{f"text: {name}": f"print {name}" for name in _TEXTS.split()},
        "locals": "info locals",
        "history": "print $1",
        "static": f"print hostile::{payload}_static",
        "convenience variable": "set var $kept = text\nprint $kept",
        "raw view": "print -raw text",
        "string in memory": "x/s &array",
        "characters in memory": "x/13cb &array",
        "display": "display text",
        "comparison": f'print text == "{payload}"',
        "method": f"print text.{payload}",
        "log point": f'dprintf main.rs:{program.marker("names")},"{payload} {{payload}}"',
    }


def _of_names(payload: str, program: Inferior) -> dict[str, str]:
    """What the debug information and the symbols call things."""
    return {
        "function": f"tbreak main.rs:{program.marker('names')}\ncontinue",
        "backtrace": "backtrace",
        "frame": "frame",
        "registers of a frame": "info frame",
        "argument": "info args",
        "variables": "frame variable",
        **{f"value: {name}": f"print {name}" for name in _VALUES.split()},
        **{f"type: {name}": f"ptype {name}" for name in _NAMED.split()},
        **{f"name of the type: {name}": f"whatis {name}" for name in _NAMED.split()},
        "type by its name": f"ptype {payload}_struct",
        "text of the program's Debug": "dbg structure",
        "symbol": "info symbol $pc",
        "disassembly": "disassemble",
        "watched expression": "watch structure\ninfo watchpoints",
        "breakpoints": "info breakpoints",
    }


def _of_places(payload: str, program: Inferior) -> dict[str, str]:
    """Files, threads, libraries, and the end."""
    return {
        "module": "delete\nrbreak innermost\ncontinue",
        "file": "info source",
        "file in a backtrace": "backtrace",
        "missing source": "list",
        "line": "info line",
        "thread": f"tbreak main.rs:{program.marker('thread')}\ncontinue\ninfo threads",
        "selected thread": "thread",
        "all threads": "thread apply all backtrace",
        "path of the program": "info proc",
        "mapped files": "info proc mappings",
        "panic": "continue\ninfo proc",
    }
