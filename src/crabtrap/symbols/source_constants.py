"""Constants as a source file declares them: ``const NAME: T = expression``, and const generics.

A ``const`` leaves nothing in the program but its uses.  What the source says is read by the
blocks of the file alone: a constant is visible in the whole block that declares it, the nearest
one is meant, and one that is declared twice or under a condition is not known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crabtrap.records import dataclass
from crabtrap.symbols.brackets import split_outside_brackets

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMENT_OR_TEXT = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r"|b?r(?P<hashes>#*)\".*?\"(?P=hashes)"
    r"|b?\"(?:\\.|[^\"\\])*\""
    r"|b?'(?:\\(?:x..|u\{[^}]*\}|.)|[^'\\\n])'",
    re.DOTALL,
)
_CONSTANT = re.compile(
    r"\bconst\s+(?P<name>[A-Za-z_]\w*)\s*:\s*(?P<type>(?:\[[^\]]*\]|[^;={}\[])+?)\s*="
)
_FUNCTION = re.compile(r"\bfn\s+\w+\s*")
_IMPLEMENTATION = re.compile(r"\bimpl\b\s*")
_FOR_TYPE = re.compile(
    r"(?:(?P<trait>[\w:]+)[^{]*\bfor\s+)?(?:\w+\s*::\s*)*(?P<name>\w+)", re.DOTALL
)
_NAMED = re.compile(r"(?:pub(?:\([^)]*\))?\s+)?(?:unsafe\s+)?(?P<kind>trait|mod)\s+(?P<name>\w+)")
_IMPORT = r"\buse\s+(?P<path>[\w:\s]+?)::\s*(?:\{{[^;}}]*\b)?{name}\b(?!\s*(?:::|as\b))[^;]*;"


_MODULES_AROUND = ("self", "super", "crate")


@dataclass(frozen=True, slots=True)
class SourceConstant:
    """A constant's declaration.

    Attributes:
        type: As it is written.
        text: What it is set to, as it is written.
        line: 1-based line of the declaration.
    """

    type: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class _Block:
    """A block in braces: offsets of its own text, and what stands before the brace."""

    head: str
    start: int
    end: int

    def is_around(self, offset: int) -> bool:
        return self.start <= offset < self.end

    def is_on(self, line: tuple[int, int]) -> bool:
        """Whether a line, from its start to its end, has anything of the block or its braces."""
        return self.start <= line[1] and line[0] <= self.end

    @property
    def implemented(self) -> str:
        """Name of the type that an ``impl`` block is of, ``""`` for other blocks."""
        return self._implementation[1]

    @property
    def implemented_trait(self) -> str:
        """Name of the trait that an ``impl`` block is of, ``""`` for other blocks."""
        return self._implementation[0]

    @property
    def _implementation(self) -> tuple[str, str]:
        found = _IMPLEMENTATION.match(self.head)
        if found is None:
            return "", ""
        rest = _without_generics(self.head[found.end() :])
        named = _FOR_TYPE.match(rest.partition(" where ")[0])
        if named is None:
            return "", ""
        return (named["trait"] or "").rpartition("::")[2], named["name"]

    def is_named(self, kind: str, name: str = "") -> bool:
        """Whether it is that of a ``trait`` or a ``mod``, of any name or of this one."""
        found = _NAMED.match(self.head)
        return found is not None and found["kind"] == kind and name in ("", found["name"])


class SourceConstants:
    """The constants of one file."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Read the lines of a file, without line ends."""
        self._text = "\n".join(lines)
        self._plain = without_comments(self._text)
        self._blocks = tuple(_blocks(self._plain))

    def find(self, path: str, line: int, self_type: str = "") -> SourceConstant | None:
        """Find the constant that a path means at a line.

        Args:
            path: ``LIMIT``, ``Self::LIMIT``, ``Type::LIMIT``, ``module::LIMIT`` or
                ``super::LIMIT``.
            line: 1-based line; 0 for the file outside of all blocks.
            self_type: What ``Self`` is in a trait.
        """
        owner, _, name = path.rpartition("::")
        around = self._around(line)
        if owner in _MODULES_AROUND:
            return self._in_module(owner, name, around)
        if owner:
            names = [block.implemented for block in around if block.implemented]
            of_self = names[0] if names else self_type
            wanted = of_self if owner == "Self" and of_self else owner.rpartition("::")[2]
            return self._owned(wanted, name)
        file = _Block("", 0, len(self._text) + 1)
        for block in (*around, file):
            if block.implemented or block.is_named("trait"):
                continue
            found = self._declarations(name, [block])
            if found:
                return found[0] if len(found) == 1 else None
            if block.is_named("mod") and "use super::" not in self._plain[block.start : block.end]:
                return None
        return None

    def _in_module(self, way: str, name: str, around: Sequence[_Block]) -> SourceConstant | None:
        """A constant of the module around, of the one around that, or of the whole file."""
        modules = [block for block in around if block.is_named("mod")]
        modules.append(_Block("", 0, len(self._text) + 1))
        wanted = {"self": modules[:1], "super": modules[1:2], "crate": modules[-1:]}
        found = self._declarations(name, wanted[way])
        return found[0] if len(found) == 1 else None

    def import_of(self, name: str) -> str:
        """The path that the file imports a name from, without the name; ``""`` if none or two."""
        found = re.finditer(_IMPORT.format(name=re.escape(name)), self._plain)
        paths = {"".join(match["path"].split()) for match in found}
        return paths.pop() if len(paths) == 1 else ""

    def _around(self, line: int) -> list[_Block]:
        """The blocks around a line, innermost first."""
        at = self._bounds(line)
        around = [block for block in self._blocks if line and block.is_on(at)]
        return sorted(around, key=lambda block: block.end - block.start)

    def _owned(self, owner: str, name: str) -> SourceConstant | None:
        """A constant of a type, a trait or a module; what a type does not set, its traits do."""
        blocks = [
            block
            for block in self._blocks
            if block.implemented == owner
            or block.is_named("trait", owner)
            or block.is_named("mod", owner)
        ]
        found = self._declarations(name, blocks)
        if not found:
            traits = {block.implemented_trait for block in blocks} - {""}
            found = self._declarations(
                name, [b for b in self._blocks if any(b.is_named("trait", t) for t in traits)]
            )
        return found[0] if len(found) == 1 else None

    def generic_parameters(self, line: int) -> tuple[tuple[str, str], ...] | None:
        """Return the generic parameters of the function around a line, as names are made of them.

        Returns:
            Names with the types of constants, ``""`` for those that are types: first those of
            the ``impl`` around, last what ``impl Trait`` stands for, without a name; ``None``
            outside of functions.
        """
        at = self._bounds(line)
        around = [block for block in self._blocks if block.is_on(at)]
        head = next(
            (block.head for block in reversed(around) if _FUNCTION.search(block.head)), None
        )
        if head is None:
            return None
        function = _FUNCTION.search(head)
        assert function is not None  # that is how it was found
        outer = next((b.head for b in reversed(around) if b.implemented), "")
        generics = _parameters(outer[len("impl") :].lstrip()) if outer else ()
        anonymous = (("", ""),) * len(re.findall(r"\bimpl\b", head[function.end() :]))
        return (*generics, *_parameters(head[function.end() :]), *anonymous)

    def _declarations(self, name: str, blocks: Sequence[_Block]) -> list[SourceConstant]:
        """The declarations of a constant directly in blocks; none where one has a condition."""
        found: list[SourceConstant] = []
        for block in blocks:
            for match in _CONSTANT.finditer(self._plain, block.start, block.end):
                if match["name"] != name or self._innermost(match.start(), block) is not block:
                    continue
                end = _statement_end(self._plain, match.end())
                before = re.split(r"[;{}]", self._plain[block.start : match.start()])[-1]
                if end < 0 or "cfg" in before:
                    return []
                line = self._text.count("\n", 0, match.start()) + 1
                text = self._text[match.end() : end].strip()
                found.append(SourceConstant(match["type"], text, line))
        return found

    def _innermost(self, offset: int, outer: _Block) -> _Block:
        inside = (b for b in self._blocks if b.is_around(offset) and b.start > outer.start)
        return min(inside, key=lambda block: block.end - block.start, default=outer)

    def _bounds(self, line: int) -> tuple[int, int]:
        """Offsets of the start and the end of a line."""
        start = 0
        for _ in range(line - 1):
            start = self._text.find("\n", start) + 1
            if not start:
                return len(self._text), len(self._text)
        end = self._text.find("\n", start)
        return start, end if end >= 0 else len(self._text)


