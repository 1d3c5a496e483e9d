"""The comparison of quantizers as a picture: accuracy against adders, a panel a network, a line a method.

A line joins one method's bit widths. Colours tell the number systems apart, strokes and marks their variants."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.quantizer_rows import Row, front

matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "quantizers"})  # text as text; the same bytes again

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c564b", "#7f7f7f")
VARIANTS = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"))
PANEL = (4.6, 3.6)  # inches
COLUMNS = 3  # of panels
LOWEST = 12  # points below the best that are still shown


def plot(rows: Sequence[Row], path: Path) -> None:
    """Writes the picture, in the format of the path's ending."""
    networks = list(dict.fromkeys(row.network for row in rows))
    columns = min(COLUMNS, len(networks))
    lines = -(-len(networks) // columns)
    figure = Figure((PANEL[0] * columns, PANEL[1] * lines + 1.3), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).flat
    styles = _styles(rows)
    for network, panel in zip(networks, panels, strict=False):
        _draw(panel, [row for row in rows if row.network == network], styles)
        panel.set_title(network)
    for panel in list(panels)[len(networks) :]:
        panel.set_axis_off()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2 * columns, fontsize="small", frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _styles(rows: Sequence[Row]) -> dict[str, tuple[str, str, str]]:
    """Spelling → colour, stroke and mark; a grid's colour is its own."""
    spellings = list(dict.fromkeys(row.method.weights for row in rows))
    grids = list(dict.fromkeys(spelling.partition(":")[0] for spelling in spellings))
    colours = dict(zip(grids, cycle(COLOURS), strict=False))
    variants = {grid: cycle(VARIANTS) for grid in grids}
    return {
        spelling: (colours[grid], *next(variants[grid]))
        for spelling in spellings
        for grid in [spelling.partition(":")[0]]
    }


def _draw(panel: Axes, rows: Sequence[Row], styles: dict[str, tuple[str, str, str]]) -> None:
    """One network: the first correction only, the float network as a line, the front behind everything."""
    rows = [row for row in rows if row.correction == rows[0].correction]
    best = front(rows, _cost)
    panel.plot([row.adders for row in best], [row.accuracy[0] for row in best], color="#dddddd", linewidth=7)
    for spelling, (colour, stroke, mark) in styles.items():
        same = sorted((row for row in rows if row.method.weights == spelling), key=lambda row: row.method.bits)
        panel.plot(
            [row.adders for row in same],
            [row.accuracy[0] for row in same],
            color=colour,
            linestyle=stroke,
            marker=mark,
            markersize=4,
            linewidth=1.2,
            label=spelling,
        )
        for row in same:
            place = (row.adders, row.accuracy[0])
            panel.annotate(str(row.method.bits), place, (3, -8), textcoords="offset points", fontsize=6, clip_on=True)
    exact = sum(one.exact for one in rows[0].results) / len(rows[0].results)
    panel.axhline(exact, color="#999999", linewidth=0.8)
    top = max([exact, *(row.accuracy[0] for row in rows)])
    panel.set_ylim(top - LOWEST, top + 0.5)
    panel.set_xscale("log")
    panel.set_xlabel("adders, nothing shared")
    panel.set_ylabel("accuracy %")


def _cost(row: Row) -> float:
    return row.adders
