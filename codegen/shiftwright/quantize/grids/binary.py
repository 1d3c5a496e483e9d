"""Binary weights: a sign times the scale.

Rastegari et al. 2016 (XNOR-Net, arXiv:1603.05279) show the mean magnitude to be the scale of least squared error. Only
their weights are meant: activations keep the bits they are given. `uniform` at one bit is the same grid."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from shiftwright.quantize.grids.base import GridWeights
from shiftwright.quantize.grids.level_grid import LevelGrid
from shiftwright.quantize.grids.options import Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary(LevelGrid):
    """Two levels a weight; a product is a pass or a negation. A weight of zero is negative, as the nearest level is."""

    summary: ClassVar[str] = "-1 and +1 times the mean magnitude"
    paper: ClassVar[str] = "Rastegari, Ordonez, Redmon & Farhadi 2016, arXiv:1603.05279"
    examples: ClassVar[tuple[str, ...]] = ("binary",)

    @classmethod
    def build(cls, bits: int, options: Options) -> "Binary":
        """The number of bits is always one."""
        return cls(bits=1)

    def levels(self) -> tuple[int, ...]:
        """The two of them."""
        return -1, 1

    def fit(self, rows: NDArray[np.float64]) -> GridWeights:
        """The least squares scale is known without a search."""
        return GridWeights(self.encode(rows), np.abs(rows).mean(axis=1), self.table())


GRID = Binary
