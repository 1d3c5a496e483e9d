"""Lattice iCE40: four-input LUTs, one bit of carry beside each."""

from shiftwright.arith.families.family import Cells, Family
from shiftwright.arith.families.sums import Sum


def cells(adder: Sum) -> Cells:
    """A LUT and a carry cell a bit; the top bit has no carry, and is one where no word reaches it.

    The carry cells add and do not subtract: each bit of a negated word takes an inverter."""
    inverters = {(adder.stage, bit) for word in adder.words[1:] for bit in word if isinstance(bit, tuple)}
    free = adder.without_borrow
    return Cells(
        luts=adder.width - free - (not adder.signed and not adder.inverted),
        carry=max(0, adder.width - free - 1),
        shared=frozenset(inverters) if adder.inverted else frozenset(),
    )


FAMILY = Family(
    "ice40",
    "Lattice iCE40: LUT4 and SB_CARRY",
    bit2=1.23,
    fixed2=0.0,
    level2=3.0,
    carry=0.25,
    cells=cells,
)
