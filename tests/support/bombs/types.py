"""Types that are made of themselves, endlessly long, or larger than any memory."""

from __future__ import annotations

from pathlib import Path

from tests.support.bombs.bomb import Bomb, Make, collector
from tests.support.bombs.entries import in_module, static, write_entries
from tests.support.dwarf import Entry, Expression, To
from tests.support.elf_writer import CODE, DATA

BOMBS: dict[str, Bomb] = {}
bomb = collector(BOMBS)

BYTE = Entry("base_type", {"name": "u8", "encoding": 8, "byte_size": 1}, label="byte")
WORD = Entry("base_type", {"name": "usize", "encoding": 7, "byte_size": 8}, label="word")


def member(name: str, kind: str, at: int = 0) -> Entry:
    return Entry("member", {"name": name, "type": To(kind), "data_member_location": at})


def around(tag: str, kind: str, label: str, **attributes: int | str) -> Entry:
    """A typedef, pointer, array … of the type with this label."""
    children: list[Entry] = []
    if tag == "array_type":
        children = [Entry("subrange_type", {"count": int(attributes.pop("count", 2))})]
    return Entry(tag, {"type": To(kind), **attributes}, children, label)


def structure(name: str, size: int, *children: Entry, label: str = "it") -> Entry:
    return Entry("structure_type", {"name": name, "byte_size": size}, children, label)


def circle(*tags: str) -> Make:
    """Types of these kinds, each of the next one, and the last of the first."""

    def make(path: Path) -> None:
        named = [
            around(tag, f"n{(index + 1) % len(tags)}", f"n{index}", name=f"{tag}{index}")
            for index, tag in enumerate(tags)
        ]
        unnamed = [
            around(tag, f"u{(index + 1) % len(tags)}", f"u{index}")
            for index, tag in enumerate(tags)
        ]
        write_entries(path, *named, *unnamed, static("n0", "NAMED"), static("u0", "UNNAMED"))

    return make


for _tags in (
    ("typedef",), ("const_type",), ("pointer_type",), ("array_type",), ("volatile_type",),
    ("typedef", "const_type"), ("pointer_type", "const_type"), ("pointer_type", "typedef"),
    ("array_type", "typedef"), ("array_type", "pointer_type"), ("subroutine_type",),
    ("pointer_type", "subroutine_type"),
):  # fmt: skip
    BOMBS["circle-" + "-".join(_tags)] = Bomb(circle(*_tags), "")


def chain(tag: str, length: int) -> Make:
    """A type a hundred thousand steps from what it is of, without a name."""

    def make(path: Path) -> None:
        kinds = [around(tag, f"t{index + 1}", f"t{index}") for index in range(length)]
        last = Entry("base_type", {"name": "u8", "encoding": 8, "byte_size": 1}, label=f"t{length}")
        write_entries(path, *kinds, last, static("t0"))

    return make


for _tag in ("typedef", "const_type", "pointer_type", "array_type"):
    BOMBS[f"chain-{_tag}"] = Bomb(chain(_tag, 100_000), "")


@bomb("")
def structure_in_itself(path: Path) -> None:
    write_entries(path, structure("S", 8, member("s", "it")), static("it"))


@bomb("")
def structures_in_each_other(path: Path) -> None:
    one = structure("One", 8, member("a", "two"), member("b", "two"), label="one")
    two = structure("Two", 8, member("a", "one"), member("b", "one"), label="two")
    write_entries(path, one, two, static("one"))


@bomb("")
def many_structures_in_each_other(path: Path) -> None:
    """No circle, but two to the fortieth members."""
    depth = 40
    nest = [
        structure(f"S{i}", 8, member("a", f"s{i + 1}"), member("b", f"s{i + 1}"), label=f"s{i}")
        for i in range(depth)
    ]
    last = structure("Last", 8, member("n", "word"), label=f"s{depth}")
    write_entries(path, WORD, *nest, last, static("s0"))


@bomb("")
def enumeration_in_itself(path: Path) -> None:
    tag = Entry("member", {"type": To("byte"), "data_member_location": 0}, label="tag")
    variant = Entry("variant", {"discr_value": 0}, [member("V", "it")])
    part = Entry("variant_part", {"discr": To("tag")}, [tag, variant])
    write_entries(path, BYTE, structure("E", 8, part), static("it"))


@bomb("")
def vector_of_itself(path: Path) -> None:
    """By its name and fields a ``Vec`` of ``Vec``s, whose pointer leads back to it."""
    argument = Entry("template_type_parameter", {"name": "T", "type": To("it")})
    pointer = around("pointer_type", "it", "pointer")
    fields = (member("ptr", "pointer"), member("len", "word", 8), member("cap", "word", 16))
    vector = structure("Vec<Vec>", 24, argument, *fields)
    write_entries(path, WORD, pointer, Entry("namespace", {"name": "alloc"}, [
        Entry("namespace", {"name": "vec"}, [vector])]), static("it"))  # fmt: skip


@bomb("")
def union_in_itself(path: Path) -> None:
    union = Entry("union_type", {"name": "U", "byte_size": 8}, [member("u", "it")], "it")
    write_entries(path, union, static("it"))


@bomb("")
def argument_of_itself(path: Path) -> None:
    argument = Entry("template_type_parameter", {"name": "T", "type": To("it")})
    write_entries(path, structure("Own<Own>", 8, argument, member("n", "word")), WORD, static("it"))


@bomb("")
def endless_arrays(path: Path) -> None:
    """Arrays of arrays, of two to the sixtieth items of no size, and of size."""
    kinds = [
        BYTE, structure("Nothing", 0, label="nothing"),
        around("array_type", "nothing", "empty", count=1 << 60),
        around("array_type", "byte", "long", count=1 << 60),
        around("array_type", "long", "longer", count=1 << 60),
    ]  # fmt: skip
    names = ("empty", "long", "longer")
    write_entries(path, *kinds, *(static(name, name.upper()) for name in names))


@bomb("")
def members_far_away(path: Path) -> None:
    far = structure("Far", 1 << 63, member("near", "byte"), member("far", "byte", (1 << 64) - 1))
    write_entries(path, BYTE, far, static("it"))


@bomb("")
def numbers_of_absurd_size(path: Path) -> None:
    """Numbers of no byte, of three, and of two to the sixtieth bytes."""
    sizes = (0, 3, 17, 1 << 20, 1 << 60)
    kinds = [
        Entry("base_type", {"name": f"n{size}", "encoding": encoding, "byte_size": size},
              label=f"n{size}_{encoding}")
        for size in sizes for encoding in (2, 4, 5, 7, 8, 16, 99)
    ]  # fmt: skip
    write_entries(path, *kinds, *(static(kind.label, kind.label.upper()) for kind in kinds))


@bomb("")
def static_at_the_end(path: Path) -> None:
    """A string whose bytes go on behind the end of memory."""
    pieces = Expression(b"\x03" + (DATA + 0xFF8).to_bytes(8, "little"))
    text = structure("&str", 16, member("data_ptr", "word"), member("length", "word", 8))
    where = {"name": "BOMB", "type": To("it"), "location": pieces}
    other = {"name": "CODE", "type": To("it"), "location": Expression(
        b"\x03" + CODE.to_bytes(8, "little"))}  # fmt: skip
    write_entries(path, WORD, text, in_module(Entry("variable", where)),
                  in_module(Entry("variable", other)))  # fmt: skip
