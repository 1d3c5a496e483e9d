"""Balanced weights: every code stands for about as many weights as any other.

Zhou et al. 2017 (arXiv:1706.07145): the weights are split at their mean, a cheap median, each half again, k = b times;
the 2^k leaves, from the lowest weights to the highest, are the codes. `median` splits at the exact percentiles. Codes
are the odd integers -(2^k - 1) … 2^k - 1.

Theirs (`paper`) is scaled so that the largest code reaches the layer's largest magnitude, and its rounding gives each
leaf's least weight the code of the leaf below. The default uses the leaves as they are and the scale of least squared
error for the codes; `scale=mean` takes 2.5 times the mean magnitude and `scale=max` the largest for the largest code.
It is a rule to train with. Applied to a trained network it spends its codes evenly, not where the error is: from four
bits on it loses more than a uniform grid."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import Grid, GridWeights, NumberSystem
from shiftwright.quantize.grids.level_grid import least_squares_scales
from shiftwright.quantize.grids.options import Options
from shiftwright.quantize.grids.segments import segment_means

SCALES = ("fit", "mean", "max")
MEANS = 2.5  # of the mean magnitude, as far as the largest code reaches with scale=mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Balanced(Grid):
    """2^b odd integers, equally often used; there is no zero."""

    summary: ClassVar[str] = "odd integers, each for an equal share of the weights, 1 to 8 bits; made for training"
    paper: ClassVar[str] = "Zhou, Wang, Wen, He & Zou 2017, arXiv:1706.07145"
    examples: ClassVar[tuple[str, ...]] = ("balanced", "balanced:median", "balanced:paper")
    widths: ClassVar[range] = range(1, 9)

    granularity: str = "tensor"
    median: bool = False
    scale: str = "fit"  # one of SCALES
    published: bool = False

    @classmethod
    def build(cls, bits: int, options: Options) -> "Balanced":
        """Takes `median`, `paper` and `scale`, in any combination."""
        published, median = options.flag("paper"), options.flag("median")
        scale = options.choice("scale", SCALES, "max" if published else "fit")
        return cls(bits=bits, median=median, scale=scale, published=published)

    @property
    def numbers(self) -> NumberSystem:
        """The odd integers of b bits and a sign."""
        return NumberSystem.of(tuple(range(1 - 2**self.bits, 2**self.bits, 2)))

    @property
    def refits(self) -> bool:
        """Only a scale that was fitted may move."""
        return self.scale == "fit"

    def fit(self, rows: NDArray[np.float64]) -> GridWeights:
        """Codes row by row, then the scales."""
        largest = self.numbers.largest
        codes = 2 * np.array([self.leaves(row) for row in rows]) - largest
        magnitude = np.abs(rows)
        scales = (magnitude.max(axis=1) if self.scale == "max" else MEANS * magnitude.mean(axis=1)) / largest
        if self.scale == "fit":
            scales = least_squares_scales(rows, codes, scales)
        return GridWeights(codes, scales, np.arange(-largest, largest + 1, 2)[None])

    def leaves(self, row: NDArray[np.float64]) -> NDArray[np.int64]:
        """The leaf of each weight (n,), 0 … 2^b - 1."""
        ordered = np.sort(row)
        if self.median:
            thresholds = np.quantile(ordered, np.arange(1, 2**self.bits) / 2**self.bits)
        else:
            thresholds = mean_thresholds(ordered, self.bits)
        # Weights at a threshold leave for the side away from zero, so that weights all alike get the outermost code.
        negative = thresholds <= 0
        leaves = np.searchsorted(thresholds[negative], row, side="left")
        leaves += np.searchsorted(thresholds[~negative], row, side="right")
        if self.published:
            edges = np.concatenate([[0], split(ordered, thresholds), [len(row)]])
            begins, ends = edges[:-1].clip(max=len(row) - 1), (edges[1:] - 1).clip(min=0)
            least, most = ordered[begins[leaves]], ordered[ends[leaves]]
            # A leaf of one value has no width for the published formula to divide by; it keeps its code.
            leaves -= (row == least) & (least < most) & (leaves > 0)
        return leaves


def mean_thresholds(ordered: NDArray[np.float64], depth: int) -> NDArray[np.float64]:
    """The 2^depth - 1 values at which ascending values are split at the mean, each part again, depth times.

    The part of an empty part is empty: its threshold repeats a neighbour's."""
    bounds = np.array([-np.inf, np.inf])
    for _ in range(depth):
        edges = np.concatenate([[0], split(ordered, bounds[1:-1]), [len(ordered)]])
        means, sizes = segment_means(ordered, edges)
        neighbours = np.where(np.isfinite(bounds[:-1]), bounds[:-1], bounds[1:])
        means = np.where(sizes > 0, means, neighbours)
        bounds = np.append(np.stack([bounds[:-1], means], axis=1).reshape(-1), np.inf)
    return bounds[1:-1]


def split(ordered: NDArray[np.float64], thresholds: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many of the ascending values lie below each threshold, those at it counted to the side nearer zero."""
    places: NDArray[np.int64] = np.where(
        thresholds > 0,
        np.searchsorted(ordered, thresholds, side="left"),
        np.searchsorted(ordered, thresholds, side="right"),
    )
    return places


GRID = Balanced
