"""Three hundred random types and every niche: as the program's ``Debug`` and gdb have them.

``Debug`` is right by definition, but prints no address, no reference and no ``Box``.  gdb
reads the same debug information with other code, and is compared part by part.
"""

from __future__ import annotations

import json
import os
import re
import struct
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from crabtrap import Session
from crabtrap.present import RenderOptions
from crabtrap.target.stdio import Stdio
from tests.live.random_types import Program, random_program
from tests.support.debug_texts import unboxed
from tests.support.needs import require
from tests.support.toolchains import find_compiler

_WHOLE = RenderOptions(max_items=None, max_depth=60, max_text=1 << 16)
_GDB_SCRIPT = Path(__file__).with_name("gdb_trees.py")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "'": "'", '"': '"', "\\": "\\"}

# What gdb 13 gets wrong or cannot tell: how often at most in one program.  Each of these
# parts is still compared with what the program prints.
_GDB_LIMITS = {
    "a tag of 16 bytes": 30,
    "a variant that cannot exist": 2,
}

Tree = object
"""A text (a scalar), a list (items) or ``{"name": .., "fields": {..}}``."""


class Made:
    """A random program, compiled and run."""

    def __init__(self, program: Program, compiler: tuple[str, ...], directory: Path) -> None:
        self.program = program
        self.source, self.path = directory / "random.rs", directory / "random"
        self.source.write_text(program.source)
        command = [*compiler, "--edition", "2021", "-g", "-o", self.path, self.source]
        subprocess.run(command, check=True, capture_output=True, text=True)
        done = subprocess.run([self.path], check=True, capture_output=True, text=True)
        self.printed = dict(zip(program.types, done.stdout.splitlines(), strict=True))
        self.location = f"random.rs:{program.line}"

    def ours(self) -> tuple[dict[str, str], dict[str, Tree]]:
        """Every variable as text and as a tree."""
        with Session(str(self.path)) as session:
            session.breakpoints.add(self.location)
            session.launch((), stdio=Stdio.pipes())
            session.continue_()
            values = {name: session.evaluate(name) for name in self.program.types}
            texts = {name: session.values.render(value, _WHOLE) for name, value in values.items()}
            trees = {name: session.values.tree(value, _WHOLE) for name, value in values.items()}
            session.kill()
        return texts, {name: plain(tree) for name, tree in trees.items()}

    def gdbs(self) -> dict[str, Tree]:
        """Every variable as gdb has it, in one run."""
        asked, answered = (self.path.with_name(f"{name}.json") for name in ("asked", "answered"))
        asked.write_text(json.dumps({"place": self.location, "names": [*self.program.types]}))
        paths = {"CRABTRAP_QUESTIONS": str(asked), "CRABTRAP_ANSWERS": str(answered)}
        command = ["gdb", "-nx", "-batch", "-iex", "set auto-load no", "-x", _GDB_SCRIPT, self.path]
        done = subprocess.run(
            command, env=os.environ | paths, capture_output=True, text=True, check=False
        )
        assert answered.exists(), done.stderr
        return dict(zip(self.program.types, json.loads(answered.read_text()), strict=True))


@pytest.fixture(
    scope="module",
    params=[(1, ""), (2, ""), (3, "rustc"), (4, "rustc-web-oldest"), (5, "rustc-web")],
    ids=lambda param: f"{param[0]}-{param[1] or 'stable'}",
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    seed, toolchain = request.param
    if toolchain:
        require(toolchain)
    compiler = find_compiler(toolchain) if toolchain else ("rustc",)
    assert compiler is not None
    return Made(random_program(seed), compiler, tmp_path_factory.mktemp("random"))


@pytest.mark.timeout(120)
def test_shown_as_the_program_itself_shows_it(made: Made):
    texts, _ = made.ours()
    wrong = {
        name: (made.program.types[name], printed, texts[name])
        for name, printed in made.printed.items()
        if unboxed(texts[name]) != printed
    }
    assert not wrong, f"{len(wrong)} wrong, first: {[*wrong.items()][:3]}"


@pytest.mark.differential
@pytest.mark.timeout(300)
def test_every_part_is_what_gdb_says(made: Made):
    _, ours = made.ours()
    theirs = made.gdbs()
    assert len(ours) > 300
    limits: Counter[str] = Counter()
    wrong: list[str] = []
    for name, type_ in made.program.types.items():
        for path, we, they in differences(ours[name], theirs[name], name):
            limit = gdb_limit(we, they)
            limits[limit] += 1
            if not limit:
                wrong.append(f"{path}, in a {type_}\n  gdb  {they}\n  ours {we}")
    assert not wrong, f"{len(wrong)} wrong, first:\n" + "\n".join(wrong[:5])
    assert {limit: count for limit, count in limits.items() if count > _GDB_LIMITS[limit]} == {}


def gdb_limit(ours: Tree, theirs: Tree) -> str:
    """Why gdb's answer does not count, ``""`` where it does."""
    if isinstance(theirs, dict) and "not available on integers" in str(theirs.get("cannot")):
        return "a tag of 16 bytes"
    if ours != theirs and "Infallible" in str(theirs):
        return "a variant that cannot exist"
    return ""


def differences(ours: Tree, theirs: Tree, path: str) -> list[tuple[str, Tree, Tree]]:
    """The smallest parts in which two trees differ."""
    if ours == theirs:
        return []
    pairs: list[tuple[str, Tree, Tree]] = []
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = [(f"{path}[{n}]", *pair) for n, pair in enumerate(zip(ours, theirs, strict=True))]
    if isinstance(ours, dict) and isinstance(theirs, dict):
        mine, other = ours["fields"], theirs.get("fields")
        if ours["name"] == theirs.get("name") and mine.keys() == other.keys():
            pairs = [(f"{path}.{key}", mine[key], other[key]) for key in mine]
    if not pairs:
        return [(path, ours, theirs)]
    return [each for at, we, they in pairs for each in differences(we, they, at)]


def plain(tree: dict[str, object]) -> Tree:
    """A JSON value tree, of the kinds these programs have, without what only we tell."""
    children = tree.get("children", [])
    match tree["kind"]:
        case "scalar":
            return plain_scalar(tree["type"], tree["text"])
        case "text":
            return f"text {unescaped(tree['text'])}"
        case "literal":
            assert tree["text"] == "()"
            return {"name": "", "fields": {}}
        case "pointer" | "wrapper":
            assert tree["name"] in ("&", "Box")
            return plain(children[0])
        case "sequence":
            item = re.sub(r"^alloc::vec::Vec<(.*)>$|^\[(.*); \d+\]$", r"\1\2", tree["type"])
            if "items" in tree:
                return [plain_scalar(item, text) for text in tree["items"]]
            return [plain(child) for child in children]
        case "struct" | "tuple":
            labels = [child.get("field", str(n)) for n, child in enumerate(children)]
            fields = {label: plain(child) for label, child in zip(labels, children, strict=True)}
            return {"name": tree.get("name", ""), "fields": fields}
        case kind:
            raise AssertionError(f"{kind}: {tree}")


def plain_scalar(type_: str, text: str) -> str:
    if type_ in ("f32", "f64"):
        return f"float {struct.pack('<f' if type_ == 'f32' else '<d', float(text)).hex()}"
    return f"char {unescaped(text)}" if type_ == "char" else text


def unescaped(literal: str) -> str:
    """The text of a Rust literal, quotes and escapes resolved."""
    return re.sub(
        r"\\(?:u\{(\w+)\}|(.))",
        lambda match: chr(int(match[1], 16)) if match[1] else _ESCAPES[match[2]],
        literal[1:-1],
    )
