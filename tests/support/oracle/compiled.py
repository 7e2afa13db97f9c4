"""What rustc says of expressions: the text of each value, its panic, or its error."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.support.oracle.generator import DATA, variables

Kind = Literal["value", "panic", "error", "open", "unjudged"]

_BORROWS = frozenset(
    [
        "E0040",
        "E0133",
        "E0373",
        "E0381",
        "E0382",
        "E0384",
        "E0499",
        "E0502",
        "E0503",
        "E0505",
        "E0506",
        "E0507",
        "E0508",
        "E0509",
        "E0515",
        "E0594",
        "E0596",
        "E0597",
        "E0621",
        "E0712",
        "E0716",
        "E0603",
        "E0616",
        "E0624",
        "E0658",
        "E0161",
        "E0728",
    ]
)
"""Errors of borrowing, privacy and unstable features, which a debugger does not have."""

_OPEN = frozenset(("E0282", "E0283", "E0284"))
"""Errors that ask for an annotation."""

_HEAD = """\
#![allow(warnings, arithmetic_overflow, unconditional_panic)]
#[path = "{data}"] mod data;
use data::*;
use std::collections::*;
fn show(index: usize, run: impl FnOnce() -> String) {{
    println!("{{index}} >");
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)) {{
        Ok(text) => println!("{{index}} = {{text:?}}"),
        Err(cause) => {{
            let text = cause.downcast_ref::<String>().cloned()
                .or_else(|| cause.downcast_ref::<&str>().map(|text| text.to_string()))
                .unwrap_or_default();
            println!("{{index}} ! {{text:?}}");
        }}
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What rustc, or the compiled program, says of one expression.

    Attributes:
        text: The value by ``{:?}``, the message of the panic, or code and text of the error.
    """

    kind: Kind
    text: str


def judge(
    expressions: Sequence[str], directory: Path, rustc: str = "rustc", edition: str = "2021"
) -> list[Verdict]:
    """Compile and run expressions, each in a function of its own."""
    found: dict[int, Verdict] = {}
    alive = list(range(len(expressions)))
    program = directory / "batch"
    while True:
        errors = _compile(expressions, alive, program, (rustc, "--edition", edition))
        if not errors:
            break
        found |= errors
        alive = [each for each in alive if each not in errors]
    found |= _run(program, len(expressions))
    return [found.get(index, _NOTHING) for index in range(len(expressions))]


def _run(program: Path, count: int) -> dict[int, Verdict]:
    """Run the expressions; one that does not end, or takes all memory, has no verdict."""
    found: dict[int, Verdict] = {}
    start = 0
    while start < count:
        output = _run_from(program, start)
        found |= dict(_results(output))
        begun = re.findall(r"^(\d+) >", output, re.MULTILINE)
        if not begun or output.endswith("end\n"):
            break
        start = int(begun[-1]) + 1
    return found


def _run_from(program: Path, start: int) -> str:
    command = ["sh", "-c", f"ulimit -v {_KILOBYTES}; exec {program} {start}"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
    return output


_KILOBYTES = 1 << 20
_SECONDS = 10
_NOTHING = Verdict("unjudged", "it did not end")


def _source(expressions: Sequence[str], alive: Iterable[int]) -> tuple[str, dict[int, int]]:
    """The program, and the expression of each line."""
    known = variables()
    text = _HEAD.format(data=DATA)
    lines: dict[int, int] = {}
    line = text.count("\n") + 1
    for index in alive:
        expression = expressions[index].replace("\n", " ")
        named = dict.fromkeys(re.findall(r"[a-z_]\w*", expression))
        # Only variables, not fields and methods of the same name: unused ones do no harm.
        locals_ = "".join(f"let {n} = data::{n}();" for n in named if n in known)
        text += f'fn e{index}() -> String {{ {locals_} format!("{{:?}}", {expression}) }}\n'
        lines[line] = index
        line += 1
    all_ = "".join(f"({index}, e{index} as fn() -> String), " for index in lines.values())
    text += f"""fn main() {{
    std::panic::set_hook(Box::new(|_| {{}}));
    let start: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    for (index, run) in [{all_}] {{
        if index >= start {{ show(index, run); }}
    }}
    println!("end");
}}
"""
    return text, lines


def _compile(
    expressions: Sequence[str], alive: list[int], program: Path, compiler: tuple[str, ...]
) -> dict[int, Verdict]:
    text, lines = _source(expressions, alive)
    source = program.with_suffix(".rs")
    source.write_text(text)
    command = [*compiler, "--error-format", "json", "-C", "debuginfo=0"]
    command += ["-C", "codegen-units=16", "-o", str(program), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    errors: dict[int, Verdict] = {}
    for message in _messages(done.stderr):
        for index in _places(message, source, lines):
            errors.setdefault(index, _error(message))
    assert errors or done.returncode == 0, done.stderr[-3000:]
    return errors


Message = dict[str, Any]
"""A diagnostic as rustc's JSON has it."""


def _messages(output: str) -> Iterator[Message]:
    for line in output.splitlines():
        if line.startswith("{"):
            message = json.loads(line)
            if message.get("level") == "error":
                yield message


def _places(message: Message, source: Path, lines: dict[int, int]) -> set[int]:
    found: set[int] = set()
    pending: list[Message] = list(message["spans"])
    while pending:
        span = pending.pop()
        if span["file_name"] == str(source) and span["line_start"] in lines:
            found.add(lines[span["line_start"]])
        if span.get("expansion"):
            pending.append(span["expansion"]["span"])
    return found


def _error(message: Message) -> Verdict:
    name: str = (message.get("code") or {"code": ""})["code"]
    text = str(message["message"])
    unsized = "lifetime may not live" in text or "cannot be known at compilation time" in text
    if name in _BORROWS or unsized or "doesn't implement `Debug`" in text or "unstable" in text:
        return Verdict("unjudged", f"{name} {text}")
    return Verdict("open" if name in _OPEN else "error", f"{name} {text}")


def _results(output: str) -> Iterator[tuple[int, Verdict]]:
    for line in output.split("\n"):
        if " " not in line:
            continue
        index, mark, *rest = line.split(" ", 2)
        if mark == ">" or not rest:
            continue
        text = rest[0]
        yield int(index), Verdict("value" if mark == "=" else "panic", _unescaped(text))


def _unescaped(text: str) -> str:
    """Undo Rust's ``{:?}`` of a text."""

    def replaced(match: re.Match[str]) -> str:
        if match.group(1):
            return chr(int(match.group(1), 16))
        return {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}.get(match.group(2), match.group(2))

    return re.sub(r"\\(?:u\{([0-9a-f]+)\}|(.))", replaced, text[1:-1])
