"""What Verilog costs on a family, in one call: for measurements that have no build folder."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from shiftwright.synth import script
from shiftwright.synth.counts import Counts
from shiftwright.synth.devices.choose import device
from shiftwright.synth.modules import modules
from shiftwright.synth.tools.yosys import TOOL


def luts(verilog_files: Sequence[Path], top: str, family: str) -> Counts:
    """LUTs, carry cells, registers and more of a design, all modules together, after Yosys for a family or device.

    SynthesisError where Yosys is missing or refuses the files."""
    target = device(family)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        script.prepare(folder, verilog_files, top, target, netlist=False)
        TOOL.run(["-s", script.SCRIPT], folder, script.LOG)
        written, mapped = (json.loads((folder / name).read_text()) for name in (script.WRITTEN, script.CELLS))
    found = modules(written, mapped, top, target.cells)
    return sum((module.counts.times(module.instances) for module in found), Counts())
