"""Cost models against Yosys: how well LUTs, registers and carry cells of adder graphs are foretold, family by family.

    python -m benchmarks.cost_model [--families ecp5 xcup …] [--json FILE]
    python -m benchmarks.cost_model --delays [--families ecp5]

A stored set of graphs is mapped by Yosys, registered after every level of adders and after every second one. Two in
three are for the fit of the linear cost that solvers minimise; errors are those of the third that is held back. `exact`
counts each sum's cells, as reports do; it has nothing to fit. `linear` takes bits and a fixed part for each adder.

`--delays` places and routes leaves instead, and compares their clock's period with the delay model."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.cost_model_delays import line, periods
from benchmarks.cost_model_graphs import Stored, stored
from shiftwright.arith.families.choose import family
from shiftwright.arith.families.family import Family
from shiftwright.arith.families.sums import Sums
from shiftwright.errors import ShiftwrightError
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.synth import script
from shiftwright.synth.counts import Counts
from shiftwright.synth.devices.choose import device
from shiftwright.synth.modules import modules
from shiftwright.synth.tools.yosys import TOOL

LEVELS = (1, 2)  # of adders between registers
TOP = "all_leaves"
QUANTITIES = ("luts", "registers", "carry")


@dataclass(frozen=True, slots=True)
class Row:
    """One graph, pipelined one way: what Yosys found, what the model says."""

    name: str
    held_back: bool
    levels_per_stage: int
    found: Counts
    exact: Counts
    features: tuple[int, int, int, int]  # bits and number of adders with two operands, with three
    shift_registers: int  # LUTs that are these

    def error(self, quantity: str, luts: float | None = None) -> float:
        """Of the model, or of other `luts`, as a share of what was found."""
        found, foretold = getattr(self.found, quantity), getattr(self.exact, quantity)
        return (foretold if luts is None else luts) / found - 1 if found else 0.0


def main() -> None:
    """Command line: measures, prints a table and the constants."""
    parser = argparse.ArgumentParser(description="Cost models against Yosys.")
    parser.add_argument("--families", nargs="+", default=[], metavar="FAMILY")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every row")
    parser.add_argument("--delays", action="store_true", help="measure delays, not cells")
    arguments = parser.parse_args()
    console = Console()
    if arguments.delays:
        try:
            for name in arguments.families or ["ecp5"]:
                show_delays(console, family(name))
        except ShiftwrightError as error:
            parser.exit(1, f"error: {error}\n")
        return
    table = Table("family", "", "graphs", "model", "mean error", "worst", box=SIMPLE_HEAD)
    written: dict[str, Any] = {}
    constants = []
    try:
        for name in arguments.families or ["ecp5", "xcup"]:
            rows = measure(family(name))
            fitted = fit(rows)
            fill(table, name, rows, fitted)
            constants.append(f"{name}: " + ", ".join(f"{key}={value:.2f}" for key, value in fitted.items()))
            constants.append(f"  counted: {device(name).rule}")
            written[name] = {"constants": fitted, "rows": [asdict(row) for row in rows]}
    except ShiftwrightError as error:
        parser.exit(1, f"error: {error}\n")
    console.print(table)
    for words in constants:
        console.print(words, soft_wrap=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")


def measure(model: Family) -> list[Row]:
    """Every graph of the set through Yosys, and through the model."""
    graphs = stored(model.operands)
    return [row for levels in LEVELS for row in _mapped(model, graphs, levels)]


def _mapped(model: Family, graphs: Sequence[Stored], levels: int) -> list[Row]:
    leaves = [AdderLeaf(one.name, one.graph, levels) for one in graphs]
    found = yosys(leaves, model.name)
    rows = []
    for one in graphs:
        graph, sums = one.graph, Sums(one.graph, levels)
        exact = Counts(model.luts(graph, levels), model.carry_cells(graph), model.registers(graph, levels))
        twos, threes = ([a.width for a in sums.sums if (len(a.words) > 2) == more] for more in (False, True))
        features = (sum(twos), len(twos), sum(threes), len(threes))
        shifted = model.shift_registers(graph, levels)
        rows.append(Row(one.name, one.held_back, levels, found[one.name], exact, features, shifted))
    return rows


def yosys(leaves: Sequence[AdderLeaf], name: str) -> dict[str, Counts]:
    """What each leaf takes on a family, by its name."""
    target = device(name)
    here = Environment(
        loader=FileSystemLoader(Path(__file__).parent), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    files = {name: text for leaf in leaves for name, text in leaf.files().items()}
    texts = [*files.values(), here.get_template("cost_model_leaves.v.j2").render(top=TOP, leaves=leaves)]
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source = folder / "leaves.v"
        source.write_text("\n".join(texts), encoding="utf-8")
        work = folder / "work"
        work.mkdir()
        script.prepare(work, [source], TOP, target, netlist=False)
        TOOL.run(["-s", script.SCRIPT], work, script.LOG)
        written, mapped = (json.loads((work / file).read_text()) for file in (script.WRITTEN, script.CELLS))
    return {module.name: module.counts for module in modules(written, mapped, TOP, target.cells)}


def fit(rows: Sequence[Row]) -> dict[str, float]:
    """bit2, fixed2 and, where there are adders of three operands, bit3 and fixed3: least squares of relative errors."""
    used = [row for row in rows if not row.held_back]
    features = np.array([row.features for row in used], dtype=np.float64)
    luts = np.array([row.found.luts - row.shift_registers for row in used], dtype=np.float64)
    names = ("bit2", "fixed2", "bit3", "fixed3")[: 4 if features[:, 2].any() else 2]
    scaled = features[:, : len(names)] / luts[:, np.newaxis]
    solution = np.linalg.lstsq(scaled, np.ones(len(luts)), rcond=None)[0]
    if solution.min() < 0:  # no adder is cheaper for being one
        kept = solution >= 0
        solution = np.zeros(len(names))
        solution[kept] = np.linalg.lstsq(scaled[:, kept], np.ones(len(luts)), rcond=None)[0]
    return {name: round(float(value), 2) for name, value in zip(names, solution, strict=True)}


def linear(row: Row, fitted: dict[str, float]) -> float:
    """LUTs by the linear cost, shift registers added."""
    costs: NDArray[np.float64] = np.array([*fitted.values(), 0.0, 0.0][:4])
    return float(np.dot(row.features, costs)) + row.shift_registers


def fill(table: Table, name: str, rows: Sequence[Row], fitted: dict[str, float]) -> None:
    """A line a quantity and model, for the graphs that are held back, and one for all others."""
    for held_back in (True, False):
        some = [row for row in rows if row.held_back == held_back]
        which = "held back" if held_back else "fitted"
        for quantity in QUANTITIES:
            _line(table, name, quantity, f"{len(some)} {which}", "exact", [row.error(quantity) for row in some])
        errors = [row.error("luts", linear(row, fitted)) for row in some]
        _line(table, name, "luts", f"{len(some)} {which}", "linear", errors)
    table.add_section()


def show_delays(console: Console, model: Family) -> None:
    """A line a leaf, and the line through all of them."""
    table = Table("leaf", "levels", "bits", "ns", "model", "error", box=SIMPLE_HEAD, title=model.name)
    found = []
    for one in periods(model):
        found.append(one)
        error = f"{100 * (one.foretold / one.found - 1):+.1f} %"
        table.add_row(one.name, str(one.levels), str(one.bits), f"{one.found:.2f}", f"{one.foretold:.2f}", error)
    level, carry = line(found)
    console.print(table)
    console.print(f"{model.name}: level2={level:.2f}, carry={carry:.3f}")


def _line(table: Table, name: str, quantity: str, which: str, model: str, errors: Sequence[float]) -> None:
    table.add_row(
        name, quantity, which, model, f"{100 * np.mean(np.abs(errors)):.2f} %", f"{100 * np.max(np.abs(errors)):.2f} %"
    )


if __name__ == "__main__":
    main()
