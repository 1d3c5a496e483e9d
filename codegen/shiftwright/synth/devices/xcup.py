"""AMD UltraScale+, by Yosys: cells only, since no open tool places and routes it here."""

from shiftwright.synth.devices.amd_cells import CELLS, RULE
from shiftwright.synth.devices.device import Device

DEVICE = Device(
    name="xcup",
    description="AMD UltraScale+: six-input LUTs with two outputs, memory blocks of 18 kbit counted",
    family="xcup",
    synth="synth_xilinx -run prepare: -family xcup -flatten -noiopad -noclkbuf",
    cells=CELLS,
    rule=RULE,
    libraries=("read_verilog -lib -specify +/xilinx/cells_sim.v", "read_verilog -lib +/xilinx/cells_xtra.v"),
    defines=("SHIFTWRIGHT_XILINX", "SHIFTWRIGHT_CARRY8"),
    no_route="no open tool places and routes UltraScale+",
)
