"""Methods of ``u8`` alone: what a byte is as a character of ASCII."""

from __future__ import annotations

from crabtrap.expr import computed
from crabtrap.expr.methods.invocation import Invocation, Method
from crabtrap.expr.methods.on_chars import ASCII_CLASSES
from crabtrap.expr.methods.on_integers import number_of
from crabtrap.values import Value


def _ascii_test(name: str) -> Method:
    def method(call: Invocation) -> Value:
        from crabtrap import _core  # noqa: PLC0415 - with the first text

        number, _ = number_of(call)
        return computed.boolean(0 <= number < 128 and _core.char_test(name, chr(number)))

    return method


def _ascii_case(call: Invocation) -> Value:
    number, type_ = number_of(call)
    if 0 <= number < 128:
        char = chr(number)
        number = ord(char.upper() if call.tree.name.endswith("uppercase") else char.lower())
    return computed.integer(number, type_)


BYTE: dict[str, Method] = {
    "fn is_ascii(&self) -> bool": lambda call: computed.boolean(number_of(call)[0] < 128),
    **{f"fn {name}(&self) -> bool": _ascii_test(name) for name in ASCII_CLASSES},
    "fn to_ascii_uppercase(&self) -> u8": _ascii_case,
    "fn to_ascii_lowercase(&self) -> u8": _ascii_case,
    "fn eq_ignore_ascii_case(&self, other: &u8) -> bool": lambda call: computed.boolean(
        bytes([number_of(call)[0]]).lower() == bytes([call.integer()]).lower()
    ),
}
"""Of ``u8`` alone."""
