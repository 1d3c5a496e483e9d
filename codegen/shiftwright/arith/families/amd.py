"""Adders of AMD's families with six-input LUTs, as Yosys maps them; the families' own files say what differs."""

from collections.abc import Hashable

from shiftwright.arith.families.family import Cells
from shiftwright.arith.families.sums import Bit, Sum

SHIFT_REGISTER = 3  # registers in a row, from which on Yosys takes an SRL16E
NO_CHAIN = 2  # bits up to which Yosys takes LUTs alone


def two_operands(adder: Sum) -> Cells:
    """A bit's LUT is the exclusive or of both words' bits, which the carry chain adds its carry to.

    The LUT is shared where bits are equal, as in sign extensions, is an inverter where one bit is constant, and nothing
    at all where that constant leaves the other as it is. The lowest bit of a difference has a LUT of its own."""
    if adder.width <= NO_CHAIN:
        return Cells(luts=adder.width)
    first, second = adder.words
    bits = list(zip(first, second, strict=True))
    luts = {_half_sum(adder, a, b, adder.inverted > 0) for a, b in bits}
    free = adder.without_borrow
    if adder.inverted and free < adder.width:
        luts.add(_half_sum(adder, *bits[free], False))
    luts |= {_half_sum(adder, 0, b, True) for _, b in bits[:free]}
    return Cells(carry=-(-(adder.width - free) // 4), shared=frozenset(luts - {None}))


def three_operands(adder: Sum) -> Cells:
    """One LUT6_2 a bit, copies too. Where all words have ended in zeros there is none, or one if one is subtracted."""
    ended = adder.width if adder.signed else adder.top + (adder.inverted == 1)
    return Cells(luts=min(adder.width, ended), carry=-(-adder.width // 4))


def cells(adder: Sum) -> Cells:
    """Of a sum of two or three words."""
    return two_operands(adder) if len(adder.words) == 2 else three_operands(adder)


def _half_sum(adder: Sum, a: Bit, b: Bit, inverted: bool) -> Hashable:
    """What the LUT of one bit computes; None where it takes no LUT."""
    variables = frozenset(bit for bit in (a, b) if isinstance(bit, tuple))
    odd = inverted != bool(sum(bit for bit in (a, b) if isinstance(bit, int)) % 2)
    if a == b or not variables or (len(variables) == 1 and not odd):
        return None
    return adder.stage, variables, odd
