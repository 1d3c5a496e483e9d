"""The comparison of quantizers as a picture: accuracy against adders, a line a method.

A line joins one method's bit widths, which stand beside its points. Colours tell the number systems apart, strokes and
marks their variants. The scale of accuracies is wider towards the top, where most methods are. Of several networks it
shows all together, of several corrections the first."""

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator
from numpy.typing import NDArray

from benchmarks.quantizer_rows import Row, front

matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "quantizers"})  # text as text; the same bytes again

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c564b", "#7f7f7f")
VARIANTS = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"))
SIZE = (8.5, 5.6)  # inches
LOWEST = 12  # points below the best that are still shown
ABOVE = 1  # points above the best from where the scale counts in logarithms


def plot(rows: Sequence[Row], path: Path) -> None:
    """Writes the picture, in the format of the path's ending."""
    rows = [row for row in rows if (row.network, row.correction) == (rows[-1].network, rows[0].correction)]
    figure = Figure(SIZE, layout="constrained")
    panel = figure.subplots()
    best = front(rows, lambda row: row.adders_a_weight)
    places = [(row.adders_a_weight, row.accuracy[0]) for row in best]
    panel.plot(*zip(*places, strict=True), color="#dddddd", linewidth=8, solid_joinstyle="round", label="front")
    for spelling, (colour, stroke, mark) in _styles(rows).items():
        same = sorted((row for row in rows if row.method.weights == spelling), key=lambda row: row.method.bits)
        places = [(row.adders_a_weight, row.accuracy[0]) for row in same]
        panel.plot(
            *zip(*places, strict=True), label=spelling, color=colour, linestyle=stroke, marker=mark, markersize=4
        )
        for row, place in zip(same, places, strict=True):
            panel.annotate(
                str(row.method.bits),
                place,
                (3, -9),
                textcoords="offset points",
                fontsize=7,
                color=colour,
                annotation_clip=True,
            )
    exact = sum(one.exact for one in rows[0].results) / len(rows[0].results)
    panel.axhline(exact, color="#999999", linewidth=0.8, linestyle=":", label="float")
    top = max(exact, *(row.accuracy[0] for row in rows))
    ceiling = top + ABOVE

    def squeeze(accuracy: NDArray[np.float64]) -> NDArray[np.float64]:
        return -np.log(np.maximum(ceiling - accuracy, 1e-9))

    def stretch(height: NDArray[np.float64]) -> NDArray[np.float64]:
        return ceiling - np.exp(-height)

    panel.set_yscale("function", functions=(squeeze, stretch))
    panel.set_ylim(top - LOWEST, top + ABOVE / 4)
    panel.yaxis.set_major_locator(MultipleLocator(1))
    panel.grid(axis="y", color="#eeeeee", linewidth=0.6)
    panel.set_title(f"{rows[0].network}, correction {rows[0].correction}; beside each point its bits")
    panel.set_xlabel("adders a weight, nothing shared")
    panel.set_ylabel("accuracy %")
    figure.legend(loc="outside right upper", fontsize="small", frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _styles(rows: Sequence[Row]) -> dict[str, tuple[str, str, str]]:
    """Spelling → colour, stroke and mark; a grid's colour is its own."""
    spellings = list(dict.fromkeys(row.method.weights for row in rows))
    grids = {spelling: spelling.partition(":")[0] for spelling in spellings}
    colours = dict(zip(dict.fromkeys(grids.values()), cycle(COLOURS), strict=False))
    variants = {grid: cycle(VARIANTS) for grid in colours}
    return {spelling: (colours[grid], *next(variants[grid])) for spelling, grid in grids.items()}
