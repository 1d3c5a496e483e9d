"""Folded engines on an ECP5: cells and clock of every number system, beside plain rows of 4-bit weights.

    python -m benchmarks.folded [--only NAME …] [--no-place] [--json FILE]

One layer of 64 inputs and 32 outputs on 4 PEs of 8 lanes, 8-bit signed words (4-bit log codes for `log …`), out of
context: no pads, a clock of 150 MHz to aim at. `rows` multiplies by ANDing the word with each bit of the weight and
adding in the lane, `row trees` adds each row over all lanes first; all else is the same. Cells are nextpnr's, after
packing; LUTs are Yosys', a CCU2C counted as two."""

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.folded_rows import RowEngine, RowTreeEngine
from shiftwright.errors import ShiftwrightError
from shiftwright.rtl.emit import to_verilog
from shiftwright.rtl.folded.engine import FoldedEngine
from shiftwright.rtl.format import Lane
from shiftwright.synth.tools import nextpnr_ecp5, yosys

ROWS, COLUMNS, PE, SIMD = 32, 64, 4, 8
BASELINE = "rows"
PLAIN = (BASELINE, "row trees")  # the cost model knows nothing of these
LOG_CODES = (0, 1, 2, 4, 8, 16, 32, 64, 0, -1, -2, -4, -8, -16, -32, -64)
SYNTHESIZE = "read_verilog engine.v; synth_ecp5 -noiopad -top engine -json engine.json; tee -q -o cells.json stat -json"
PLACE = ("--85k", "--package", "CABGA756", "--speed", "6", "--out-of-context", "--freq", "150", "--timing-allow-fail")
Matrix = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """What one engine takes; `cells` and `fmax` (MHz) are None where nothing was placed."""

    name: str
    luts: int
    estimated: int
    registers: int
    memory_blocks: int
    cells: int | None
    fmax: float | None


def main() -> None:
    """Command line: measures and prints a table."""
    parser = argparse.ArgumentParser(description="Folded engines on an ECP5.")
    parser.add_argument("--only", nargs="+", choices=ENGINES, default=list(ENGINES), metavar="NAME")
    parser.add_argument("--no-place", action="store_true", help="Yosys only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row")
    arguments = parser.parse_args()
    columns = ("engine", "cells", "of rows", "MHz", "LUTs", "estimate", "error", "registers", "memory blocks")
    table = Table(*columns, box=SIMPLE_HEAD)
    try:
        rows = [measure(name, not arguments.no_place) for name in arguments.only]
    except ShiftwrightError as error:
        parser.exit(1, f"error: {error}\n")
    baseline = next((row.cells for row in rows if row.name == BASELINE), None)
    for row in rows:
        table.add_row(
            row.name,
            "" if row.cells is None else str(row.cells),
            "" if row.cells is None or baseline is None else f"{row.cells / baseline:.2f}",
            "" if row.fmax is None else f"{row.fmax:.0f}",
            str(row.luts),
            "" if row.name in PLAIN else str(row.estimated),
            "" if row.name in PLAIN else f"{100 * (row.estimated / row.luts - 1):+.0f} %",
            str(row.registers),
            str(row.memory_blocks),
        )
    Console().print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")


def measure(name: str, placed: bool) -> Row:
    """One engine through Yosys, and through nextpnr if `placed`; SynthesisError where a tool is missing or fails."""
    engine = ENGINES[name]()
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "engine.v").write_text(to_verilog(engine, "engine"), encoding="utf-8")
        yosys.TOOL.run(["-p", SYNTHESIZE], folder, "yosys.log")
        counted: dict[str, int] = json.loads((folder / "cells.json").read_text())["design"]["num_cells_by_type"]
        cells, fmax = None, None
        if placed:
            nextpnr_ecp5.TOOL.run([*PLACE, "--json", "engine.json", "--report", "report.json"], folder, "nextpnr.log")
            report = json.loads((folder / "report.json").read_text())
            cells = report["utilization"]["TRELLIS_COMB"]["used"]
            fmax = min(clock["achieved"] for clock in report["fmax"].values())
    luts = counted.get("LUT4", 0) + 2 * counted.get("CCU2C", 0)
    blocks = counted.get("DP16KD", 0) + counted.get("PDPW16KD", 0)
    return Row(name, luts, engine.estimated_luts, counted.get("TRELLIS_FF", 0), blocks, cells, fmax)


def _signed(magnitudes: list[int], density: float) -> Matrix:
    rng = np.random.default_rng(0)
    shape = ROWS, COLUMNS
    return np.asarray(rng.choice([-1, 1], shape) * rng.choice(magnitudes, shape) * (rng.random(shape) < density))


def _words(magnitudes: list[int], density: float = 0.9) -> FoldedEngine:
    return FoldedEngine(_signed(magnitudes, density), [0] * ROWS, Lane(8, True), -128, 127, PE, SIMD)


def _logs(magnitudes: list[int]) -> FoldedEngine:
    return FoldedEngine(_signed(magnitudes, 0.9), [0] * ROWS, Lane(4, False), -64, 64, PE, SIMD, LOG_CODES)


def _rows(kind: type[RowEngine]) -> FoldedEngine:
    weights = np.random.default_rng(0).integers(-8, 8, (ROWS, COLUMNS))
    return kind(weights, [0] * ROWS, Lane(8, True), -128, 127, PE, SIMD)


def _powers(count: int) -> list[int]:
    return [1 << shift for shift in range(count)]


ENGINES: dict[str, Callable[[], FoldedEngine]] = {
    BASELINE: lambda: _rows(RowEngine),
    "row trees": lambda: _rows(RowTreeEngine),
    "binary": lambda: _words([1], 1.0),
    "ternary": lambda: _words([1], 0.7),
    "pot-1": lambda: _words(_powers(2)),
    "pot-2": lambda: _words(_powers(4)),
    "pot-3": lambda: _words(_powers(8)),
    "root-2": lambda: _words([base << shift for base in (128, 181) for shift in range(4)]),
    "int4": lambda: _words([0, 1, 2, 3, 4, 5, 6, 7], 1.0),
    "apot": lambda: _words([a + b for a in (0, 2, 8, 32) for b in (0, 1, 4, 16)], 1.0),
    "log pot-2": lambda: _logs(_powers(4)),
    "log pot-3": lambda: _logs(_powers(8)),
}


if __name__ == "__main__":
    main()
