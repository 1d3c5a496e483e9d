"""Every small fault that a netlist of digits may have: a field of a statement is another, or one thing is left out."""

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

from shiftwright.arith.serial.netlist import Count, Delay, Hold, Input, Netlist, Output, Play, Slip, Statement, Sum

Fault = Callable[[Netlist], Iterator[Netlist]]
"""A netlist to those with one fault, for each place where the fault can be."""

Change = Callable[[Netlist, Any], Iterator[Statement]]
"""A netlist and one of its statements to other statements."""


def _each(kind: type[Statement], change: Change) -> Fault:
    """Replaces one statement of a kind after the other."""

    def fault(netlist: Netlist) -> Iterator[Netlist]:
        for place, statement in enumerate(netlist.statements):
            if isinstance(statement, kind):
                for other in change(netlist, statement):
                    if other != statement:
                        yield _with(netlist, place, other)

    return fault


def _with(netlist: Netlist, place: int, *statements: Statement) -> Netlist:
    return replace(netlist, statements=(*netlist.statements[:place], *statements, *netlist.statements[place + 1 :]))


def _near(field: str, steps: tuple[int, ...] = (-2, -1, 1, 2)) -> Change:
    """A number that is a little more or less."""
    return lambda netlist, statement: (
        replace(statement, **{field: getattr(statement, field) + step})
        for step in steps
        if getattr(statement, field) + step >= 0
    )


def _renamed(field: str) -> Change:
    """Another net of the same kind in a name's place; nothing at all too, where a statement may read nothing."""

    def change(netlist: Netlist, statement: Any) -> Iterator[Statement]:
        name = getattr(statement, field)
        nothing = [""] if isinstance(statement, Sum | Output) else []
        for other in [*_alike(netlist, name), *nothing]:
            yield replace(statement, **{field: other})

    return change


def _alike(netlist: Netlist, name: str) -> list[str]:
    """The nets that carry what the named one does: digits, a hold, or a count."""
    kinds: dict[str, str] = {"": "digits"}
    for statement in netlist.statements:
        match statement:
            case Delay(net, _, source):
                kinds[net] = kinds[source]
            case Hold(net) | Count(net):
                kinds[net] = type(statement).__name__
            case Input(net) | Slip(net) | Play(net) | Sum(net):
                kinds[net] = "digits"
    return [net for net, kind in kinds.items() if net and kind == kinds[name]]


def _slips(netlist: Netlist, slip: Slip) -> Iterator[Statement]:
    yield from (replace(slip, bits=bits) for bits in range(1, netlist.digit))


def _played(netlist: Netlist, played: Play) -> Iterator[Statement]:
    for bit in range(netlist.digit << played.bits):
        yield replace(played, number=played.number ^ 1 << bit)


def _inverted(netlist: Netlist, adder: Sum) -> Iterator[Statement]:
    yield from (replace(adder, inverts=(a, b)) for a in (False, True) for b in (False, True))


def _held(netlist: Netlist, adder: Sum) -> Iterator[Statement]:
    """One bit of the operand is held by another net or by none; or no bit is."""
    holds = [statement.name for statement in netlist.statements if isinstance(statement, Hold)]
    if holds:
        for lane in range(netlist.digit):
            present = adder.holds or ("",) * netlist.digit
            for other in ["", *_alike(netlist, holds[0])]:
                yield replace(adder, holds=(*present[:lane], other, *present[lane + 1 :]))
    yield replace(adder, holds=())


def _left_out(netlist: Netlist) -> Iterator[Netlist]:
    """A delay is missing: whoever reads it reads its source."""
    for place, delay in enumerate(netlist.statements):
        if isinstance(delay, Delay):
            rest = [_reading(statement, delay.name, delay.source) for statement in netlist.statements[place + 1 :]]
            yield replace(netlist, statements=(*netlist.statements[:place], *rest))


def _put_in(netlist: Netlist) -> Iterator[Netlist]:
    """A delay too many before one of a delay's readers."""
    for place, delay in enumerate(netlist.statements):
        if isinstance(delay, Delay):
            for reader in range(place + 1, len(netlist.statements)):
                late = _reading(netlist.statements[reader], delay.name, "late")
                if late != netlist.statements[reader]:
                    yield _with(netlist, reader, Delay("late", delay.bits, delay.name), late)


def _reading(statement: Any, name: str, other: str) -> Statement:
    """A statement that reads `other` wherever it read `name`."""

    def renamed(value: object) -> object:
        if isinstance(value, tuple):
            return tuple(renamed(part) for part in value)
        return other if value == name and isinstance(value, str) else value

    found: Statement = type(statement)(*(renamed(getattr(statement, field.name)) for field in fields(statement)))
    return found


def _swapped(netlist: Netlist) -> Iterator[Netlist]:
    """Two outputs follow each other's nets."""
    places = [place for place, statement in enumerate(netlist.statements) if isinstance(statement, Output)]
    for one in places:
        for other in places:
            if one < other:
                first, second = netlist.statements[one], netlist.statements[other]
                assert isinstance(first, Output) and isinstance(second, Output)
                changed = _with(netlist, one, replace(first, source=second.source))
                yield _with(changed, other, replace(second, source=first.source))


def _shortened(netlist: Netlist) -> Iterator[Netlist]:
    """A statement is missing."""
    yield from (_with(netlist, place) for place in range(len(netlist.statements)))


FAULTS: dict[str, Fault] = {
    "input": _each(Input, _near("index")),
    "delay's source": _each(Delay, _renamed("source")),
    "delay's bits": _each(Delay, _near("bits")),
    "delay left out": _left_out,
    "delay put in": _put_in,
    "slip's source": _each(Slip, _renamed("source")),
    "slip's older": _each(Slip, _renamed("older")),
    "slip's bits": _each(Slip, _slips),
    "hold's first": _each(Hold, _near("first")),
    "hold's last": _each(Hold, _near("last")),
    "count's start": _each(Count, _near("start")),
    "count's bits": _each(Count, _near("bits")),
    "play's number": _each(Play, _played),
    "play's count": _each(Play, _renamed("count")),
    "play's bits": _each(Play, _near("bits")),
    "sum's a": _each(Sum, _renamed("a")),
    "sum's b": _each(Sum, _renamed("b")),
    "sum's operands turned": _each(Sum, lambda _, adder: iter([replace(adder, a=adder.b, b=adder.a)])),
    "sum's inverts": _each(Sum, _inverted),
    "sum's carry": _each(Sum, lambda _, adder: iter([replace(adder, carry=not adder.carry)])),
    "sum's start": _each(Sum, _near("start")),
    "sum's holds": _each(Sum, _held),
    "output's source": _each(Output, _renamed("source")),
    "output's index": _each(Output, _near("index")),
    "outputs swapped": _swapped,
    "statement left out": _shortened,
    "latency": lambda netlist: (
        replace(netlist, latency=netlist.latency + step) for step in (-1, 1) if netlist.latency + step >= 0
    ),
    "markers": lambda netlist: (replace(netlist, markers=netlist.markers + step) for step in (-1, 1)),
}
