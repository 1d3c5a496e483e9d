"""What a number system is to the quantizer: a set of integers, and a rule that puts weights on them.

A channel's weights become `codes · 2^exponent`. However a grid finds them, the hardware sees only the integers."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.options import Options

# Exponents tried below the one that reaches a channel's largest weight: saturating it may cost less than coarse steps.
EXPONENT_SPAN = 6
# Scales stay far from float32's ends, so that products of two of them are still exact float32 powers of two.
LOWEST_EXPONENT = -60


@dataclass(frozen=True, slots=True, eq=False)
class GridWeights:
    """Weights on a grid: `codes` (channels, n) times 2 to the `exponents` (channels,)."""

    codes: NDArray[np.int64]
    exponents: NDArray[np.int64]

    def real(self) -> NDArray[np.float64]:
        """The weights that the codes stand for, (channels, n); exact."""
        return np.ldexp(self.codes.astype(np.float64), self.exponents[:, None])


class Grid(ABC):
    """A number system. Subclasses are frozen dataclasses of their settings; each module offers its class as `GRID`."""

    summary: ClassVar[str]  # one line for lists of methods

    @classmethod
    @abstractmethod
    def build(cls, bits: int, options: Options) -> Self:
        """The grid of `bits` stored bits, the sign included; QuantizeError where a setting is unusable."""

    @property
    @abstractmethod
    def bits(self) -> int:
        """Stored bits a weight, the sign included."""

    @abstractmethod
    def levels(self) -> tuple[int, ...]:
        """The integers a weight may become, ascending."""

    @property
    def largest(self) -> int:
        """The largest magnitude among the levels."""
        return max(abs(level) for level in self.levels())

    def quantize(self, weights: NDArray[np.float64], floor: NDArray[np.int64]) -> GridWeights:
        """Puts weights (channels, n) on the grid, each channel with the exponent of least squared error.

        No channel's exponent falls below `floor` (channels,); a channel of zeros takes the smallest of the others'."""
        reach = reaching_exponents(weights, self.largest)
        live = weights.any(axis=1)
        best = GridWeights(np.zeros(weights.shape, dtype=np.int64), np.zeros(len(weights), dtype=np.int64))
        least = np.full(len(weights), np.inf)
        # From coarse to fine: on equal error the coarser scale stays, whose accumulators are narrower.
        for step in range(EXPONENT_SPAN + 1):
            exponents = np.maximum(reach - step, np.maximum(floor, LOWEST_EXPONENT))
            codes = self.nearest(weights, exponents)
            error = squared_error(weights, codes, exponents)
            better = error < least
            least = np.where(better, error, least)
            best.codes[better], best.exponents[better] = codes[better], exponents[better]
        quiet = best.exponents[live].min() if live.any() else LOWEST_EXPONENT
        best.exponents[~live] = np.maximum(quiet, np.maximum(floor, LOWEST_EXPONENT))[~live]
        best.codes[~live] = self.nearest(weights, best.exponents)[~live]
        return best

    def nearest(self, weights: NDArray[np.float64], exponents: NDArray[np.int64]) -> NDArray[np.int64]:
        """The nearest level to each weight (channels, n) at the given exponents (channels,)."""
        levels = np.array(self.levels(), dtype=np.int64)
        between = (levels[1:] + levels[:-1]) / 2
        codes: NDArray[np.int64] = levels[np.searchsorted(between, np.ldexp(weights, -exponents[:, None]))]
        return codes


def reaching_exponents(weights: NDArray[np.float64], largest: int) -> NDArray[np.int64]:
    """For each channel of weights (channels, n) the least exponent e with `largest · 2^e >= max|w|`; exact."""
    peak = np.abs(weights).max(axis=1, initial=0.0)
    exponents: NDArray[np.int64] = np.frexp(peak / largest)[1].astype(np.int64)
    # frexp gives 2^(e-1) <= quotient < 2^e; the quotient is rounded, so the bound itself is what is tested.
    below: NDArray[np.bool_] = np.ldexp(float(largest), exponents - 1) >= peak
    return exponents - below.astype(np.int64)


def squared_error(
    weights: NDArray[np.float64], codes: NDArray[np.int64], exponents: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Squared error of each channel, (channels,)."""
    error: NDArray[np.float64] = np.square(weights - GridWeights(codes, exponents).real()).sum(axis=1)
    return error
