"""Power-of-two weights: a product is one shift.

After Miyashita, Lee & Murmann 2016 (arXiv:1603.01025). Theirs, the `paper` variant, has no code for zero (only a weight
that is exactly zero stays so), rounds the logarithm and puts the top of the range at the layer's largest weight. The
default spends one code on zero, takes the level nearest in value, and searches the scale."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import GridWeights
from shiftwright.quantize.grids.level_grid import LevelGrid, range_options
from shiftwright.quantize.grids.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerOfTwo(LevelGrid):
    """A sign and 2^(b-1) codes: zero and the magnitudes 2^0 … 2^(2^(b-1) - 2); in the paper a magnitude for zero."""

    summary: ClassVar[str] = "powers of two and zero, 2 to 5 bits; a product is one shift"
    paper: ClassVar[str] = "Miyashita, Lee & Murmann 2016, arXiv:1603.01025"
    examples: ClassVar[tuple[str, ...]] = ("pot", "pot:paper")
    widths: ClassVar[range] = range(2, 9)

    published: bool = False

    @classmethod
    def build(cls, bits: int, options: Options) -> "PowerOfTwo":
        """Takes `paper`, or `range` and `percentile`."""
        if options.flag("paper"):
            return cls(bits=bits, published=True, granularity="tensor", range="max")
        return cls(bits=bits, **range_options(options))  # type: ignore[arg-type]

    def levels(self) -> tuple[int, ...]:
        """Both signs of every magnitude, and zero between them, which in the paper has no code."""
        zeros = () if self.published else (0,)
        magnitudes = [1 << shift for shift in range(2 ** (self.bits - 1) - len(zeros))]
        return (*(-magnitude for magnitude in reversed(magnitudes)), *zeros, *magnitudes)

    def fit(self, rows: NDArray[np.float64]) -> GridWeights:
        """In the paper the full-scale range is the rounded logarithm of the largest weight, and a scale is 2^n."""
        if not self.published:
            return LevelGrid.fit(self, rows)
        top = np.rint(np.log2(np.abs(rows).max(axis=1)))
        scales = 2.0**top / self.numbers.largest
        exponents = np.zeros(rows.shape)
        np.log2(np.abs(rows) / scales[:, None], out=exponents, where=rows != 0)
        magnitudes = 2.0 ** np.clip(np.rint(exponents), 0, self.numbers.shifts[1])
        return GridWeights((np.sign(rows) * magnitudes).astype(np.int64), scales, self.table())


GRID = PowerOfTwo
