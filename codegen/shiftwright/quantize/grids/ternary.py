"""Ternary weights: every weight is -1, 0 or +1 times its channel's scale.

The threshold rule is that of Li, Zhang & Liu 2016 (arXiv:1605.04711); without it threshold and scale are those of least
squared error. Under a scale of 2^e the best threshold is half the scale, so the scan goes over the exponents alone."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from shiftwright.errors import QuantizeError
from shiftwright.quantize.grids.base import Grid
from shiftwright.quantize.grids.options import Options


@dataclass(frozen=True, slots=True)
class Ternary(Grid):
    """Three levels a weight; a product is a pass, a negation or nothing."""

    summary: ClassVar[str] = "-1, 0 and +1; threshold=0.7 (of the mean magnitude) for the published rule"
    threshold: float | None = None  # of the channel's mean magnitude; None for least squares

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold < 2:
            raise QuantizeError(f"ternary threshold {self.threshold} is outside (0, 2); 0.7 is usual")

    @classmethod
    def build(cls, bits: int, options: Options) -> "Ternary":
        """Takes `threshold`; the number of bits is always two."""
        return cls(options.number("threshold"))

    @property
    def bits(self) -> int:
        """Two, of which one code is never used."""
        return 2

    def levels(self) -> tuple[int, ...]:
        """The three of them."""
        return -1, 0, 1

    def nearest(self, weights: NDArray[np.float64], exponents: NDArray[np.int64]) -> NDArray[np.int64]:
        """By the threshold rule the codes are the same at every exponent; otherwise the nearest level."""
        if self.threshold is None:
            return Grid.nearest(self, weights, exponents)
        magnitude = np.abs(weights)
        kept = magnitude > self.threshold * magnitude.mean(axis=1, keepdims=True)
        return np.where(kept, np.sign(weights), 0).astype(np.int64)


GRID = Ternary
