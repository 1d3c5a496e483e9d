"""Lattice ECP5: four-input LUTs, two bits of carry a CCU2C, which takes the place of two LUTs.

Delays are those of speed grade 6 after nextpnr. Placing adds close to four LUTs to each carry chain, which are not
counted here: they are no part of what Yosys states."""

from shiftwright.arith.families.family import Cells, Family
from shiftwright.arith.families.sums import Sum

NARROW = 4  # bits up to which Yosys takes no carry cells
WHERE_BOTH_COUNT = {0: 4, 1: 4, 2: 6}  # LUTs of four bits, by the places at which both words have bits; else 10


def cells(adder: Sum) -> Cells:
    """A CCU2C for two bits, and a LUT for each low bit that a number merely inverts."""
    if adder.width < NARROW:
        return Cells(luts=adder.width)
    if adder.width == NARROW:
        places = {bits for bits in zip(*adder.words, strict=True) if all(isinstance(bit, tuple) for bit in bits)}
        return Cells(luts=WHERE_BOTH_COUNT.get(len(places), 10))
    free = adder.without_borrow
    inverts = not adder.inverted and any(word[0] == 1 for word in adder.words)
    pairs = -(-(adder.width - free) // 2)
    return Cells(luts=2 * pairs + free + inverts, carry=pairs)


FAMILY = Family("ecp5", "Lattice ECP5: LUT4 and CCU2C", bit2=1.04, fixed2=0.29, level2=1.92, carry=0.12, cells=cells)
