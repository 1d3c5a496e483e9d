"""Uniform weights: evenly spaced integers, as Jacob et al. 2018 (arXiv:1712.05877) have them.

Symmetric about zero unless `asymmetric` is asked for. Theirs keep a zero point beside unsigned codes; here the integers
themselves are the weights, so that the file needs none. Theirs reach the largest weight (`range=max`); the default
searches the scale of least squared error. One symmetric bit is the sign alone."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids import asymmetric
from shiftwright.quantize.grids.base import GridWeights, NumberSystem
from shiftwright.quantize.grids.level_grid import LevelGrid, range_options
from shiftwright.quantize.grids.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Uniform(LevelGrid):
    """-(2^(b-1) - 1) … 2^(b-1) - 1; the lowest two's-complement code is left out so that negation is exact.

    Asymmetric: 2^b integers in a row, zero among them, chosen for each channel (or for the tensor)."""

    summary: ClassVar[str] = "evenly spaced integers, 1 to 8 bits; symmetric, or with ends of each channel's own"
    paper: ClassVar[str] = "Jacob et al. 2018, arXiv:1712.05877"
    examples: ClassVar[tuple[str, ...]] = ("uniform", "uniform:range=max", "uniform:asymmetric")
    widths: ClassVar[range] = range(1, 9)

    asymmetric: bool = False

    @classmethod
    def build(cls, bits: int, options: Options) -> "Uniform":
        """Takes `asymmetric`, `range` and `percentile`."""
        return cls(bits=bits, asymmetric=options.flag("asymmetric"), **range_options(options))  # type: ignore[arg-type]

    def levels(self) -> tuple[int, ...]:
        """Every integer in between, at one bit -1 and 1; asymmetric, all that some channel may have."""
        if self.asymmetric:
            return tuple(range(1 - 2**self.bits, 2**self.bits))
        if self.bits == 1:
            return -1, 1
        largest = 2 ** (self.bits - 1) - 1
        return tuple(range(-largest, largest + 1))

    @property
    def numbers(self) -> NumberSystem:
        """Asymmetric, a channel has 2^b of the levels."""
        numbers = NumberSystem.of(self.levels())
        return replace(numbers, levels=2**self.bits) if self.asymmetric else numbers

    def encode(self, targets: NDArray[np.float64]) -> NDArray[np.int64]:
        """Rounding, half way to the lower integer as `nearest` has it, is faster than looking the level up."""
        if self.bits == 1:
            return LevelGrid.encode(self, targets)
        return asymmetric.nearest_integers(targets, np.array(-self.numbers.largest), np.array(self.numbers.largest))

    def fit(self, rows: NDArray[np.float64]) -> GridWeights:
        """Symmetric as any fixed levels; asymmetric the ends are found with the scale."""
        if not self.asymmetric:
            return LevelGrid.fit(self, rows)
        steps = 2**self.bits - 1
        if self.range == "mse":
            return asymmetric.search(rows, steps)
        return asymmetric.reach(rows, steps, self.percentile if self.range == "percentile" else 100)


GRID = Uniform
