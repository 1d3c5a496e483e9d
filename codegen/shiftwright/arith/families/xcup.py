"""AMD UltraScale+: six-input LUTs with two outputs, eight bits of carry a CARRY8.

Delays are estimates, not measured: somewhat more than half of those of 7 Series, since data sheets state none."""

from dataclasses import replace

from shiftwright.arith.families import amd
from shiftwright.arith.families.family import Cells, Family
from shiftwright.arith.families.sums import Sum


def cells(adder: Sum) -> Cells:
    """As of all AMD families, but that sums of three take CARRY8, which count as two CARRY4."""
    found = amd.cells(adder)
    return replace(found, carry=2 * -(-adder.width // 8)) if len(adder.words) == 3 else found


FAMILY = Family(
    "xcup",
    "AMD UltraScale+: LUT6_2 and CARRY8, adders of up to three operands",
    operands=3,
    bit2=0.83,
    fixed2=0.21,
    bit3=0.92,
    fixed3=0.47,
    level2=1.1,
    level3=1.6,
    carry=0.015,
    cells=cells,
    shift_register=amd.SHIFT_REGISTER,
)
