"""Registers of the selected frame: shown and changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crabtrap.frontends import describe
from crabtrap.frontends.console.arguments import Arguments, parse_integer
from crabtrap.frontends.console.command import Command, Reply
from crabtrap.frontends.console.commands.addresses import address_of
from crabtrap.frontends.console.styled_text import Text, columns

if TYPE_CHECKING:
    from crabtrap.frontends.console.context import CommandContext
    from crabtrap.frontends.describe import Json


def info_registers(context: CommandContext, arguments: Arguments) -> Reply:
    """Show registers: ``info registers [NAME…]``."""
    names = [name.lstrip("$") for name in arguments.take_rest().split()]
    general = context.client.frame.registers()
    if names and names != ["all"]:
        return _registers_named(context, names, general)
    rows = [_register_row(context, name, value) for name, value in general.items()]
    data: dict[str, Json] = {name: describe.address(value) for name, value in general.items()}
    if names == ["all"]:
        for name in _other_names(context, general):
            raw = context.client.registers.read(name)
            data[name] = describe.address(int.from_bytes(raw, "little"))
            rows.append(_raw_row(name, raw))
    return Reply({"registers": data}, columns(rows))


def _other_names(context: CommandContext, general: dict[str, int | None]) -> list[str]:
    return [name for name, _ in context.client.registers.names() if name not in general]


def _registers_named(
    context: CommandContext, names: list[str], general: dict[str, int | None]
) -> Reply:
    data: dict[str, Json] = {}
    rows: list[tuple[Text, ...]] = []
    for given in names:
        name = {"pc": "rip", "sp": "rsp", "fp": "rbp"}.get(given, given)
        if name in general:
            data[name] = describe.address(general[name])
            rows.append(_register_row(context, name, general[name]))
        else:
            raw = context.client.registers.read(name)
            data[name] = describe.address(int.from_bytes(raw, "little"))
            rows.append(_raw_row(name, raw))
    return Reply({"registers": data}, columns(rows))


def _register_row(context: CommandContext, name: str, value: int | None) -> tuple[Text, ...]:
    if value is None:
        return Text((name, "name")), Text(("not known in this frame", "dim"))
    return (
        Text((name, "name")),
        Text((f"{value:#x}", "address")),
        _meaning(context, name, value),
    )


def _meaning(context: CommandContext, name: str, value: int) -> Text:
    """What a register's value means: a symbol for the pc, a decimal number for a small one."""
    if name == "rip":
        return Text((context.session.code.symbol_at(value), "function"))
    signed = value - (1 << 64) if value >> 63 else value
    return Text((str(signed), "dim")) if abs(signed) < 1 << 48 else Text()


def _raw_row(name: str, raw: bytes) -> tuple[Text, ...]:
    return Text((name, "name")), Text((f"0x{raw[::-1].hex()}", "address"))


def register_write(context: CommandContext, arguments: Arguments) -> Reply:
    """Change a register: ``register write NAME VALUE``."""
    name = arguments.need_word("a register").lstrip("$")
    text = arguments.need_rest("a value")
    value = parse_integer(text)
    if value is None:
        value = address_of(context, text)
    context.client.registers.write(name, value)
    return Reply({"register": name, "value": describe.address(value)})


COMMANDS = (
    Command(
        ("info registers", "info r", "info all-registers", "register read"),
        info_registers,
        "Show registers of the selected frame",
        ("info registers [NAME… | all]",),
        (
            ("info registers", "general registers"),
            ("info registers rax xmm0", "some of them"),
            ("info registers all", "every register there is"),
        ),
    ),
    Command(
        ("register write",),
        register_write,
        "Change a register",
        ("register write NAME VALUE",),
        (("register write rax 1", "like set var $rax = 1"),),
    ),
)
