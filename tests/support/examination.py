"""Asks a session everything that can be asked of a file without running it.

``python -m tests.support.examination FILE`` examines one file and prints a JSON object:
``{"seconds": 0.1, "memory": 50000000, "said": ["..."], "problems": ["..."]}``, seconds of processor
time and bytes.  Anything but a ``CrabtrapError`` ends it with a traceback.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from crabtrap import Session
from crabtrap.errors import CrabtrapError

MEMORY_LIMIT = 1 << 30
_SPECS = ("area", "small.rs:20", "Shape::grow", "/a/", "*0x1000", "main", "bomb.rs:1")
_EXPRESSIONS = ("COUNTER", "small::COUNTER + 1", "&COUNTER")
_FEW = 20
_FORMS = (
    "X", "&X", "*X", "**X", "[X, X]", "(X,)", "X.0", "X[0]", "X.len()",
    "X.clone()", "X as u64", "size_of_val(&X)", "X.iter().count()", "X.to_string()", "-X",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of the questions.

    Attributes:
        said: What was refused, in words.
        problems: What of the file was skipped, in words.
    """

    said: tuple[str, ...]
    problems: tuple[str, ...] = ()


def examine(path: Path) -> Answer:
    """Ask for everything that needs no process; what was refused is the answer."""
    refused: list[str] = []

    def ask(question: Callable[[], object]) -> None:
        try:
            question()
        except CrabtrapError as error:
            refused.append(str(error))

    try:
        session = Session(str(path))
    except CrabtrapError as error:
        return Answer((str(error),))
    with session:
        for spec in _SPECS:
            ask(lambda spec=spec: session.breakpoints.add(spec))
        ask(lambda: session.memory.disassemble(0x1000, count=20))
        module = session.code.modules.main
        assert module is not None
        statics: list[str] = []
        ask(lambda: statics.extend(module.image.complete("", ("static",), _FEW)))
        paths = [each.path for name in statics for each in module.image.find_statics(name)[:_FEW]]
        for name in (*_EXPRESSIONS, *paths):
            for form in _FORMS:
                text = form.replace("X", name)
                ask(lambda text=text: session.values.render(session.evaluate(text)))
            ask(lambda text=name: session.values.tree(session.evaluate(text)))
        ask(lambda: _ask_image(session))
        return Answer(tuple(refused), module.problems)


def _ask_image(session: Session) -> None:
    module = session.code.modules.main
    assert module is not None
    image = module.image
    image.start_indexing()
    image.wait_indexed(4.0)
    for symbol in image.symbols_matching(".", _FEW):
        image.symbol_at(symbol.address)
        image.row_at(symbol.address)
        image.inline_chain(symbol.address)
        image.landing_pads(symbol.address)
    for section in image.sections:
        if section.name == ".text":
            image.function_at(section.address)
            image.inline_chain(section.address)
            image.rows_between(section.address, section.address + min(section.size, 64))
    for function in (*image.find_functions_matching(".", _FEW), *image.find_functions("crowded")):
        image.variables(function.die)
        image.return_type(function.die)
        image.rows_between(function.entry, function.entry + 64)
    for path in image.find_files("")[:_FEW]:
        for line in image.lines_with_code(path)[:_FEW]:
            image.rows_for_line(path, line)
    types = image.complete("", ("type",), _FEW)
    for name in ("Shape", "Point", "u32", *types):
        for die in image.find_types(name)[:_FEW]:
            image.type(die)
    image.find_inlined("it")
    image.complete("", ("function", "type", "static"), 100)


def peak_memory() -> int:
    """The most bytes that this process ever had in memory, without those of its parent."""
    status = Path("/proc/self/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) << 10


def main() -> None:
    """Examine the file that the command line names."""
    start = time.process_time()
    answer = examine(Path(sys.argv[1]))
    seconds = time.process_time() - start
    sys.stdout.write(json.dumps({"seconds": seconds, "memory": peak_memory(), **asdict(answer)}))


def limit_memory() -> None:
    """Have every allocation beyond the limit fail."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


if __name__ == "__main__":
    main()
