"""A table of integers that the weights themselves choose, shared by the whole layer.

The one-shot clustering of Xu et al. 2018 (SLQ, arXiv:1803.03289): 2^(b-1) + 1 centroids, begun at 0 and ±n/2^j with n
the power of two below the largest magnitude, moved by ten `steps` of Lloyd's iteration while zero stays. Their
centroids are real numbers, one table a layer. Here they become integers of `width` bits times one scale, the scale
that loses least, because hardware multiplies by integers. With `granularity=channel` there is still one table, found
on channels that are divided by their own peak, and a scale a channel. `pot` makes the integers powers of two, so that
a product is one shift."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import Grid, GridWeights, NumberSystem, nearest
from shiftwright.quantize.grids.level_grid import keep_better, least_squares_scales
from shiftwright.quantize.grids.lloyd import lloyd
from shiftwright.quantize.grids.options import Options

PUBLISHED_STEPS = 10
MOST_STEPS = 1000
USUAL_WIDTH = 8
LARGEST_SHIFT = 14  # the largest power of two that is an int16
# Scales that are tried when centroids become integers, and around the outcome for each channel.
SCALES_PER_OCTAVE = 96
STEPS_PER_OCTAVE = 12
REFINEMENTS = 4
EQUAL = 1e-9  # of the squared sum: tables that differ by less lose the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Codebook(Grid):
    """Zero and up to 2^(b-1) integers of `width` stored bits, or powers of two up to 2^14."""

    summary: ClassVar[str] = (
        "a table of integers found by clustering a layer's weights, 2 to 6 bits; or of powers of two"
    )
    paper: ClassVar[str] = "Xu, Wang, Zhou, Lin & Xiong 2018, arXiv:1803.03289"
    examples: ClassVar[tuple[str, ...]] = ("codebook", "codebook:width=6", "codebook:pot")
    widths: ClassVar[range] = range(2, 7)

    granularity: str = "tensor"
    width: int = USUAL_WIDTH
    pot: bool = False
    steps: int = PUBLISHED_STEPS  # of Lloyd's iteration

    @classmethod
    def build(cls, bits: int, options: Options) -> "Codebook":
        """Takes `pot` or `width`, and `steps`."""
        steps = options.integer("steps", 0, MOST_STEPS, PUBLISHED_STEPS)
        if options.flag("pot"):
            return cls(bits=bits, pot=True, steps=steps)
        width = options.integer("width", bits, 16, USUAL_WIDTH)
        return cls(bits=bits, width=width, steps=steps)

    @property
    def numbers(self) -> NumberSystem:
        """Which integers it will be is known for powers of two alone."""
        count = 2 ** (self.bits - 1) + 1
        if self.pot:
            return NumberSystem((1,), (0, LARGEST_SHIFT), 1 << LARGEST_SHIFT, count)
        return NumberSystem(None, (0, self.width - 2), 2 ** (self.width - 1) - 1, count)

    def fit(self, rows: NDArray[np.float64]) -> GridWeights:
        """Clusters all rows together, each in units of its own; then every row's scale is searched."""
        units = row_units(rows)
        values = np.sort(rows / units[:, None], axis=None)
        start = first_centroids(self.bits, max(-values[0], values[-1]))
        centroids, sizes = lloyd(values, start, start == 0, self.steps)
        table, step = self.integers(centroids, sizes)
        return _search(rows, table[None], units * step, STEPS_PER_OCTAVE if len(rows) > 1 else 0)

    def integers(self, centroids: NDArray[np.float64], sizes: NDArray[np.int64]) -> tuple[NDArray[np.int64], float]:
        """The table (levels,) of ascending integers without repetition for centroids (k,), and the scale.

        It is the one that loses least for clusters of these sizes; of equal ones that of the least integers."""
        peak = np.abs(centroids[sizes > 0]).max()
        octaves = np.arange(0, np.log2(self.numbers.largest) if not self.pot else 1, 1 / SCALES_PER_OCTAVE)
        steps = peak / self.numbers.largest * 2.0**octaves
        found = self.round(centroids / steps[:, None])
        products, squares = found @ (sizes * centroids), np.square(found) @ sizes
        kept = np.square(products) / squares  # of the squared sum, with the least squares scale
        best = np.flatnonzero(kept >= kept.max() - EQUAL * (sizes @ np.square(centroids)))[-1]
        common = int(np.gcd.reduce(found[best]))
        return np.unique(found[best]) // common, float(products[best] / squares[best]) * common

    def round(self, targets: NDArray[np.float64]) -> NDArray[np.int64]:
        """The integers nearest to targets that are in units of a scale."""
        if not self.pot:
            largest = self.numbers.largest
            return np.clip(np.rint(targets), -largest, largest).astype(np.int64)
        powers = 1 << np.arange(LARGEST_SHIFT + 1)
        return nearest(np.concatenate([-powers[::-1], [0], powers])[None], targets)


def row_units(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """What rows (rows, n) are divided by to be clustered together: their peaks.

    Measured on trained networks that gives 0.1 dB more at 4 bits than their root mean squares, 0.4 dB at 5. A single
    row is divided by a power of two, so that n stays where the paper has it."""
    peaks: NDArray[np.float64] = np.abs(rows).max(axis=1)
    if len(rows) > 1:
        return peaks
    units: NDArray[np.float64] = np.exp2(np.floor(np.log2(peaks)))
    return units


def first_centroids(bits: int, peak: float) -> NDArray[np.float64]:
    """0 and ±n/2^j, 2^(b-1) + 1 in all, ascending, with n the power of two at or below `peak`."""
    positive = np.exp2(np.floor(np.log2(peak)) - np.arange(2 ** (bits - 2)))
    return np.concatenate([-positive, [0.0], positive[::-1]])


def _search(
    rows: NDArray[np.float64], table: NDArray[np.int64], scales: NDArray[np.float64], steps: int
) -> GridWeights:
    """Rows on a table for all at the scales of least squared error, `steps` tried to either side within an octave."""
    best = GridWeights(np.zeros(rows.shape, dtype=np.int64), scales.copy(), table)
    least = np.full(len(rows), np.inf)
    for step in range(-steps, steps + 1 + REFINEMENTS):
        refining = step > steps
        tried = (
            least_squares_scales(rows, best.codes, best.scales) if refining else scales * 2.0 ** (step / (steps or 1))
        )
        targets = rows / tried[:, None]
        keep_better(targets, GridWeights(nearest(table, targets), tried, table), best, least)
    return best


GRID = Codebook
