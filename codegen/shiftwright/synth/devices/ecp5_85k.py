"""Lattice ECP5 with 84 thousand LUTs (LFE5U-85F), open from Verilog to bitstream."""

from shiftwright.synth.counts import Counts
from shiftwright.synth.devices.device import Device, Route
from shiftwright.synth.tools.nextpnr_ecp5 import TOOL

DEVICE = Device(
    name="ecp5-85k",
    description="Lattice ECP5, LFE5U-85F: 83 640 LUT4, 208 memory blocks of 18 kbit, 156 multipliers",
    family="ecp5",
    synth="synth_ecp5",
    cells={
        "LUT4": Counts(luts=1),
        "CCU2C": Counts(luts=2, carry=1),
        "PFUMX": Counts(),
        "L6MUX21": Counts(),
        "TRELLIS_FF": Counts(registers=1),
        "TRELLIS_DPR16X4": Counts(luts=6),
        "DP16KD": Counts(memory_blocks=1),
        "PDPW16KD": Counts(memory_blocks=1),
        "MULT*": Counts(dsp=1),
        "ALU*": Counts(dsp=1),
    },
    rule="a LUT4 is one LUT, a CCU2C (two bits of carry) is two, 16×4 bits of distributed memory are six",
    route=Route(TOOL, ("--85k", "--package", "CABGA381", "--speed", "6"), 83640, 100.0),
)
