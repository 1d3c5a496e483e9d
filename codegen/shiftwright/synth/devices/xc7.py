"""AMD 7 Series, by Yosys: cells only, since no open tool places and routes it here."""

from shiftwright.synth.devices.amd_cells import CELLS, RULE
from shiftwright.synth.devices.device import Device

DEVICE = Device(
    name="xc7",
    description="AMD 7 Series: six-input LUTs with two outputs, memory blocks of 18 kbit counted",
    family="xc7",
    synth="synth_xilinx -run prepare: -family xc7 -flatten -noiopad -noclkbuf",
    cells=CELLS,
    rule=RULE,
    libraries=("read_verilog -lib -specify +/xilinx/cells_sim.v", "read_verilog -lib +/xilinx/cells_xtra.v"),
    defines=("SHIFTWRIGHT_XILINX",),
    no_route="the wheels have no place and route for 7 Series",
)
