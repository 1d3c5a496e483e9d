"""No family in particular: adders of two operands, a LUT for each full-adder bit."""

from shiftwright.arith.families.family import Family

FAMILY = Family("generic", "any FPGA: two operands, one LUT a full-adder bit")
