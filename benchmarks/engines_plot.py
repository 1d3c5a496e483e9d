"""The comparison of engines as a picture: positions a second over cells, a colour an engine, a mark a number system.

Both scales are logarithmic. Along a grey line every cell does as much: 1 million positions a second per 1,000 cells, or
10 times that, and so on."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.engines_cases import KINDS, NARROW
from benchmarks.engines_layers import LAYERS, TITLES
from benchmarks.engines_rows import Row

matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "engines"})  # text as text; the same bytes again

SIZE = (8.5, 5.6)  # inches
COLOURS = {
    "parallel": "#000000",
    "serial:d=1": "#0072b2",
    "serial:d=2": "#56b4e9",
    "serial:d=4": "#009e73",
    "folded": "#d55e00",
    "plain": "#999999",
}
MARKS = dict(zip(TITLES, ("o", "^", "s", "D", "v", "P"), strict=True))
EQUAL = tuple(10.0**power for power in range(1, 7))  # positions a second and cell


def plot(rows: Sequence[Row], path: Path) -> None:
    """Writes the picture of the first layer's rows, in the format of the path's ending."""
    rows = [row for row in rows if row.case.layer == rows[0].case.layer]
    figure = Figure(SIZE, layout="constrained")
    panel = figure.subplots()
    cells, rates = [row.whole.cells for row in rows], [row.rate for row in rows]
    ends = min(cells) / 1.5, max(cells) * 1.5
    for row in rows:
        panel.plot(row.whole.cells, row.rate, MARKS[row.case.system], color=COLOURS[colour(row)], markersize=7)
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xlim(ends)
    panel.set_ylim(min(rates) / 2, max(rates) * 2)
    for each in EQUAL:
        panel.plot(ends, [each * end for end in ends], color="#dddddd", linewidth=0.8, zorder=0)
    panel.set_title(LAYERS[rows[0].case.layer].title)
    panel.set_xlabel("cells (TRELLIS_COMB)")
    panel.set_ylabel("positions a second")
    shown = dict.fromkeys(colour(row) for row in rows)
    systems = dict.fromkeys(row.case.system for row in rows)
    handles = [Line2D([], [], linestyle="", marker="o", color=COLOURS[one], label=one) for one in shown]
    handles += [
        Line2D([], [], linestyle="", marker=MARKS[one], color="none", markeredgecolor="#000000", label=TITLES[one])
        for one in systems
    ]
    figure.legend(handles=handles, loc="outside right upper", fontsize="small", frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def colour(row: Row) -> str:
    """The name of the row's colour: the engine, or its group where folds are not told apart."""
    engine = row.case.engine
    engine = engine.removesuffix(f" {NARROW}")
    return engine if engine in COLOURS else KINDS[row.case.engine].group
