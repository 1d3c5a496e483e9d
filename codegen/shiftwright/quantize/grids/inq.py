"""Powers of two between two exponents that the layer's largest weight sets.

Zhou et al. 2017 (INQ, arXiv:1702.03044): with s the largest magnitude of the layer, the greatest exponent is n1 =
floor(log2(4·s/3)), the least n2 = n1 + 1 - 2^(b-2), and every weight takes the nearest of 0 and ±2^n2 … ±2^n1, half
way the larger. One of the b bits is theirs for zero, hence fewer magnitudes than `pot` has. This is their grid alone,
applied at once; they freeze weights in steps and retrain the others in between."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import GridWeights, nearest
from shiftwright.quantize.grids.level_grid import LevelGrid
from shiftwright.quantize.grids.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Incremental(LevelGrid):
    """Zero and both signs of 2^0 … 2^(2^(b-2) - 1); the scale 2^n2 is set by the largest weight."""

    summary: ClassVar[str] = "powers of two and zero at a scale that the largest weight sets, 3 to 5 bits"
    paper: ClassVar[str] = "Zhou, Yao, Guo, Xu & Chen 2017, arXiv:1702.03044"
    examples: ClassVar[tuple[str, ...]] = ("inq",)
    widths: ClassVar[range] = range(3, 9)

    @classmethod
    def build(cls, bits: int, options: Options) -> "Incremental":
        """Takes nothing: the rule is the published one."""
        return cls(bits=bits, granularity="tensor", range="max")

    def levels(self) -> tuple[int, ...]:
        """Zero and both signs of every magnitude."""
        magnitudes = [1 << shift for shift in range(2 ** (self.bits - 2))]
        return (*(-magnitude for magnitude in reversed(magnitudes)), 0, *magnitudes)

    def encode(self, targets: NDArray[np.float64]) -> NDArray[np.int64]:
        """The nearest level, half way the larger magnitude."""
        codes: NDArray[np.int64] = -np.sign(targets).astype(np.int64) * nearest(self.table(), -np.abs(targets))
        return codes

    def fit(self, rows: NDArray[np.float64]) -> GridWeights:
        """The scale is 2^n2."""
        _, exponent = np.frexp(4 * np.abs(rows).max(axis=1) / 3)  # fraction within [½, 1): floor is exponent - 1
        scales = np.ldexp(1.0, exponent - 1 - self.numbers.shifts[1])
        return GridWeights(self.encode(rows / scales[:, None]), scales, self.table())


GRID = Incremental
