"""Rules for pointers, numbers, times, ranges and network addresses."""

from __future__ import annotations

from crabtrap.present.calendar import NANOS, format_moment, since_epoch
from crabtrap.present.field_paths import find_part, part, peel, variant_payload
from crabtrap.present.rules.rule import Match, Rule
from crabtrap.present.rules.shapes import Custom, Wrapper, short_name
from crabtrap.present.view import LiteralView, RangeView, ScalarView, View, WrapperView
from crabtrap.values import UnavailableError, Value


def _non_zero(_match: Match, value: Value) -> View:
    number = peel(value)
    if not any(number.read_bytes()):
        raise UnavailableError(f"{short_name(value)} — implausible: 0")
    return ScalarView(number)


def _non_null(_match: Match, value: Value) -> View:
    pointer = part(value, "pointer")
    if pointer.pointer_address() == 0:
        raise UnavailableError(f"{short_name(value)} — implausible: null")
    return WrapperView("", pointer)


def _pin(_match: Match, value: Value) -> View:
    return WrapperView("", part(value, ("__pointer", "pointer")))


def _seconds(value: Value, seconds: str, nanos: str) -> tuple[int, int]:
    whole, part_ = part(value, seconds).integer(), part(value, nanos).integer()
    if part_ >= NANOS:
        raise UnavailableError(f"{short_name(value)} — implausible: {part_} nanoseconds")
    return whole, part_


def format_duration(seconds: int, nanos: int, places: int | None = None) -> str:
    """Format a duration as Rust's ``Debug`` does: in the largest unit with a whole part.

    Args:
        seconds: Whole seconds.
        nanos: And nanoseconds, less than a second's.
        places: Digits after the point, ``None`` for as many as it has.
    """
    total = seconds * NANOS + nanos
    units = (("s", 9), ("ms", 6), ("µs", 3), ("ns", 0))
    unit, digits = next((each for each in units if total >= 10 ** each[1]), units[-1])
    kept = digits if places is None else min(places, digits)
    # To the nearest, and of two to the even one.
    step = 10 ** (digits - kept)
    whole, rest = divmod(total, step)
    whole += 2 * rest > step or (2 * rest == step and whole % 2 == 1)
    front, back = divmod(whole, 10**kept)
    fraction = f"{back:0{kept}d}" if kept else ""
    fraction = fraction.rstrip("0") if places is None else fraction.ljust(places, "0")
    return f"{front}.{fraction}{unit}" if fraction else f"{front}{unit}"


def _duration(_match: Match, value: Value) -> View:
    key = _seconds(value, "secs", "nanos")
    return LiteralView(format_duration(*key), key)


def format_instant(seconds: int, nanos: int) -> str:
    """Format a moment of the monotonic clock."""
    return f"Instant({seconds}.{nanos:09d}s)"


def _instant(_match: Match, value: Value) -> View:
    seconds, nanos = _seconds(value, "tv_sec", "tv_nsec")
    return LiteralView(format_instant(seconds, nanos), (seconds, nanos))


def _system_time(_match: Match, value: Value) -> View:
    moment = since_epoch(*_seconds(value, "tv_sec", "tv_nsec"))
    return LiteralView(format_moment(moment), moment.key)


def _range(_match: Match, value: Value) -> View:
    name = short_name(value)
    return RangeView(find_part(value, "start"), find_part(value, "end"), "Inclusive" in name)


def _ipv4(_match: Match, value: Value) -> View:
    import ipaddress  # noqa: PLC0415 - slow to import

    return LiteralView(str(ipaddress.IPv4Address(peel(value).read_bytes()[:4])))


def _ipv6(_match: Match, value: Value) -> View:
    import ipaddress  # noqa: PLC0415 - slow to import

    return LiteralView(str(ipaddress.IPv6Address(peel(value).read_bytes()[:16])))


def _variant_alone(_match: Match, value: Value) -> View:
    return WrapperView("", variant_payload(value))


def _socket(_match: Match, value: Value) -> View:
    port = find_part(value, "port")
    if port is not None:
        number = port.integer()
    else:  # the system's own struct, in network byte order
        data = part(value, ("inner.sin_port", "inner.sin6_port")).read_bytes()
        number = int.from_bytes(data, "big")
    address = peel(part(value, ("ip", "inner.sin_addr", "inner.sin6_addr"))).read_bytes()
    import ipaddress  # noqa: PLC0415 - slow to import

    if len(address) == 4:
        return LiteralView(f"{ipaddress.IPv4Address(address)}:{number}")
    return LiteralView(f"[{ipaddress.IPv6Address(address)}]:{number}")


def _type_id(_match: Match, value: Value) -> View:
    return LiteralView(f"TypeId({int.from_bytes(value.read_bytes(), 'little'):#034x})")


def _layout(_match: Match, value: Value) -> View:
    size = part(value, "size").integer()
    alignment = peel(part(value, "align")).integer()
    if alignment & (alignment - 1) or not alignment:
        raise UnavailableError(f"Layout — implausible: alignment {alignment}")
    return LiteralView(f"Layout {{ size: {size}, align: {alignment} }}")


RULES = (
    Rule("core::alloc::layout::Layout", Custom(_layout)),
    Rule("core::ptr::**::NonNull<$T>", Custom(_non_null)),
    Rule("core::ptr::**::Unique<$T>", Wrapper("pointer")),
    Rule("core::pin::Pin", Custom(_pin)),
    Rule("core::future::from_generator::GenFuture<$T>", Wrapper("$T")),
    Rule("core::num::**::NonZero<$T>", Custom(_non_zero)),
    *(
        Rule(f"core::num::**::NonZero{name}", Custom(_non_zero))
        for name in [f"{s}{b}" for s in "IU" for b in ("8", "16", "32", "64", "128", "size")]
    ),
    Rule("core::time::Duration", Custom(_duration)),
    Rule("std::time::Instant", Custom(_instant)),
    Rule("std::time::SystemTime", Custom(_system_time)),
    *(
        Rule(f"core::ops::range::{name}", Custom(_range))
        for name in (
            "Range",
            "RangeInclusive",
            "RangeFrom",
            "RangeTo",
            "RangeToInclusive",
            "RangeFull",
        )
    ),
    *(
        Rule(f"{crate}::net::**::{name}", Custom(build))
        for crate in ("core", "std")
        for name, build in (
            ("Ipv4Addr", _ipv4),
            ("Ipv6Addr", _ipv6),
            ("IpAddr", _variant_alone),
            ("SocketAddrV4", _socket),
            ("SocketAddrV6", _socket),
            ("SocketAddr", _variant_alone),
        )
    ),
    Rule("core::any::TypeId", Custom(_type_id)),
)
