"""AMD 7 Series: six-input LUTs with two outputs, four bits of carry a CARRY4."""

from shiftwright.arith.families import amd
from shiftwright.arith.families.family import Family

FAMILY = Family(
    "xc7",
    "AMD 7 Series: LUT6_2 and CARRY4, adders of up to three operands",
    operands=3,
    bit2=0.83,
    fixed2=0.21,
    bit3=0.92,
    fixed3=0.47,
    level2=1.3,
    level3=1.4,
    carry=0.02,
    cells=amd.cells,
    shift_register=amd.SHIFT_REGISTER,
)
