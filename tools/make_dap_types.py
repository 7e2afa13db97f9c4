"""Makes ``frontends/dap/protocol.py`` from the schema of the Debug Adapter Protocol.

``python tools/make_dap_types.py`` writes it, ``--check`` fails where it is not up to date.
Each object of the schema becomes a ``TypedDict``, and so do the bodies of responses and of
events, which have no name there: ``StoppedEvent`` gives ``StoppedEventBody``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "tests" / "dap" / "schema" / "debugAdapterProtocol.json"
OUTPUT = ROOT / "src" / "crabtrap" / "frontends" / "dap" / "protocol.py"

Schema = dict[str, Any]  # what JSON holds

_ENVELOPES = {"ProtocolMessage", "Request", "Response", "Event", "ErrorResponse"}
_SCALARS = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, object]",
    "array": "list[object]",
}
_HEAD = '''\
"""The objects of the Debug Adapter Protocol, made from its schema by `tools/make_dap_types.py`."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict
'''


def make_types(definitions: dict[str, Schema]) -> str:
    """Return the module's text."""
    maker = _Maker()
    for name, definition in definitions.items():
        maker.define(name, definition)
    return _HEAD + "".join(f"\n\n{text}\n" for text in maker.classes)


class _Maker:
    """Makes classes of definitions, and of the objects within them that have no name."""

    def __init__(self) -> None:
        self.classes: list[str] = []

    def define(self, name: str, definition: Schema) -> None:
        """Add a definition of the schema under its name."""
        if name in _ENVELOPES or name.endswith("Request"):
            return  # a request's arguments have a definition of their own
        base, own = _parts(definition)
        if name.endswith(("Event", "Response")):
            body = own.get("properties", {}).get("body", {})
            if body.get("properties"):
                self._object(f"{name}Body", body, "")
        elif "properties" in own:
            self._object(name, own, base)
        elif own.get("type") == "object" or base:
            self._object(name, {"properties": {}}, base)
        else:
            self.classes.append(f"{name} = {self._type(name, own)}")

    def _object(self, name: str, schema: Schema, base: str) -> None:
        required = set(schema.get("required", ()))
        fields: list[str] = []
        for key, value in schema["properties"].items():
            type_ = self._type(name + key[:1].upper() + key[1:], value)
            optional = key not in required
            # A name with two underscores would be changed within a class.
            if not key.startswith("__"):
                fields.append(f"    {key}: {f'NotRequired[{type_}]' if optional else type_}")
        parent = base or "TypedDict"
        self.classes.append("\n".join([f"class {name}({parent}):", *(fields or ["    pass"])]))

    def _type(self, name: str, schema: Schema) -> str:
        """Return the type of a value; ``name`` is for the object that it is, if it is one."""
        if "$ref" in schema:
            return schema["$ref"].rpartition("/")[2]
        if "oneOf" in schema:
            return " | ".join(self._type(name, each) for each in schema["oneOf"])
        if "enum" in schema:
            return _literal([json.dumps(each) for each in schema["enum"]], len(name))
        kind = schema.get("type", "object")
        if isinstance(kind, list):
            kinds = [_SCALARS[str(each)] for each in cast("list[str]", kind)]
            return "object" if len(kinds) > 3 else " | ".join(kinds)
        if kind == "array":
            return f"list[{self._type(name, schema['items'])}]"
        if kind == "object" and schema.get("properties"):
            self._object(name, schema, "")
            return name
        more: Schema | bool | None = schema.get("additionalProperties")
        if kind == "object" and isinstance(more, dict):
            return f"dict[str, {self._type(name, more)}]"
        return _SCALARS[kind]


def _literal(values: list[str], before: int) -> str:
    """Return a type with some values, over several lines where one is too short."""
    line = ", ".join(values)
    if before + len(line) < 80:
        return f"Literal[{line}]"
    return "Literal[\n" + "".join(f"    {each},\n" for each in values) + "]"


def _parts(definition: Schema) -> tuple[str, Schema]:
    """Return the name of what a definition extends, ``""`` for nothing, and its own part."""
    if "allOf" not in definition:
        return "", definition
    base = next(each["$ref"] for each in definition["allOf"] if "$ref" in each).rpartition("/")[2]
    parts = cast("list[Schema]", definition["allOf"])
    own = next((each for each in parts if "$ref" not in each), Schema())
    return ("" if base in _ENVELOPES else base), own


def main() -> int:
    """Write the module, or compare it; return the exit code."""
    text = make_types(json.loads(SCHEMA.read_text("utf-8"))["definitions"])
    if "--check" not in sys.argv[1:]:
        OUTPUT.write_text(text, "utf-8")
        return 0
    if OUTPUT.read_text("utf-8") == text:
        return 0
    sys.stderr.write(f"{OUTPUT} is not what {Path(__file__).name} makes: run it\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
