"""Ternary weights: every weight is -1, 0 or +1 times its channel's scale, or one of three centroids -a, 0 and +b.

Three rules. The default has the least squared error there is, found exactly by a sorted scan; `scan` is another
spelling of it. `paper` and `threshold=T` are Li, Zhang & Liu 2016 (arXiv:1605.04711): what exceeds T times the mean
magnitude, 0.7 in the paper, becomes ±1, and the scale is the mean magnitude of those; `paper` has one scale for the
layer, as theirs. `centroids` lets both signs have a magnitude of their own, in integers: the alphabet of Xu et al.
2018 (MLQ, arXiv:1803.03289), theirs with real magnitudes and one pair a layer; `granularity=tensor` gives one pair
here."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import Grid, GridWeights, NumberSystem
from shiftwright.quantize.grids.options import Options
from shiftwright.quantize.grids.ternary_centroids import fit_centroids
from shiftwright.quantize.grids.ternary_scan import signs, survivors

PUBLISHED_THRESHOLD = 0.7
USUAL_LARGEST = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Ternary(Grid):
    """Three levels a weight; a product is a pass, a negation or nothing."""

    summary: ClassVar[str] = "-1, 0 and +1 of least squared error or by a threshold; or three centroids -a, 0, +b"
    paper: ClassVar[str] = "Li, Zhang & Liu 2016, arXiv:1605.04711"
    examples: ClassVar[tuple[str, ...]] = ("ternary", "ternary:threshold=0.7", "ternary:paper", "ternary:centroids")

    threshold: float | None = None  # of the mean magnitude; None for least squared error
    published: bool = False
    largest: int = 1  # integer that a centroid may become; 1 for a single scale

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold < 2:
            raise QuantizeError(f"ternary threshold {self.threshold:g} is outside (0, 2); 0.7 is usual")

    @classmethod
    def build(cls, bits: int, options: Options) -> "Ternary":
        """Takes one of `scan`, `paper`, `threshold` and `centroids`, the last with `largest`; bits are always two."""
        threshold, largest = options.number("threshold"), 1
        rules = {rule: options.flag(rule) for rule in ("scan", "paper", "centroids")}
        given = [rule for rule, flag in rules.items() if flag] + ["threshold"] * (threshold is not None)
        if len(given) > 1:
            raise QuantizeError(f"grid {options.spec!r}: {given[0]} and {given[1]} are two rules; keep one of them")
        if rules["centroids"]:
            largest = options.integer("largest", 1, 127, USUAL_LARGEST)
        if rules["paper"]:
            return cls(bits=2, threshold=PUBLISHED_THRESHOLD, published=True, granularity="tensor")
        return cls(bits=2, threshold=threshold, largest=largest)

    @property
    def numbers(self) -> NumberSystem:
        """Nothing to multiply by, unless there are centroids."""
        if self.largest == 1:
            return NumberSystem.of((-1, 0, 1))
        return NumberSystem(None, (0, self.largest.bit_length() - 1), self.largest, 3)

    @property
    def refits(self) -> bool:
        """The published scale is the survivors' mean."""
        return not self.published

    def fit(self, rows: NDArray[np.float64]) -> GridWeights:
        """A rule decides which weights survive, or where the centroids are."""
        if self.largest > 1:
            return fit_centroids(rows, self.largest)
        magnitude = np.abs(rows)
        if self.threshold is None:
            return signs(rows, survivors(magnitude))
        return signs(rows, magnitude > self.threshold * magnitude.mean(axis=1)[:, None])


GRID = Ternary