def without_comments(text: str) -> str:
    """Return Rust source of the same length with spaces for comments, texts and characters."""
    return _COMMENT_OR_TEXT.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    """Keep the length and the lines of a comment or text, and nothing of what is in it."""
    return re.sub(r"[^\n]", " ", match[0])


def _blocks(plain: str) -> Iterator[_Block]:
    opened: list[tuple[str, int]] = []
    head = inside = 0
    for match in re.finditer(r"[{}()\[\];]", plain):
        if match[0] in "([":
            inside += 1
        elif match[0] in ")]":
            inside -= 1
        if match[0] in "()[]" or (match[0] == ";" and inside > 0):  # as in `[u8; 4]`
            continue
        if match[0] == "{":
            words = " ".join(plain[head : match.start()].split())
            opened.append((words, match.end()))
        elif match[0] == "}" and opened:
            words, start = opened.pop()
            yield _Block(words, start, match.start())
        inside = 0
        head = match.end()


def _statement_end(plain: str, start: int) -> int:
    """The offset of the ``;`` that ends what begins at ``start``, -1 where nothing does."""
    depth = 0
    for match in re.finditer(r"[{}()\[\];]", plain[start:]):
        depth += (match[0] in "{([") - (match[0] in "})]")
        if match[0] == ";" and depth == 0:
            return start + match.start()
    return -1


def _without_generics(text: str) -> str:
    return text[_generics_end(text) :].lstrip()


def _generics_end(text: str) -> int:
    """The end of ``<...>`` that a text begins with, 0 where it does not."""
    depth = 0
    for index, char in enumerate(text):
        if char == "<":
            depth += 1
        elif char == ">" and text[index - 1 : index] not in ("-", "="):
            depth -= 1
        if depth == 0:
            return index + 1 if index else 0
    return 0


def _parameters(text: str) -> tuple[tuple[str, str], ...]:
    """The generic parameters in ``<...>`` at the beginning of a text, lifetimes left out."""
    inside = text[1 : _generics_end(text) - 1] if text.startswith("<") else ""
    found: list[tuple[str, str]] = []
    for each in split_outside_brackets(inside, ","):
        words = each.strip()
        if not words or words.startswith("'"):
            continue
        name, _, bound = words.partition(":")
        if name.startswith("const "):
            found.append((name.removeprefix("const ").strip(), bound.partition("=")[0].strip()))
        else:
            found.append((name.partition("=")[0].strip(), ""))
    return tuple(found)
