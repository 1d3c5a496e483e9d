"""Every tool's graphs through one synthesis: the same leaf, the same Verilog, the same Yosys script, its LUTs.

Ours is solved once more for the family that is synthesized, so that its adders may have three operands where the
family's have; the others' graphs are those that were counted. A leaf holds the whole graph in one stage, so that LUTs
are those of adders; each adder is kept from being merged with the next."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from benchmarks.cmvm_rows import REFERENCE, Row, geometric_mean, limit_name, ratio_text
from benchmarks.cmvm_tools import OURS, Solution
from shiftwright.arith.adder_graph import AdderGraph
from shiftwright.rtl.adder_leaf import AdderLeaf
from shiftwright.synth import luts
from shiftwright.synth.devices.choose import device

FAMILIES = ("ecp5", "xcup")
TOP = "core"


@dataclass(frozen=True, slots=True)
class Synthesized:
    """LUTs of every tool's graph of one matrix, on one family."""

    family: str
    matrix: str
    limit: int | None
    luts: dict[str, int]

    @property
    def ratio(self) -> float | None:
        """Ours over the reference's; None where either is missing or 0."""
        pair = [self.luts[tool] for tool in (OURS, REFERENCE) if tool in self.luts]
        return pair[0] / pair[1] if len(pair) == 2 and all(pair) else None

    def as_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {**asdict(self), "ratio": self.ratio}


def synthesize(row: Row, solutions: Mapping[str, Solution], family: str, ours: AdderGraph | None = None) -> Synthesized:
    """LUTs of every tool's graph; `ours` takes the place of the graph of ours that was counted."""
    graphs = {tool: solution.graph for tool, solution in solutions.items()} | ({OURS: ours} if ours else {})
    return Synthesized(family, row.matrix, row.limit, {tool: cells(graph, family) for tool, graph in graphs.items()})


def cells(graph: AdderGraph, family: str) -> int:
    """LUTs of a graph after Yosys; 0 for one without adders."""
    if not graph.adders:
        return 0
    with TemporaryDirectory() as folder:
        files = AdderLeaf(TOP, graph, levels_per_stage=graph.depth).files()
        for name, text in files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        return luts([Path(folder) / name for name in files], TOP, family).luts


def show_synthesis(found: Sequence[Synthesized], console: Console) -> None:
    """A table a family and depth limit, with geometric means below it."""
    for family, limit in dict.fromkeys((one.family, one.limit) for one in found):
        same = [one for one in found if (one.family, one.limit) == (family, limit)]
        tools = list(dict.fromkeys(tool for one in same for tool in one.luts))
        title = f"LUTs after Yosys, {family}, {limit_name(limit)}"
        table = Table(box=SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False)
        table.add_column("matrix", no_wrap=True)
        for head in (*tools, f"to {REFERENCE}"):
            table.add_column(head, justify="right", no_wrap=True)
        for one in same:
            counts = [f"{one.luts[tool]:,}" if tool in one.luts else "–" for tool in tools]
            table.add_row(one.matrix, *counts, ratio_text(one.ratio))
        console.print(table)
        console.print(f"counted: {device(family).rule}", highlight=False)
        mean = geometric_mean(one.ratio for one in same)
        console.print(f"{OURS} / {REFERENCE}, geometric mean: {ratio_text(mean)}", highlight=False)
