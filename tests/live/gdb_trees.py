"""Run inside gdb: variables as trees, by gdb's own idea of their types and no printers.

``gdb -nx -batch -x gdb_trees.py PROGRAM`` with ``CRABTRAP_QUESTIONS``, a JSON file with
``{"place": "file.rs:1", "names": [..]}``, and ``CRABTRAP_ANSWERS``, the file to write: one
tree for each name.  A tree is a text (a scalar), a list (items), ``{"name": .., "fields":
{..}}`` or ``{"cannot": "why"}``.
"""

import json
import os

import gdb

SETTINGS = (
    "set debuginfod enabled off",
    "set language rust",
    "set startup-with-shell off",
    "set confirm off",
)


def tree(address, type_):
    """What is at an address.

    A value's type is looked up again by name: inside of other values gdb has types that
    are resolved already, and takes the variant of an array's first item for all of them.
    """
    try:
        value = gdb.Value(address).cast(declared(type_).pointer()).dereference()
        return SHAPES[value.type.strip_typedefs().code](value, address)
    except gdb.error as error:
        return {"cannot": str(error)}


def declared(type_):
    plain = type_.strip_typedefs()
    if plain.code != gdb.TYPE_CODE_STRUCT or plain.name is None:
        return plain
    try:
        found = gdb.lookup_type(plain.name)
    except gdb.error:  # a tuple
        return plain
    return found if found.code == plain.code else plain  # not what is called so elsewhere


def memory(address, size):
    return bytes(gdb.selected_inferior().read_memory(address, size)) if size else b""


def integer(value, address):
    size, signed = value.type.sizeof, value.type.is_signed
    if not size:
        return UNIT
    if size > 8:  # more than gdb's numbers for Python hold
        return str(int.from_bytes(memory(address, size), "little", signed=signed))
    return str(int(value))


def real(value, address):
    return f"float {memory(address, value.type.sizeof).hex()}"


def c_like(value, _address):
    return value.format_string(symbols=False).rpartition("::")[2]


def items(address, item, count):
    return [tree(address + index * item.sizeof, item) for index in range(count)]


def array(value, address):
    low, high = value.type.range()
    return items(address, declared(value.type.target()), high - low + 1)


def pointer(value, _address):
    return tree(int(value), value.type.target())


def struct(value, address):
    type_ = value.type.strip_typedefs()
    name = (type_.name or "").partition("<")[0]
    if name == "alloc::string::String":
        return text(*buffer(value["vec"]))
    if name == "alloc::vec::Vec":
        data, length = buffer(value)
        return items(data, declared(type_.template_argument(0)), length)
    if type_.name == "&str":
        return text(int(value["data_ptr"]), int(value["length"]))
    fields = [field for field in type_.fields() if not field.artificial]
    if name.startswith("core::num::"):
        return tree(address, fields[0].type)
    if len(fields) == 1 and str(fields[0].type) == f"{type_.name}::{fields[0].name}":
        return {"name": fields[0].name, "fields": members(fields[0].type, address)}
    last = "" if name.startswith("(") else name.rpartition("::")[2]
    return {"name": last, "fields": members(type_, address)}


def members(type_, address):
    fields = [field for field in type_.fields() if not field.artificial]
    return {
        field.name.removeprefix("__"): tree(address + field.bitpos // 8, field.type)
        for field in fields
    }


def buffer(vec):
    """Address and length of a ``Vec``'s items, through whatever wraps its pointer."""
    part = vec["buf"]
    while part.type.strip_typedefs().code != gdb.TYPE_CODE_PTR:
        names = [field.name for field in part.type.strip_typedefs().fields()]
        part = part[next(name for name in ("inner", "ptr", "pointer") if name in names)]
    return int(part), int(vec["len"])


def text(address, length):
    return f"text {memory(address, length).decode()}"


UNIT = {"name": "", "fields": {}}
SHAPES = {
    gdb.TYPE_CODE_INT: integer,
    gdb.TYPE_CODE_FLT: real,
    gdb.TYPE_CODE_BOOL: lambda value, _: "true" if int(value) else "false",
    gdb.TYPE_CODE_CHAR: lambda value, _: f"char {chr(int(value))}",
    gdb.TYPE_CODE_ENUM: c_like,
    gdb.TYPE_CODE_ARRAY: array,
    gdb.TYPE_CODE_PTR: pointer,
    gdb.TYPE_CODE_STRUCT: struct,
}

for setting in SETTINGS:
    gdb.execute(setting)
with open(os.environ["CRABTRAP_QUESTIONS"]) as file:
    questions = json.load(file)
gdb.execute(f"tbreak {questions['place']}", to_string=True)
gdb.execute("run", to_string=True)
answers = []
for each in questions["names"]:
    try:
        pointer_to = gdb.parse_and_eval(f"&{each}")
        answers.append(tree(int(pointer_to), pointer_to.type.target()))
    except gdb.error as error:
        answers.append({"cannot": str(error)})
with open(os.environ["CRABTRAP_ANSWERS"], "w") as file:
    json.dump(answers, file)
