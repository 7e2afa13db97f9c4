"""Rules for file descriptors and ``io::Error``."""

from __future__ import annotations

import errno
import os

from crabtrap.address import Address
from crabtrap.present.field_paths import part
from crabtrap.present.rules.rule import Match, Rule
from crabtrap.present.rules.shapes import Custom, Wrapper, short_name
from crabtrap.present.view import LiteralView, RecordView, View
from crabtrap.symbols.types import Type
from crabtrap.values import Memory, UnavailableError, Value

_SIMPLE_MESSAGE, _CUSTOM, _OS, _SIMPLE = range(4)
"""The two low bits of a packed ``io::Error``."""


def _descriptor(_match: Match, value: Value) -> View:
    fd = value.integer()
    target = value.context.program.describe_descriptor(fd)
    return LiteralView(f"{short_name(value)}(fd {fd}{f' -> {target}' if target else ''})")


def _packed_error(_match: Match, value: Value) -> View:
    """A pointer with a tag in its low bits, or a number in its high half."""
    bits = part(value, "0").integer()
    tag, payload = bits & 3, bits >> 32
    if tag == _OS:
        return LiteralView(_os_error(payload - (payload >> 31 << 32)))  # an i32
    if tag == _SIMPLE:
        return LiteralView(_kind_name(value, payload))
    name = "Custom" if tag == _CUSTOM else "SimpleMessage"
    type_ = _find(value, name)
    if type_ is None:
        raise UnavailableError(f"io::Error::{name} is not described in this program")
    inner = value.elsewhere(type_, Memory(Address(bits - tag)))
    return RecordView(name, inner.fields())


def _os_error(code: int) -> str:
    name = errno.errorcode.get(code, "unknown")
    return f'Os {{ code: {code} ({name}), message: "{os.strerror(code)}" }}'


def _find(value: Value, name: str) -> Type | None:
    """A type of the module ``io::error``, which is in ``core`` or in ``std``."""
    find_type = value.context.program.find_type
    return find_type(f"core::io::error::{name}") or find_type(f"std::io::error::{name}")


def _kind_name(value: Value, number: int) -> str:
    found = _find(value, "ErrorKind")
    if found is None:
        return f"Kind(number {number})"
    for name, known in found.strip().row.enumerators:
        if known == number:
            return f"Kind({name})"
    raise UnavailableError(f"invalid ErrorKind: {number}")


RULES = (
    *(
        Rule(path, Custom(_descriptor))
        for path in (
            "std::os::fd::owned::OwnedFd",
            "std::fs::File",
            "std::net::tcp::TcpListener",
            "std::net::tcp::TcpStream",
            "std::net::udp::UdpSocket",
            "std::os::unix::net::**::UnixStream",
            "std::os::unix::net::**::UnixListener",
            "std::os::unix::net::**::UnixDatagram",
        )
    ),
    Rule("*::io::error::Error", Wrapper("repr")),
    Rule("*::io::error::**::Repr", Custom(_packed_error)),
)
