"""Markers in rows of registers: one for each cycle in which something downstream must know the word's place.

Markers on links, and those that leaves read, are low while nothing moves. They then reset carries with no gate on the
way: a register looks at whether the engine will move."""

from amaranth import Cat, Module, Mux, Signal, Value


def markers(m: Module, name: str, start: Value, enable: Value, length: int) -> Value:
    """`start` and what it was 1 … length - 1 moves ago, lowest first; these stay high while nothing moves."""
    if length == 1:
        return start
    earlier = Signal(length - 1, name=name)
    with m.If(enable):
        m.d.sync += earlier.eq(Cat(start, earlier))
    return Cat(start, earlier)


def moving(m: Module, name: str, row: Value, enable: Value, ahead: Value) -> Value:
    """The markers of a row but its first, low while nothing moves."""
    found = Signal(len(row) - 1, name=name)
    m.d.sync += found.eq(Mux(ahead, Mux(enable, row[:-1], row[1:]), 0))
    return found
