"""Lattice iCE40 UltraPlus with 5 280 LUTs, open from Verilog to bitstream."""

from shiftwright.synth.counts import Counts
from shiftwright.synth.devices.device import Device, Route
from shiftwright.synth.tools.nextpnr_ice40 import TOOL

DEVICE = Device(
    name="up5k",
    description="Lattice iCE40 UP5K: 5 280 LUT4, 30 memory blocks of 4 kbit, 8 multipliers",
    family="ice40",
    synth="synth_ice40 -device u -dsp",
    cells={
        "SB_LUT4": Counts(luts=1),
        "SB_CARRY": Counts(carry=1),
        "SB_DFF*": Counts(registers=1),
        "SB_RAM40_4K*": Counts(memory_blocks=1),
        "SB_SPRAM256KA": Counts(memory_blocks=64),
        "SB_MAC16": Counts(dsp=1),
    },
    rule="an SB_LUT4 is one LUT; an SB_CARRY lies beside one, and takes another only where that one reads other words",
    route=Route(TOOL, ("--up5k", "--package", "sg48"), 5280, 24.0),
)
