"""Grids whose integers are known before the weights are: what is left to choose is each channel's scale."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import Grid, GridWeights, NumberSystem, nearest
from shiftwright.quantize.grids.options import Options

RANGES = ("mse", "max", "percentile")
LEAST_PERCENTILE = 50  # 0.999 is meant as 99.9
# The search tries scales from one octave above the one that reaches the largest weight to six below it, then finer ones
# about the best, and then follows the best to the least squares scale of its own codes.
STEPS_PER_OCTAVE = 12
FINER = 8
OCTAVES_ABOVE, OCTAVES_BELOW = 1, 6
REFINEMENTS = 4
USUAL_PERCENTILE = 99.9


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelGrid(Grid):
    """A fixed set of integers. The scale of least squared error is searched, or a range rule sets it.

    `range=max` lets the largest level reach the largest weight, `range=percentile` the given percentile of the
    magnitudes; larger weights saturate."""

    range: str = "mse"  # one of RANGES
    percentile: float = USUAL_PERCENTILE

    def __post_init__(self) -> None:
        if self.range not in RANGES:
            raise QuantizeError(f"a weight range by {self.range!r} is unknown; use one of {' | '.join(RANGES)}")
        check_percentile(self.percentile)

    @abstractmethod
    def levels(self) -> tuple[int, ...]:
        """The integers a weight may become, ascending."""

    @property
    def numbers(self) -> NumberSystem:
        """Read off the levels."""
        return NumberSystem.of(self.levels())

    @property
    def refits(self) -> bool:
        """Only a searched scale may move."""
        return self.range == "mse"

    def table(self) -> NDArray[np.int64]:
        """The levels as the one table of all channels, (1, levels)."""
        return np.array([self.levels()], dtype=np.int64)

    def encode(self, targets: NDArray[np.float64]) -> NDArray[np.int64]:
        """The level for each target (rows, n), given in units of the scale: the nearest in value."""
        return nearest(self.table(), targets)

    def fit(self, rows: NDArray[np.float64]) -> GridWeights:
        """The scale by the range rule, each weight by `encode`."""
        if self.range == "mse":
            return self.search(rows)
        magnitude = np.abs(rows)
        reach = magnitude.max(axis=1)
        if self.range == "percentile":
            within = np.percentile(magnitude, self.percentile, axis=1)
            reach = np.where(within > 0, within, reach)  # a row that is zero but for a few weights
        scales = reach / self.numbers.largest
        return GridWeights(self.encode(rows / scales[:, None]), scales, self.table())

    def search(self, rows: NDArray[np.float64]) -> GridWeights:
        """The scale of least squared error, row by row; of equal ones the coarsest, whose sums are narrowest."""
        reach = np.abs(rows).max(axis=1) / self.numbers.largest
        best = GridWeights(np.zeros(rows.shape, dtype=np.int64), reach.copy(), self.table())
        least = np.full(len(rows), np.inf)
        for step in range(-OCTAVES_ABOVE * STEPS_PER_OCTAVE, OCTAVES_BELOW * STEPS_PER_OCTAVE + 1):
            self._keep(rows, reach * 2.0 ** (-step / STEPS_PER_OCTAVE), best, least)
        coarse = best.scales.copy()
        for step in range(-FINER, FINER + 1):
            self._keep(rows, coarse * 2.0 ** (step / FINER / STEPS_PER_OCTAVE), best, least)
        for _ in range(REFINEMENTS):
            self._keep(rows, least_squares_scales(rows, best.codes, best.scales), best, least)
        return best

    def _keep(
        self, rows: NDArray[np.float64], scales: NDArray[np.float64], best: GridWeights, least: NDArray[np.float64]
    ) -> None:
        """Tries scales (rows,) and keeps in place, row by row, what has less error than the best so far."""
        targets = rows / scales[:, None]
        keep_better(targets, GridWeights(self.encode(targets), scales, best.tables), best, least)


def keep_better(
    targets: NDArray[np.float64], found: GridWeights, best: GridWeights, least: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Keeps in place, row by row, what has less squared error than the best so far; gives the errors (rows,).

    `targets` (rows, n) are the weights in units of the found scales, `least` (rows,) the best's errors. Tables move
    where each row has its own."""
    error: NDArray[np.float64] = np.square(targets - found.codes).sum(axis=1) * np.square(found.scales)
    better = error < least
    least[better] = error[better]
    best.codes[better], best.scales[better] = found.codes[better], found.scales[better]
    if found.tables is not best.tables:
        best.tables[better] = found.tables[better]
    return error


def least_squares_scales(
    rows: NDArray[np.float64], codes: NDArray[np.int64], otherwise: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The scales (rows,) of least squared error for given codes; `otherwise` where the codes say nothing."""
    products, squares = (codes * rows).sum(axis=1), np.square(codes).sum(axis=1)
    usable = (squares > 0) & (products > 0)
    return np.where(usable, products / np.maximum(squares, 1), otherwise)


def check_percentile(percentile: float) -> None:
    """QuantizeError for one that no range reaches to."""
    if not LEAST_PERCENTILE <= percentile <= 100:
        raise QuantizeError(f"percentile {percentile:g} is outside {LEAST_PERCENTILE} … 100; 99.9 is usual")


def range_options(options: Options) -> dict[str, str | float]:
    """What `range=` and `percentile=` give, as arguments of a LevelGrid."""
    percentile = options.number("percentile")
    rule = options.choice("range", RANGES, "mse" if percentile is None else "percentile")
    if percentile is None:
        return {"range": rule}
    if rule != "percentile":
        raise QuantizeError(f"grid {options.spec!r}: range={rule} and percentile are two rules; keep one of them")
    return {"range": rule, "percentile": percentile}
