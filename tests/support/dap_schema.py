"""The schema of the Debug Adapter Protocol: every message is checked against it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft4Validator, ValidationError

SCHEMA = Path(__file__).parents[1] / "dap" / "schema" / "debugAdapterProtocol.json"

Message = Mapping[str, Any]  # what JSON holds


class SchemaError(AssertionError):
    """A message is not what the schema allows."""


def check_message(message: Message) -> None:
    """Check a message of either side.

    Requests and events that the schema has no name for, as ``crabtrap/…``, are checked for
    being a request or an event; what else has no name is an error.

    Raises:
        SchemaError: It is not allowed; the text says where.
    """
    definition = _definition_of(message)
    validator = _validator(definition)
    try:
        validator.validate(message)
    except ValidationError as error:
        place = ".".join(map(str, error.path))
        raise SchemaError(f"{definition} {place}: {error.message}\n{message}") from None


def _definition_of(message: Message) -> str:
    match message.get("type"):
        case "request":
            return _named("Request", "command", message)
        case "event":
            return _named("Event", "event", message)
        case "response" if message.get("success") is False:
            return "ErrorResponse"
        case "response":
            request = _named("Request", "command", message)
            return f"{request.removesuffix('Request')}Response"
        case kind:
            raise SchemaError(f"no message is of type {kind!r}")


def _named(suffix: str, field: str, message: Message) -> str:
    name = str(message.get(field))
    if name.startswith("crabtrap/"):
        return suffix
    found = _names(suffix, field).get(name)
    if found is None:
        raise SchemaError(f"the protocol has no {field} {name!r}")
    return found


@functools.cache
def _names(suffix: str, field: str) -> dict[str, str]:
    """Names of definitions by what a message calls them."""
    found: dict[str, str] = {}
    for name, definition in _definitions().items():
        for part in definition.get("allOf", ()):
            values = part.get("properties", {}).get(field, {}).get("enum", ())
            if name.endswith(suffix) and len(values) == 1:
                found[values[0]] = name
    return found


@functools.cache
def _definitions() -> dict[str, Any]:
    found = cast("dict[str, Any]", json.loads(SCHEMA.read_text("utf-8"))["definitions"])
    # One of two, it says, of which each allows all that the other does: nothing would be allowed.
    latest = found["RestartArguments"]["properties"]["arguments"]
    latest["anyOf"] = latest.pop("oneOf")
    return found


@functools.cache
def _validator(definition: str) -> Any:  # its types say less than they should
    return Draft4Validator({"$ref": f"#/definitions/{definition}", "definitions": _definitions()})
