"""AMD 7 Series: six-input LUTs with two outputs, four bits of carry a CARRY4.

Delays are estimates, not measured: from the cells' timings that Project X-Ray publishes for Artix-7 and that Yosys'
library quotes (register 0.30, LUT 0.25, into the carry chain 0.45, along it 0.114 for four bits, out of it 0.31 ns) and
0.6 ns for each net. A sum of three passes a second net and LUT."""

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
    level2=1.9,
    level3=2.75,
    carry=0.03,
    cells=amd.cells,
    shift_register=amd.SHIFT_REGISTER,
)
