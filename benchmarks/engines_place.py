"""One engine on an ECP5: Yosys and nextpnr on Verilog files, and what their report says.

Out of context: ports have no pads, and paths that begin or end at a port do not count for the clock."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shiftwright.errors import SynthesisError
from shiftwright.synth.tools import nextpnr_ecp5, yosys

NETLIST, REPORT = "netlist.json", "report.json"
PLACE = ("--85k", "--package", "CABGA756", "--speed", "6", "--out-of-context", "--timing-allow-fail")


@dataclass(frozen=True, slots=True)
class Design:
    """Verilog texts by file name; `aim` is the clock in MHz that place and route is asked for, `options` are Yosys'."""

    files: Mapping[str, str]
    top: str
    aim: float
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """What a design takes after packing. `cells` are TRELLIS_COMB, `registers` TRELLIS_FF, `fmax` is in MHz."""

    cells: int
    registers: int
    memory_blocks: int
    dsp: int
    fmax: float


def place(design: Design) -> Placed:
    """Runs both tools aside; SynthesisError where one is missing or fails."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name, text in design.files.items():
            (folder / name).write_text(text, encoding="utf-8")
        options = " ".join(("-noiopad", *design.options))
        synthesis = f"synth_ecp5 {options} -top {design.top} -json {NETLIST}"
        yosys.TOOL.run(["-p", f"read_verilog {' '.join(design.files)}; {synthesis}"], folder, "yosys.log")
        aim = ["--freq", f"{design.aim:g}"]
        nextpnr_ecp5.TOOL.run([*PLACE, *aim, "--json", NETLIST, "--report", REPORT], folder, "nextpnr.log")
        return read_report(json.loads((folder / REPORT).read_text(encoding="utf-8")))


def read_report(report: Mapping[str, Any]) -> Placed:
    """The figures of nextpnr's own report; SynthesisError for a design without a path between registers."""
    used = {kind: counted["used"] for kind, counted in report["utilization"].items()}
    clocks = [clock["achieved"] for clock in report["fmax"].values()]
    if not clocks:
        raise SynthesisError("no path runs from register to register, so there is no clock to state")
    return Placed(used["TRELLIS_COMB"], used["TRELLIS_FF"], used["DP16KD"], used["MULT18X18D"], min(clocks))
